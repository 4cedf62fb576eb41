"""Train a recurrent network on piano rolls, frame by frame, and let it compose.

Run by `krr run RECIPE`, or by itself: `python compose.py --config my.toml`. A finished run goes on
composing: `krr compose RUN_DIR --output piece.mid`.
"""

from __future__ import annotations

from functools import partial

import keras_rnn_recipes as krr
from keras_rnn_recipes.families import music


def main(config, run):
    """Fit, evaluate and save the music model that ``config`` describes, into the folder ``run``."""
    # Pieces as piano rolls: which of the 88 keys sound in each frame.
    parts = music.load(config.data, seed=config.fit.seed)
    data, training, name = config.data, config.fit, config.model.cell
    print(music.describe(parts))
    run.write_config(config)

    # Batches of pieces of similar length, each moved by some semitones at random; long pieces are
    # cut. What is watched is as it was written.
    rolls = music.cut_rolls([piece.roll for piece in parts.train], training.window)
    batches = partial(
        music.roll_batches,
        rolls,
        batch_size=training.batch_size,
        transpose=training.transpose,
        seed=training.seed,
        repeat=True,
    )
    watched = music.roll_batches(
        [piece.roll for piece in parts.valid], batch_size=training.batch_size, shuffle=False
    )

    # The network predicts each frame from the frames before it. With the head "nade" each key also
    # depends on the keys below it in the same frame.
    model = music.music_model(**config.model.options())
    history = krr.fit(
        model,
        batches,
        watched,
        num_windows=len(rolls),
        config=training,
        run=run,
        loss=music.frame_loss(),
    )
    run.write_model(model)

    # Score the network and its baselines on the test part: the negative log-likelihood of every
    # frame, in nats.
    served = music.Pipeline(model)
    answers = {name: music.score_pieces(served, parts.test)}
    answers |= music.score_baselines(parts, config)
    scores = music.score(answers)
    record = music.results_record(scores, model, history, name=name, task=config.family)
    run.write_csv("predictions.csv", music.predictions_table(parts.test, answers))
    run.write_json("metrics.json", record)

    # Compose a piece, as notes and as sound.
    piece = music.compose(served, parts, config)
    print(music.write_piece(run, piece, data.frames_per_beat))

    # Export the model to serve it without this package, and write the report.
    music.export_model(served, run.path / "saved_model", pieces=parts.test)
    run.write_environment(training.seed)
    music.write_report(run.path, parts, answers, piece, config)
    print(music.results_table(record, name=name, metric="nats_per_frame"))
    print(run.describe())


if __name__ == "__main__":
    krr.run_from_command_line(main)
