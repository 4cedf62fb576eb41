"""Learn what comes next in running text, character by character or word by word.

Run by `krr run RECIPE`, or by itself: `python complete.py --config my.toml`. A finished run goes on
from a prompt: `krr complete RUN_DIR "Once upon a time"`.
"""

from __future__ import annotations

import keras_rnn_recipes as krr
from keras_rnn_recipes.families import language_model


def main(config, run):
    """Fit, evaluate and save the language model that ``config`` describes, into ``run``."""
    # One long text in three parts: to learn from, to tell when to stop, to be judged by.
    text = language_model.load(config.data)
    data, training, name = config.data, config.fit, config.model.cell

    # Text becomes numbers by TensorFlow's own operations: the same ones are exported in the end.
    tokenizer = krr.fit_tokenizer(
        [text.train], data.preparation(), max_size=data.max_vocabulary, min_count=data.min_count
    )
    print(language_model.describe(text, tokenizer))
    run.write_config(config)
    run.write_json("vocabulary.json", language_model.vocabulary_record(tokenizer))
    train = language_model.text_ids(tokenizer, text.train)
    valid = language_model.text_ids(tokenizer, text.valid)
    test = language_model.text_ids(tokenizer, text.test)

    # At every token the network gives the next one's probabilities. It reads the text in windows;
    # its states go on from one to the next, the gradient goes back to the start of a window.
    model = krr.language_model(len(tokenizer.vocabulary), **config.model.options())
    history = language_model.fit(model, train, valid, config=training, run=run)
    run.write_model(model)

    # How well is the rest of the text foretold, and how well by counting what followed before?
    # All are judged token by token, from the beginning of the test part to its end: their nats,
    # the negative logarithms of what they held the tokens to be worth.
    served = language_model.Pipeline(tokenizer, model)
    ngrams = language_model.fit_baselines(train, config.evaluate.ngrams, len(tokenizer.vocabulary))
    nats = {one: judged.nats(test) for one, judged in {name: served, **ngrams}.items()}
    scores = language_model.score(nats, len(text.test))
    record = language_model.results_record(scores, model, history, name=name, task=config.family)
    surprise = language_model.predictions_table(served, test, nats)
    run.write_csv("predictions.csv", surprise)
    run.write_json("metrics.json", record)

    # What does it write of its own accord?
    samples = language_model.draw_samples(served, config.evaluate)
    print(language_model.show_sample(samples))

    # To serve, without this package; and to read.
    krr.export_text_model(served, run.path / "saved_model", samples=samples)
    run.write_environment(training.seed)
    language_model.write_report(run.path, surprise, samples, glue=served.glue)
    print(language_model.results_table(record, name=name, metric="perplexity"))
    print(run.describe())


if __name__ == "__main__":
    krr.run_from_command_line(main)
