"""Learn what comes next in running text, character by character or word by word.

Run by `krr run RECIPE`, or by itself: `python complete.py --config my.toml`. A finished run goes on
from a prompt: `krr complete RUN_DIR "Once upon a time"`.
"""

from __future__ import annotations

import keras_rnn_recipes as krr


def main(config, run):
    """Fit, evaluate and save the language model that ``config`` describes, into ``run``."""
    # One long text in three parts: to learn from, to tell when to stop, to be judged by.
    text = krr.load_running_text(config.data)
    data, training, name = config.data, config.fit, config.model.cell

    # Text becomes numbers by TensorFlow's own operations: the same ones are exported in the end.
    tokenizer = krr.fit_tokenizer(
        [text.train], data.preparation(), max_size=data.max_vocabulary, min_count=data.min_count
    )
    print(krr.describe_running_text(text, tokenizer))
    run.write_config(config)
    run.write_json("vocabulary.json", krr.vocabulary_record(tokenizer))
    train = krr.text_ids(tokenizer, text.train)
    valid = krr.text_ids(tokenizer, text.valid)
    test = krr.text_ids(tokenizer, text.test)

    # At every token the network gives the next one's probabilities. It reads the text in windows;
    # its states go on from one to the next, the gradient goes back to the start of a window.
    model = krr.language_model(len(tokenizer.vocabulary), **config.model.options())
    history = krr.fit_on_text(model, train, valid, config=training, run=run)
    run.write_model(model)

    # How well is the rest of the text foretold, and how well by counting what followed before?
    # All are judged token by token, from the beginning of the test part to its end: their nats,
    # the negative logarithms of what they held the tokens to be worth.
    served = krr.ServedLanguageModel(tokenizer, model)
    ngrams = krr.fit_ngrams(train, config.evaluate.ngrams, len(tokenizer.vocabulary))
    nats = {one: judged.nats(test) for one, judged in {name: served, **ngrams}.items()}
    scores = krr.score_language_models(nats, len(text.test))
    record = krr.results_record(scores, model, history, name=name, task=config.family)
    surprise = krr.surprise_table(served, test, nats)
    run.write_csv("predictions.csv", surprise)
    run.write_json("metrics.json", record)

    # What does it write of its own accord?
    samples = krr.draw_samples(served, config.evaluate)
    print(krr.show_sample(samples))

    # To serve, without this package; and to read.
    krr.export_text_model(served, run.path / "saved_model", samples=samples)
    run.write_environment(training.seed)
    krr.write_language_report(run.path, surprise, samples, glue=served.glue)
    print(krr.results_table(record, name=name, metric="perplexity"))
    print(krr.describe_artefacts(run.path))


if __name__ == "__main__":
    krr.run_from_command_line(main)
