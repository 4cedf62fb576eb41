"""Train a language model on running text, character by character or word by word.

Run by `krr run RECIPE`, or by itself: `python complete.py --config my.toml`. A finished run goes on
from a prompt: `krr complete RUN_DIR "Once upon a time"`.
"""

from __future__ import annotations

import keras_rnn_recipes as krr
from keras_rnn_recipes.families import language_model


def main(config, run):
    """Fit, evaluate and save the language model that ``config`` describes, into ``run``."""
    # One long text, in a training, a validation and a test part.
    text = language_model.load(config.data)
    data, training, name = config.data, config.fit, config.model.cell

    # Tokenize with TensorFlow operations: the same ones are part of the exported graph.
    tokenizer = krr.fit_tokenizer(
        [text.train], data.preparation(), max_size=data.max_vocabulary, min_count=data.min_count
    )
    print(language_model.describe(text, tokenizer))
    run.write_config(config)
    run.write_json("vocabulary.json", language_model.vocabulary_record(tokenizer))
    train = language_model.text_ids(tokenizer, text.train)
    valid = language_model.text_ids(tokenizer, text.valid)
    test = language_model.text_ids(tokenizer, text.test)

    # At every token the network predicts the next one. It reads the text in windows: the states
    # carry over from window to window, the gradient stops at the start of a window.
    model = krr.language_model(len(tokenizer.vocabulary), **config.model.options())
    history = language_model.fit(model, train, valid, config=training, run=run)
    run.write_model(model)

    # Score the network and n-gram models on the test part: the negative log probability of every
    # token, in nats.
    served = language_model.Pipeline(tokenizer, model)
    ngrams = language_model.fit_baselines(train, config.evaluate.ngrams, len(tokenizer.vocabulary))
    nats = {one: judged.nats(test) for one, judged in {name: served, **ngrams}.items()}
    scores = language_model.score(nats, len(text.test))
    record = language_model.results_record(scores, model, history, name=name, task=config.family)
    if config.evaluate.adapt:  # mixed with n-grams, with a cache, or while it goes on learning
        adapted = language_model.adapt(served, config.evaluate, train, valid, test, ngrams)
        record["adapted"] = adapted.record(len(text.test))
    surprise = language_model.predictions_table(served, test, nats)
    run.write_csv("predictions.csv", surprise)
    run.write_json("metrics.json", record)

    # Sample texts without a prompt.
    samples = language_model.draw_samples(served, config.evaluate)
    print(language_model.show_sample(samples))

    # Export the model to serve it without this package, and write the report.
    krr.export_text_model(served, run.path / "saved_model", samples=samples)
    run.write_environment(training.seed)
    language_model.write_report(run.path, surprise, samples, glue=served.glue)
    print(language_model.results_table(record, name=name, metric="perplexity"))
    print(language_model.describe_unknown(test) or "Every token of the test part is known.")
    print(run.describe())


if __name__ == "__main__":
    krr.run_from_command_line(main)
