"""Classify texts with a recurrent network, and compare it with baselines that count words.

Run by `krr run RECIPE`, or by itself: `python classify.py --config my.toml`.
"""

from __future__ import annotations

from functools import partial

import keras_rnn_recipes as krr
from keras_rnn_recipes.families import text_classification


def main(config, run):
    """Fit, evaluate and save the classifier that ``config`` describes, into the folder ``run``."""
    # Texts with labels, in a training, a validation and a test part.
    texts = text_classification.load(config.data, seed=config.fit.seed)
    classes = text_classification.class_names(texts.train.labels)
    print(text_classification.describe(texts, classes))
    data, network, training, name = config.data, config.model, config.fit, config.model.name

    # Tokenize with TensorFlow operations: the same ones are part of the exported graph.
    tokenizer = krr.fit_tokenizer(
        texts.train.texts,
        text_classification.preparation(data, texts.train.texts),
        max_size=data.max_vocabulary,
        min_count=data.min_count,
    )
    counted = tokenizer  # the words of training, for the baselines
    tokenizer, vectors = text_classification.add_vectors(
        tokenizer,
        network.vectors,
        limit=network.vector_words,
        train=texts.train.texts,
        test=texts.test.texts,
    )
    print(text_classification.describe_tokens(texts, tokenizer))
    run.write_config(config)
    run.write_json(
        "vocabulary.json", text_classification.vocabulary_record(tokenizer, classes=classes)
    )

    # Batches of texts of similar length, which need little padding.
    labels = text_classification.number_labels(texts.train.labels, classes)
    truth = text_classification.number_labels(texts.test.labels, classes, "the test part")
    batches = partial(
        krr.bucketed_batches,
        tokenizer.encode(texts.train.texts),
        labels,
        weights=text_classification.class_weights(labels, training.class_weights),
        batch_size=training.batch_size,
        seed=training.seed,
        repeat=True,
    )
    watched = krr.bucketed_batches(
        tokenizer.encode(texts.valid.texts),
        text_classification.number_labels(texts.valid.labels, classes, "the validation part"),
        batch_size=training.batch_size,
        shuffle=False,
    )

    # The network maps token ids to a logit for each class.
    model = krr.text_classifier(
        len(tokenizer.vocabulary), len(classes), **vectors, **network.options()
    )
    text_classification.start_from_language_model(
        model, tokenizer, network.start, embedding="embedding"
    )
    with text_classification.adversarial_training(model, training.adversarial):
        history = krr.fit(
            model,
            batches,
            watched,
            num_windows=len(texts.train),
            config=training,
            run=run,
            loss=text_classification.loss(training.label_smoothing),
        )
    # Mix the network with classifiers that hardly know the order of words, if the recipe says so.
    model, parts = text_classification.add_parts(model, tokenizer, texts, classes, config=config)
    run.write_model(model)

    # Strings in, probabilities out: the network and its baselines.
    classifier = text_classification.Pipeline(tokenizer, model, classes)
    baselines = text_classification.fit_baselines(
        texts, classes, counted, names=config.evaluate.baselines, config=config, fitted=parts
    )
    answers = {
        one: classify(texts.test.texts) for one, classify in {name: classifier, **baselines}.items()
    }
    scores = text_classification.score(truth, answers, metrics=config.evaluate.metrics)
    record = text_classification.results_record(
        scores, model, history, name=name, task=config.family
    )
    run.write_csv(
        "predictions.csv", text_classification.predictions_table(texts.test, classes, answers)
    )
    run.write_json("metrics.json", record)

    # Export the model to serve it without this package, and write the report.
    krr.export_text_model(classifier, run.path / "saved_model", samples=texts.test.texts)
    run.write_environment(training.seed)
    text_classification.write_report(run.path, truth, answers, classes)
    print(text_classification.results_table(record, name=name, metric=config.evaluate.deciding))
    print(run.describe())


if __name__ == "__main__":
    krr.run_from_command_line(main)
