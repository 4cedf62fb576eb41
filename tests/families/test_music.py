"""Music from the command line to the SavedModel, on MIDI files of one's own."""

from __future__ import annotations

import json

import mido
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from families.command import krr

from keras_rnn_recipes.builders.music_model import music_model
from keras_rnn_recipes.config.music import MusicDataConfig
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.music_baselines import KeyFrequency
from keras_rnn_recipes.families import music
from keras_rnn_recipes.families.music.batches import cut_rolls, roll_batches, transposed
from keras_rnn_recipes.families.music.inference import compose_piece, load as load_run
from keras_rnn_recipes.families.music.pipeline import Pipeline, padded_rolls, shift_keys
from keras_rnn_recipes.families.music.task import hold_out
from keras_rnn_recipes.media.canons import canons
from keras_rnn_recipes.media.midi import read_midi, write_midi
from keras_rnn_recipes.media.piano_rolls import Piece
from keras_rnn_recipes.media.wav import read_wav
from keras_rnn_recipes.serving.saved_music import SavedMusicModel
from keras_rnn_recipes.training.frame_loss import frame_nats

RECIPE = """
family = "music"
[data]
train = "songs"
frames_per_beat = 2
[model]
units = [16]
hidden = 8
repeats = [16]
[fit]
epochs = 2
steps_per_epoch = 6
batch_size = 4
learning_rate = 0.02
[evaluate]
length = 40
"""
PIECES = canons()["test"][:12]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twelve songs, one of them cut short, one with drums and other tempos, and a text."""
    folder = tmp_path_factory.mktemp("music")
    songs = folder / "songs"
    (songs / "more").mkdir(parents=True)
    for number, piece in enumerate(PIECES):
        write_midi(songs / f"song {number:02}.mid", piece, frames_per_beat=2)
    whole = (songs / "song 03.mid").read_bytes()
    (songs / "song 03.mid").write_bytes(whole[: len(whole) // 2])
    file = mido.MidiFile(songs / "song 05.mid")
    drums = [mido.Message("note_on", note=40, channel=9, time=60) for _ in range(3)]
    change = [mido.MetaMessage("set_tempo", tempo=300_000, time=4000)]
    file.type = 1
    file.tracks += [mido.MidiTrack(drums), mido.MidiTrack(change)]
    file.save(songs / "song 05.mid")
    (songs / "song 07.mid").rename(songs / "more" / "song 07.midi")
    (songs / "words.txt").write_text("la la la")
    (folder / "my.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def run(folder):
    printed = krr("run", str(folder / "my.toml"), "--run-dir", str(folder / "run"))
    return folder / "run", printed


@pytest.fixture(scope="module")
def pipeline():
    """A network that is not trained: what is served must hold for any weights."""
    tf.keras.utils.set_random_seed(0)
    return Pipeline(music_model(units=(12, 8), hidden=6, repeats=(3, 7)))


@pytest.fixture(scope="module")
def score(pipeline):
    """`Pipeline.score` as a graph, which is traced once."""
    return tf.function(pipeline.score, input_signature=pipeline.endpoints()["score"][1])


@pytest.fixture(scope="module")
def compose(pipeline):
    """`Pipeline.compose` as a graph."""
    return tf.function(pipeline.compose, reduce_retracing=True)


def rolls(*lengths, share=0.05):
    random = np.random.default_rng(0)
    return [(random.random((length, 88)) < share).astype("float32") for length in lengths]


@pytest.mark.slow
def test_a_run_on_a_folder_of_ones_own_leaves_everything(run):
    path, printed = run
    for name in ("model.keras", "saved_model", "piece.mid", "piece.wav", "report.html"):
        assert (path / name).exists()
    metrics = json.loads((path / "metrics.json").read_text())
    assert set(metrics["baselines"]) == {"key_frequency", "repeat_last", "frame_ngram"}
    assert "songs: pieces 9 to learn from, 1 to watch, 1 to test on" in printed
    assert "Left out: song 03.mid cannot be read as a MIDI file" in printed
    assert "song 05.mid: 3 drums left out; the tempo changes" in printed
    assert "1 file of other kinds left out: .txt" in printed
    report = (path / "report.html").read_text()
    for part in ("Composed piece", "<audio controls", "Nats by place", "One to many"):
        assert part in report
    piece, (waveform, rate) = read_midi(path / "piece.mid"), read_wav(path / "piece.wav")
    seconds = 40 / 2 * 60 / piece.tempo
    assert len(waveform) / rate == pytest.approx(seconds, abs=0.2)


@pytest.mark.slow
def test_it_goes_on_with_a_piece_of_ones_own(folder, run, tmp_path):
    path, song = run[0], folder / "songs" / "song 05.mid"
    output = tmp_path / "on.mid"
    printed = krr("predict", str(path), "--input", str(song), "--output", str(output))
    assert "3 drums left out" in printed and "on.wav" in printed
    piece, given = read_midi(output, frames_per_beat=2), read_midi(song, frames_per_beat=2)
    np.testing.assert_array_equal(piece.roll[: len(given)], given.roll)
    krr("predict", str(path), "--input", str(song), "--output", str(tmp_path / "on.csv"))
    table = pd.read_csv(tmp_path / "on.csv")
    assert table.loc[~table["composed"], "end"].max() >= len(given) / 2
    assert len(table) == len(table.drop_duplicates(["pitch", "start"]))
    # Of a folder, every piece goes on.
    krr("predict", str(path), "--input", str(folder / "songs"), "--output", str(output))
    assert len(list(tmp_path.glob("on-*.mid"))) == len(list(tmp_path.glob("on-*.wav"))) == 11


@pytest.mark.slow
def test_it_composes_from_notes_in_any_key(run, tmp_path):
    path, output = str(run[0]), tmp_path / "new.mid"
    krr("compose", path, "--output", str(output), "--start", "C4 E4", "--length", "20")
    assert read_midi(output, frames_per_beat=2).roll[0].nonzero()[0].tolist() == [39, 43]
    plain = compose_piece(path, length=30, seed=4).attrs["pieces"][0].roll
    again = compose_piece(path, length=30, seed=4).attrs["pieces"][0].roll
    higher = compose_piece(path, length=30, seed=4, transpose=3).attrs["pieces"][0].roll
    np.testing.assert_array_equal(plain, again)
    np.testing.assert_array_equal(plain[:, :-3], higher[:, 3:])
    assert (plain != compose_piece(path, length=30, seed=5).attrs["pieces"][0].roll).any()
    for option, value, told in (
        ("--length", "0", "--length is 0"),
        ("--temperature", "-1", "--temperature is -1"),
        ("--start", "H9", "names the note 'H9'"),
    ):
        assert told in krr("compose", path, "--output", str(output), option, value, status=2)
    both = ("--start", "C4", "--input", str(output))
    assert "Both --start and --input" in krr("compose", path, "--output", "x.mid", *both, status=2)


@pytest.mark.slow
def test_the_saved_model_scores_as_the_run_did(folder, run, tmp_path):
    path = run[0]
    printed = krr("evaluate", str(path), "--input", str(folder / "songs"))
    assert "Left out: song 03.mid" in printed and "nats a frame" in printed
    served, saved = load_run(path), SavedMusicModel(path / "saved_model")
    pieces = [PIECES[0], PIECES[1]]
    live = music.score_pieces(served, pieces)
    for one, found in zip(live, saved.score([piece.roll for piece in pieces]), strict=True):
        np.testing.assert_allclose(one.nats, found["nats"], atol=1e-4)
    krr("export", str(path), "--to", str(tmp_path / "again"))
    again = SavedMusicModel(tmp_path / "again")
    start = PIECES[0].roll[:10]
    np.testing.assert_array_equal(again.compose(start, 70), saved.compose(start, 70))


def test_a_score_is_that_of_the_model_alone_and_in_company(pipeline, score):
    every = rolls(260, 5, 1)
    padded, lengths = padded_rolls(every, 88)
    padded[1, 5:] = 1  # whatever stands after the end is ignored
    found = score(tf.constant(padded), tf.constant(lengths))
    for row, roll in enumerate(every):
        expected = np.array(frame_nats(roll[None], pipeline.model(roll[None])))[0]
        np.testing.assert_allclose(found["nats"][row, : len(roll)], expected, atol=1e-4)
        assert not np.any(found["nats"][row, len(roll) :])
        alone = score(tf.constant(roll[None]), tf.constant([len(roll)]))
        np.testing.assert_array_equal(alone["predicted"][0], found["predicted"][row, : len(roll)])
    # Of the probabilities follow the nats.
    p, roll = found["probability"][0].numpy(), every[0]
    by_hand = -np.log(np.where(roll > 0, p, 1 - p)).sum(axis=1)
    np.testing.assert_allclose(by_hand, found["nats"][0], rtol=1e-3, atol=1e-3)


def test_composing_in_parts_alone_and_in_company_is_the_same(pipeline, score, compose):
    starts = rolls(9, 0, 4)
    padded, lengths = padded_rolls(starts, 88)
    padded[1] = 1
    seeds = tf.constant([3, 4, 5])
    state = pipeline.begin(tf.constant(padded), tf.constant(lengths))
    whole, _ = compose(state, tf.constant(12), tf.constant(0.9), seeds, tf.constant(0))
    first, between = compose(state, tf.constant(5), tf.constant(0.9), seeds, tf.constant(0))
    second, _ = compose(between, tf.constant(7), tf.constant(0.9), seeds, tf.constant(5))
    np.testing.assert_array_equal(tf.concat([first, second], axis=1), whole)
    for row, start in enumerate(starts):
        alone = pipeline.begin(tf.constant(start[None]), tf.constant([len(start)]))
        np.testing.assert_allclose(alone[0], state[row], atol=1e-6)
        drawn, _ = compose(
            alone, tf.constant(12), tf.constant(0.9), seeds[row : row + 1], tf.constant(0)
        )
        np.testing.assert_array_equal(drawn[0], whole[row])
    # At the temperature 0, each frame is the prediction of the model after the frames before it.
    greedy, _ = compose(state, tf.constant(6), tf.constant(0.0), seeds, tf.constant(0))
    piece = np.concatenate([starts[0], greedy[0]])
    found = score(tf.constant(piece[None]), tf.constant([len(piece)]))
    np.testing.assert_array_equal(found["predicted"][0, len(starts[0]) :], greedy[0])


def test_a_network_of_independent_keys_is_served_as_well():
    served = Pipeline(music_model(cell="gru", units=8, head="independent"))

    def both():
        state = served.begin(tf.zeros([2, 0, 88]), tf.constant([0, 0]))
        drawn, _ = served.compose(state, 3, 1.0, tf.constant([0, 1]))
        return drawn, served.score(drawn, tf.constant([3, 3]))["nats"]

    drawn, nats = tf.function(both)()
    assert drawn.shape == (2, 3, 88) and nats.shape == (2, 3)
    assert np.all(nats > 0)


def test_keys_are_shifted_and_beyond_the_keyboard_lost():
    roll = tf.constant([[[1.0, 0.0, 1.0]]])
    assert shift_keys(roll, -2).numpy().ravel().tolist() == [1, 0, 0]


def test_batches_are_transposed_within_the_keyboard_and_the_same_again():
    some = [piece.roll for piece in PIECES]
    options = {"batch_size": 4, "transpose": 40, "seed": 1, "repeat": True}
    first = list(roll_batches(some, **options).take(6))
    later = list(roll_batches(some, first_epoch=1, **options).take(3))
    for (x, y), (again, _) in zip(first[3:], later, strict=True):
        np.testing.assert_array_equal(x, again)
        np.testing.assert_array_equal(np.maximum(y, 0), x)
    plain = sorted(roll.sum() for roll in some)
    moved = sorted(int(x.numpy()[row].sum()) for x, _ in first[:3] for row in range(4))
    assert plain == moved
    different = np.concatenate([np.unique(x.numpy().nonzero()[2]) for x, _ in first])
    assert len(np.unique(different)) > 60
    silent = tf.zeros([1, 2, 5], tf.int32)
    assert not np.any(transposed(silent, silent, tf.constant([3]))[0])


def test_long_pieces_are_cut_into_equal_parts():
    assert [len(part) for part in cut_rolls([np.zeros((513, 2))], 512)] == [257, 256]


def test_pieces_with_the_same_notes_stay_together():
    one, two, three = (Piece(roll.astype("uint8"), "") for roll in rolls(4, 5, 6))
    for seed in range(6):
        kept, held = hold_out([one, two, one, three], 0.3, name="songs", seed=seed)
        assert len(kept) + len(held) == 4
        assert not {piece.roll.tobytes() for piece in kept} & {p.roll.tobytes() for p in held}
    with pytest.raises(UserError, match="1 different piece of songs"):
        hold_out([one, one], 0.5, name="songs")


def test_sources_that_are_no_music_are_refused(tmp_path):
    with pytest.raises(UserError, match="for another task"):
        music.load(MusicDataConfig(source="gestures"))
    with pytest.raises(UserError, match="No file in .* ends in .mid"):
        music.load(MusicDataConfig(train=str(tmp_path)))
    with pytest.raises(UserError, match="no file of music"):
        music.load(MusicDataConfig(train=__file__))


@pytest.mark.slow
def test_the_head_that_knows_the_frame_learns_more_than_independent_keys():
    """Frames of a root, drawn at random, and its fifth: all is known once the root is."""
    random = np.random.default_rng(0)
    pieces = []
    for _ in range(24):
        roll = np.zeros((32, 88), "uint8")
        for frame, root in zip(roll, random.integers(30, 50, 32), strict=True):
            frame[[root, root + 7]] = 1
        pieces.append(Piece(roll, ""))
    fitted = {}
    for head in ("nade", "independent"):
        tf.keras.utils.set_random_seed(0)
        model = music_model(units=8, hidden=24, head=head)
        model.compile(tf.keras.optimizers.Adam(0.03), music.frame_loss())
        rolls = [piece.roll for piece in pieces[4:]]  # the others cannot be learned by heart
        model.fit(roll_batches(rolls, batch_size=8), epochs=30, shuffle=False, verbose=0)
        served = music.score_pieces(Pipeline(model), pieces[:4])
        fitted[head] = music.score({head: served})[head]["nats_per_frame"]
    # Independent keys cannot do better than their frequencies; with dependence, log 20 is possible.
    shown = [piece.roll for piece in pieces[:4]]
    independent = np.concatenate([KeyFrequency(shown).nats(roll) for roll in shown]).mean()
    assert np.log(20) - 0.3 < fitted["nade"] < 0.75 * independent
    assert fitted["independent"] > 0.97 * independent
