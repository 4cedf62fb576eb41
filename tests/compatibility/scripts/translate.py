"""Make one text of another: translate, correct, reverse, with an encoder, a decoder and attention.

Run by `krr run RECIPE`, or by itself: `python translate.py --config my.toml`.
"""

from __future__ import annotations

from functools import partial

import keras_rnn_recipes as krr


def main(config, run):
    """Fit, evaluate and save the encoder and decoder that ``config`` describes, into ``run``."""
    # Pairs of texts in three parts: to learn from, to tell when to stop, to be judged by.
    pairs = krr.load_pairs(config.data, seed=config.fit.seed)
    print(krr.describe_pairs(pairs))
    data, training, judging, name = config.data, config.fit, config.evaluate, config.model.cell

    # Text becomes numbers by TensorFlow's own operations: the same ones are exported in the end.
    tokenizers = [
        krr.fit_tokenizer(
            side, data.preparation(), max_size=data.max_vocabulary, min_count=data.min_count
        )
        for side in (pairs.train.sources, pairs.train.targets)
    ]
    source, target = tokenizers
    search = krr.search_of(judging, pairs.train.targets)
    run.write_config(config)
    record = krr.vocabulary_record(source, beside=target, search=search)
    run.write_json("vocabulary.json", record)

    # Batches of pairs of like length. The decoder is given each target up to a token, and learns
    # to give that token: teacher forcing.
    inputs, following = krr.pair_columns(pairs.train, *tokenizers, max_length=data.max_length)
    batches = partial(
        krr.bucketed_batches,
        inputs,
        following,
        target_padding=0,
        batch_size=training.batch_size,
        seed=training.seed,
        repeat=True,
    )
    watched = krr.bucketed_batches(
        *krr.pair_columns(pairs.valid, *tokenizers),
        target_padding=0,
        batch_size=training.batch_size,
        shuffle=False,
    )

    # The encoder reads the whole source; the decoder looks back at it for every token it writes.
    model = krr.encoder_decoder(
        len(source.vocabulary), len(target.vocabulary), **config.model.options()
    )
    history = krr.fit(
        model,
        batches,
        watched,
        num_windows=len(following),
        config=training,
        run=run,
        loss=krr.token_loss(training.label_smoothing),
    )
    run.write_model(model)

    # Texts in, texts out, by beam search; beside it what it has to beat.
    served = krr.ServedEncoderDecoder(source, target, model, search)
    baselines = krr.fit_pair_baselines(pairs, search, names=judging.baselines)
    answers = {
        one: answer(pairs.test.sources) for one, answer in {name: served, **baselines}.items()
    }
    scores = krr.score_pairs(pairs.test.targets, answers, metrics=judging.metrics)
    record = krr.results_record(scores, model, history, name=name, task=config.family)
    run.write_csv("predictions.csv", krr.pairs_table(pairs.test, answers))
    run.write_json("metrics.json", record)

    # To serve, without this package; and to read.
    krr.export_text_model(served, run.path / "saved_model", samples=pairs.test.sources)
    run.write_environment(training.seed)
    krr.write_pair_report(run.path, pairs.test, answers, served)
    print(krr.results_table(record, name=name, metric=judging.deciding))
    print(krr.describe_signatures(judging.metrics))
    print(krr.describe_artefacts(run.path))


if __name__ == "__main__":
    krr.run_from_command_line(main)
