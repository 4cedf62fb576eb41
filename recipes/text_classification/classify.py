"""Find the class, the labels or the number of texts, and compare with baselines that count words.

Run by `krr run RECIPE`, or by itself: `python classify.py --config my.toml`.
"""

from __future__ import annotations

from functools import partial

import keras_rnn_recipes as krr
from keras_rnn_recipes.families import text_classification


def main(config, run):
    """Fit, evaluate and save the network that ``config`` describes, into the folder ``run``."""
    # Texts with labels in three parts. The head says what is answered: a class, labels, a number.
    texts = text_classification.load(config.data, seed=config.fit.seed)
    head = text_classification.fit_head(config, texts.train)
    print(text_classification.describe(texts, head))
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

    # Batches of texts of similar length, which need little padding.
    truth = head.truth(texts.test, "the test part")
    columns = partial(text_classification.head_columns, head, tokenizer=tokenizer)
    batches = partial(
        krr.bucketed_batches,
        **columns(texts.train, class_weights=training.class_weights),
        batch_size=training.batch_size,
        seed=training.seed,
        repeat=True,
    )
    watched = krr.bucketed_batches(
        **columns(texts.valid), batch_size=training.batch_size, shuffle=False
    )

    # The network maps token ids to the outputs of the head, such as a logit for each class.
    model = krr.text_classifier(
        len(tokenizer.vocabulary), head.size, **vectors, **network.options()
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
            loss=head.loss(training.label_smoothing),
        )
    # Mix the network with classifiers that hardly know the order of words, if the recipe says so.
    model, parts = text_classification.add_parts(model, tokenizer, texts, head, config=config)
    run.write_model(model)

    # Strings in, answers out: the network and its baselines.
    models = {name: text_classification.Pipeline(tokenizer, model, head)}
    models |= text_classification.fit_baselines(
        texts, head, counted, names=config.evaluate.baselines, config=config, fitted=parts
    )
    head = text_classification.choose_thresholds(head, texts.valid, models)
    run.write_json(
        "vocabulary.json", text_classification.vocabulary_record(tokenizer, **head.record())
    )
    answers = {one: answer(texts.test.texts) for one, answer in models.items()}
    scores = head.score(truth, answers, config.evaluate.metrics)
    record = text_classification.results_record(
        scores, model, history, name=name, task=config.family
    )
    run.write_csv(
        "predictions.csv", text_classification.predictions_table(texts.test, head, answers)
    )
    run.write_json("metrics.json", record)

    # Export the model to serve it without this package, and write the report.
    served = text_classification.Pipeline(tokenizer, model, head)
    krr.export_text_model(served, run.path / "saved_model", samples=texts.test.texts)
    run.write_environment(training.seed)
    text_classification.write_report(run.path, truth, answers, head)
    print(text_classification.results_table(record, name=name, metric=config.evaluate.deciding))
    print(run.describe())


if __name__ == "__main__":
    krr.run_from_command_line(main)
