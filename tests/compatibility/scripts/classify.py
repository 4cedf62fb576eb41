"""Tell texts apart with a recurrent network, beside baselines that count words.

Run by `krr run RECIPE`, or by itself: `python classify.py --config my.toml`.
"""

from __future__ import annotations

from functools import partial

import keras_rnn_recipes as krr


def main(config, run):
    """Fit, evaluate and save the classifier that ``config`` describes, into the folder ``run``."""
    # Texts with their labels, in three parts: to learn from, to tell when to stop, to be judged by.
    texts = krr.load_labelled(config.data, seed=config.fit.seed)
    classes = krr.class_names(texts.train.labels)
    print(krr.describe_texts(texts, classes))
    data, network, training, name = config.data, config.model, config.fit, config.model.cell

    # Text becomes numbers by TensorFlow's own operations: the same ones are exported in the end.
    tokenizer = krr.fit_tokenizer(
        texts.train.texts,
        data.preparation(),
        max_size=data.max_vocabulary,
        min_count=data.min_count,
    )
    run.write_config(config)
    run.write_json("vocabulary.json", krr.vocabulary_record(tokenizer, classes=classes))

    # Batches of texts of like length, so that little of them is padding.
    labels = krr.number_labels(texts.train.labels, classes)
    truth = krr.number_labels(texts.test.labels, classes, "the test part")
    batches = partial(
        krr.bucketed_batches,
        tokenizer.encode(texts.train.texts),
        labels,
        weights=krr.class_weights(labels, training.class_weights),
        batch_size=training.batch_size,
        seed=training.seed,
        repeat=True,
    )
    watched = krr.bucketed_batches(
        tokenizer.encode(texts.valid.texts),
        krr.number_labels(texts.valid.labels, classes, "the validation part"),
        batch_size=training.batch_size,
        shuffle=False,
    )

    # The network goes from ids to a logit for each class.
    embeddings = krr.read_embeddings(network.vectors, tokenizer.vocabulary)
    model = krr.text_classifier(
        len(tokenizer.vocabulary), len(classes), embeddings=embeddings, **network.options()
    )
    history = krr.fit(
        model,
        batches,
        watched,
        num_windows=len(texts.train),
        config=training,
        run=run,
        loss=krr.label_loss(),
    )
    run.write_model(model)

    # Strings in, probabilities out: the network, and what it has to beat.
    classifier = krr.ServedClassifier(tokenizer, model, classes)
    baselines = krr.fit_classification_baselines(
        texts, classes, tokenizer, names=config.evaluate.baselines, config=config
    )
    answers = {
        one: classify(texts.test.texts) for one, classify in {name: classifier, **baselines}.items()
    }
    scores = krr.score_classifiers(truth, answers, metrics=config.evaluate.metrics)
    record = krr.results_record(scores, model, history, name=name, task=config.family)
    run.write_csv("predictions.csv", krr.predictions_table(texts.test, classes, answers))
    run.write_json("metrics.json", record)

    # To serve, without this package; and to read.
    krr.export_text_model(classifier, run.path / "saved_model", samples=texts.test.texts)
    run.write_environment(training.seed)
    krr.write_classification_report(run.path, truth, answers, classes)
    print(krr.results_table(record, name=name, metric=config.evaluate.deciding))
    print(krr.describe_artefacts(run.path))


if __name__ == "__main__":
    krr.run_from_command_line(main)
