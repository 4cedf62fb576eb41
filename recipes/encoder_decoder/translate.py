"""Map texts to texts (translate, correct, pronounce) with an encoder-decoder with attention.

Run by `krr run RECIPE`, or by itself: `python translate.py --config my.toml`.
"""

from __future__ import annotations

from functools import partial

import keras_rnn_recipes as krr
from keras_rnn_recipes.families import encoder_decoder


def main(config, run):
    """Fit, evaluate and save the encoder-decoder that ``config`` describes, into ``run``."""
    # Pairs of texts, in a training, a validation and a test part.
    pairs = encoder_decoder.load(config.data, seed=config.fit.seed)
    print(encoder_decoder.describe(pairs))
    data, training, judging, name = config.data, config.fit, config.evaluate, config.model.cell

    # Tokenize with TensorFlow operations: the same ones are part of the exported graph.
    tokenizers = [
        krr.fit_tokenizer(side, plan, max_size=data.max_vocabulary, min_count=data.min_count)
        for side, plan in (
            (pairs.train.sources, data.preparation()),
            (pairs.train.targets, data.target_preparation()),
        )
    ]
    source, target = tokenizers
    print(encoder_decoder.describe_tokens(pairs, source, target))
    search = encoder_decoder.choose_search(judging, pairs.train.targets)
    run.write_config(config)
    record = encoder_decoder.vocabulary_record(source, beside=target, search=search)
    run.write_json("vocabulary.json", record)

    # Batches of pairs of similar length. The decoder gets the target up to each token and learns to
    # predict that token (teacher forcing). To learn spelling, misspellings may be made up.
    taught = encoder_decoder.with_misspellings(pairs, data, seed=training.seed)
    inputs, following = encoder_decoder.columns(taught, *tokenizers, max_length=data.max_length)
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
        *encoder_decoder.columns(pairs.valid, *tokenizers),
        target_padding=0,
        batch_size=training.batch_size,
        shuffle=False,
    )

    # The encoder reads the whole source; the decoder attends to it for every token that it writes.
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
        loss=encoder_decoder.loss(training.label_smoothing),
    )
    run.write_model(model)

    # Texts in, texts out, by beam search; then the baselines, and the scores of both.
    served = encoder_decoder.Pipeline(source, target, model, search)
    baselines = encoder_decoder.fit_baselines(pairs, search, names=judging.baselines)
    answers = {
        one: answer(pairs.test.sources) for one, answer in {name: served, **baselines}.items()
    }
    how = {"metrics": judging.metrics, "lowercase": data.lower_targets}
    scores = encoder_decoder.score(pairs.test.targets, answers, normalize=data.normalize, **how)
    record = encoder_decoder.results_record(scores, model, history, name=name, task=config.family)
    run.write_csv("predictions.csv", encoder_decoder.predictions_table(pairs.test, answers))
    run.write_json("metrics.json", record)

    # Export the model to serve it without this package, and write the report.
    krr.export_text_model(served, run.path / "saved_model", samples=pairs.test.sources)
    run.write_environment(training.seed)
    encoder_decoder.write_report(run.path, pairs.test, answers, served)
    print(encoder_decoder.results_table(record, name=name, metric=judging.deciding))
    print(encoder_decoder.describe_signatures(references=pairs.test.targets, **how))
    print(run.describe())


if __name__ == "__main__":
    krr.run_from_command_line(main)
