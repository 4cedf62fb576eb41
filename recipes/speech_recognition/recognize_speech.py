"""Turn recordings into text with a recurrent network and CTC, and compare it with baselines.

Run by `krr run RECIPE`, or by itself: `python recognize_speech.py --config my.toml`.
"""

from __future__ import annotations

from functools import partial

import keras_rnn_recipes as krr
from keras_rnn_recipes.families import speech_recognition


def main(config, run):
    """Fit, evaluate and save the recognizer that ``config`` describes, into the folder ``run``."""
    # Recordings with transcripts, in a training, a validation and a test part.
    parts = speech_recognition.load(config.data, seed=config.fit.seed)
    characters = speech_recognition.characters_of(parts.train.labels)
    print(speech_recognition.describe(parts, characters))
    network, training, judging, name = config.model, config.fit, config.evaluate, config.model.cell
    run.write_config(config)

    # The network takes raw waveforms or features, and answers with fewer steps than it reads: the
    # logits of the characters and of a blank.
    front_end = speech_recognition.front_end(network, parts.train)
    model = speech_recognition.speech_recognizer(
        len(parts.train.channels),
        len(characters),
        front_end=front_end,
        statistics=speech_recognition.statistics(parts.train, front_end, network.scaling),
        **network.options(),
    )

    # Batches of recordings of similar length, padded with NaN on the right. CTC needs no alignment
    # of the characters with the steps: its loss is a sum over all of them.
    train = speech_recognition.trainable(parts.train, characters, model, network.speed)
    valid = speech_recognition.trainable(parts.valid, characters, model)
    batches = partial(
        krr.bucketed_batches,
        train.values,
        speech_recognition.targets(train, characters),
        batch_size=training.batch_size,
        seed=training.seed,
        padding=float("nan"),
        target_padding=0,
        repeat=True,
    )
    watched = krr.bucketed_batches(
        valid.values,
        speech_recognition.targets(valid, characters),
        batch_size=training.batch_size,
        padding=float("nan"),
        target_padding=0,
        shuffle=False,
    )
    history = krr.fit(
        model,
        batches,
        watched,
        num_windows=len(train),
        config=training,
        run=run,
        loss=speech_recognition.loss(),
    )
    run.write_model(model)

    # The search for the best text, with a language model if the recipe has one; the validation part
    # chooses its weight.
    pipeline = partial(speech_recognition.Pipeline, model, characters, train.channels, train.rate)
    decoder = speech_recognition.choose_decoder(config, parts, characters, pipeline())
    recognizer = pipeline(decoder, judging.piece_seconds)
    run.write_json(
        "symbols.json", speech_recognition.symbols_record(characters, train, decoder, config)
    )
    with run.staged("automata.npz") as path:
        speech_recognition.write_decoder(path, decoder)

    # Recordings in, texts out; then baselines, which do not listen, and the scores of both.
    found = recognizer(parts.test.values)
    baselines = speech_recognition.fit_baselines(parts.train, names=judging.baselines)
    answers = {
        name: speech_recognition.texts(found),
        **{one: answer(parts.test.values) for one, answer in baselines.items()},
    }
    how = {"metrics": judging.metrics}
    scores = speech_recognition.score(parts.test.labels, answers, **how)
    record = speech_recognition.results_record(
        scores, model, history, name=name, task=config.family
    )
    record["decodings"] = speech_recognition.decodings(recognizer, parts.test, **how)
    run.write_csv(
        "predictions.csv", speech_recognition.predictions_table(parts.test, answers, found)
    )
    run.write_json("metrics.json", record)

    # Export the model to serve it without this package, and write the report.
    speech_recognition.export_model(recognizer, run.path / "saved_model", samples=parts.test.values)
    run.write_environment(training.seed)
    speech_recognition.write_report(run.path, parts.test, answers, found, recognizer)
    print(speech_recognition.results_table(record, name=name, metric=judging.deciding))
    print(run.describe())


if __name__ == "__main__":
    krr.run_from_command_line(main)
