"""Speech recognition from the command line to the SavedModel, on tones that spell words."""

from __future__ import annotations

import json

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from families.command import krr
from media.wav_files import write_wav

from keras_rnn_recipes.builders import speech_recognizer
from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.config.speech_recognition import SpeechEvaluateConfig, SpeechModelConfig
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families import speech_recognition
from keras_rnn_recipes.families.speech_recognition import decoder as decoders
from keras_rnn_recipes.families.speech_recognition.inference import load as load_run
from keras_rnn_recipes.families.speech_recognition.pipeline import Pipeline, output_steps
from keras_rnn_recipes.families.speech_recognition.report import error_table
from keras_rnn_recipes.families.speech_recognition.task import hold_out, trainable
from keras_rnn_recipes.layers import LogMel
from keras_rnn_recipes.media.sequences import LabelledSequences
from keras_rnn_recipes.serving.saved_speech import SavedSpeechRecognizer
from keras_rnn_recipes.workflows.inference import evaluate, predict

RATE, PITCHES = 2000, {"a": 300, "b": 500, "c": 800}

RECIPE = """
family = "speech_recognition"
[data]
train = "recordings.csv"
[model]
units = [16]
convolutions = [16]
stride = 4
bands = 12
[fit]
epochs = 14
batch_size = 8
learning_rate = 0.02
[evaluate]
language_model = "characters"
order = 2
weights = [0.0, 0.5]
bonuses = [0.0]
beam_width = 4
"""


def spoken(text, rate, random):
    """A tone for each letter, silence between letters and a longer one between words."""
    parts = [np.zeros(round(0.05 * rate))]
    for letter in text:
        pitch = PITCHES.get(letter, 0)
        time = np.arange(round(rate * random.uniform(0.1, 0.16))) / rate
        parts += [0.5 * np.sin(2 * np.pi * pitch * time), np.zeros(round(0.06 * rate))]
    found = np.concatenate(parts)
    return np.clip(found + random.normal(0, 0.01, len(found)), -1, 1)


def write_recordings(folder, name, count, seed, rate=RATE):
    random = np.random.default_rng(seed)
    table = []
    for number in range(count):
        letters = [str(one) for one in random.choice(list("abc"), 4)]
        letters[2] = " "
        text = "".join(letters)
        file = f"{name}/{number:02}.wav"
        write_wav(folder / file, spoken(text, rate, random), rate)
        table.append((file, text.upper()))
    pd.DataFrame(table, columns=["file", "text"]).to_csv(folder / f"{name}.csv", index=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tones")
    write_recordings(folder, "recordings", 60, 0)
    write_recordings(folder, "new", 12, 1)
    (folder / "my.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def run(folder):
    printed = krr("run", str(folder / "my.toml"), "--run-dir", str(folder / "run"))
    return folder / "run", printed


@pytest.mark.slow
def test_a_run_on_recordings_of_ones_own_leaves_everything(run):
    path, printed = run
    for name in ("config.json", "model.keras", "symbols.json", "automata.npz", "report.html"):
        assert (path / name).is_file()
    metrics = json.loads((path / "metrics.json").read_text())
    assert metrics["task"] == "speech_recognition"
    assert set(metrics["baselines"]) == {"most_frequent", "nearest_length"}
    assert set(metrics["decodings"]) == {
        "greedy",
        "beam_search",
        "beam_search_with_language_model",
    }
    assert metrics["model"]["character_error_rate"] < 0.15
    assert metrics["decodings"]["beam_search_with_language_model"] == metrics["model"]
    assert "recordings: 49 to learn from, 5 to watch, 6 to test on" in printed
    assert "the best weight of the language model" in printed
    report = (path / "report.html").read_text()
    for heading in ("Decoding", "Errors", "Recognition of", "Many to many, of different length"):
        assert heading in report


@pytest.mark.slow
def test_new_recordings_are_answered_and_judged(folder, run, tmp_path):
    path, _ = run
    krr("predict", str(path), "--input", str(folder / "new"), "--output", str(tmp_path / "x.csv"))
    table, truth = pd.read_csv(tmp_path / "x.csv"), pd.read_csv(folder / "new.csv")
    columns = ["recording", "seconds", "text", "score", "times"]
    assert table.columns.tolist() == columns
    wanted = truth["text"].str.lower()
    assert (table["text"] == wanted).mean() > 0.5
    # Each word stands with its time, in order and within the recording.
    for times, text, seconds in zip(table["times"], table["text"], table["seconds"], strict=True):
        words, found = zip(*(one.split("@") for one in times.split()), strict=True)
        assert " ".join(words) == text
        found = [float(one) for one in found]
        assert found == sorted(found) and found[0] >= 0 and found[-1] < seconds
    # A single file, and a table of files.
    alone = predict(path, folder / "new" / "00.wav")
    assert alone["text"].tolist() == table["text"].tolist()[:1]
    printed = krr("evaluate", str(path), "--input", str(folder / "new.csv"))
    found = evaluate(path, folder / "new.csv").summary["lstm"]
    assert f"{found['character_error_rate']:.4g}" in printed
    # At another rate, with a note.
    write_recordings(folder, "fast", 3, 1, rate=4000)
    resampled = predict(path, folder / "fast.csv")
    wanted = pd.read_csv(folder / "fast.csv")["text"].str.lower()
    assert (resampled["text"] == wanted).sum() >= 2
    assert resampled.attrs["notes"] == ["3 recordings were resampled to 2,000 samples a second."]


@pytest.mark.slow
def test_a_broken_file_among_good_ones_is_named(folder, run):
    path, _ = run
    write_recordings(folder, "bad", 5, 2)
    (folder / "bad" / "03.wav").write_bytes(b"RIFF")
    answer = krr(
        *("predict", str(path), "--input", str(folder / "bad")),
        *("--output", str(folder / "no.csv")),
        status=2,
    )
    assert "03.wav" in answer and not (folder / "no.csv").exists()
    answer = krr("run", str(folder / "my.toml"), f"data.train={folder / 'bad.csv'}", status=2)
    assert "03.wav" in answer


@pytest.mark.slow
def test_exported_again_it_answers_alike_with_tensorflow_alone(run, tmp_path, run_forked):
    path, _ = run
    krr("export", str(path), "--to", str(tmp_path / "again"))
    random = np.random.default_rng(5)
    waveforms = [spoken(text, RATE, random).astype("float32") for text in ("ab c", "ca", "b")]
    live = load_run(path)([one[:, None] for one in waveforms])
    for place in (path / "saved_model", tmp_path / "again"):
        found = SavedSpeechRecognizer(place, RATE)([one[:, None] for one in waveforms])
        assert [one.text for one in found] == [one.text for one in live]
        np.testing.assert_allclose(
            [one.score for one in found], [one.score for one in live], atol=1e-3
        )
        np.testing.assert_allclose(found[0].times, live[0].times)
    code = f"""
import sys
import numpy as np
import tensorflow as tf

module = tf.saved_model.load({str(path / "saved_model")!r})
found = module.serve(
    waveform=tf.zeros([1, 900]), length=tf.constant([900]), rate=tf.constant({RATE})
)
assert sorted(found) == ["characters", "score", "text", "times"], sorted(found)
assert "keras_rnn_recipes" not in sys.modules
"""
    run_forked(code)


def small_pipeline(**options):
    """A recognizer with random weights of waveforms at 1,000 samples a second."""
    keras.utils.set_random_seed(0)
    front = LogMel(1000, 8, name="log_mel")
    model = speech_recognizer(
        *(1, 3),
        units=5,
        convolutions=(4,),
        stride=3,
        front_end=front,
        statistics=((-5.0,) * 8, (2.0,) * 8),
    )
    return Pipeline(model, " ab", ("waveform",), 1000, **options)


def noise(samples, seed=0):
    return np.random.default_rng(seed).normal(0, 0.3, (samples, 1)).astype("float32")


def test_a_long_recording_in_pieces_is_that_of_one_pass():
    """Steps far from the ends of the pieces cannot tell: the context is longer than the memory."""
    values = noise(26_317)
    whole = small_pipeline(piece_seconds=100).log_probabilities([values])[0]
    pieces = small_pipeline(piece_seconds=5).log_probabilities([values])[0]
    assert whole.shape == pieces.shape
    np.testing.assert_allclose(whole, pieces, atol=1e-4)


@pytest.mark.parametrize("samples", [8_000, 8_001, 10_000, 10_003, 10_033, 15_030, 20_000])
def test_pieces_have_as_many_steps_as_one_pass(samples):
    pipeline = small_pipeline(piece_seconds=5)
    padded = tf.constant(noise(samples)[None])
    found = pipeline._log_probabilities(padded)
    assert found.shape[1] == output_steps(np.array([samples]), pipeline.model)[0]


def test_company_and_padding_change_no_answer_of_the_endpoint():
    pipeline = small_pipeline(piece_seconds=5, decoder=decoders.Decoder(4))
    serve, _ = pipeline.endpoints()["serve"]
    waveforms = [noise(n, n)[:, 0] for n in (3000, 12_000, 700)]
    padded = np.full((3, 13_000), 9.0, "float32")
    for row, one in zip(padded, waveforms, strict=True):
        row[: len(one)] = one
    lengths = np.array([len(one) for one in waveforms], "int32")
    together = serve(tf.constant(padded), tf.constant(lengths), tf.constant(1000))
    for place, one in enumerate(waveforms):
        alone = serve(tf.constant(one[None]), tf.constant([len(one)]), tf.constant(1000))
        assert alone["text"].numpy()[0] == together["text"].numpy()[place]
        np.testing.assert_allclose(alone["score"][0], together["score"][place], rtol=1e-4)
        count = alone["times"].shape[1]
        np.testing.assert_allclose(alone["times"][0], together["times"][place, :count])


def recordings(texts, steps, width=2):
    values = tuple(np.zeros((count, width), "float32") + n for n, count in enumerate(steps))
    names = tuple(f"{n}.npy" for n in range(len(texts)))
    return LabelledSequences(values, tuple(texts), names, ("x", "y"))


def test_transcripts_that_are_too_long_are_left_out_and_told(capsys):
    model = speech_recognizer(2, 2, units=4, convolutions=(3,), stride=3, scaling="none")
    # Two steps of the network, for "aab", which needs four, and for "ab".
    part = recordings(["aab", "ab", "ab"], [6, 6, 6])
    assert trainable(part, "ab", model).names == ("1.npy", "2.npy")
    assert "1 recording left out, too short for the transcript: 0.npy." in capsys.readouterr().out
    assert len(trainable(recordings(["aab"], [12]), "ab", model)) == 1
    with pytest.raises(UserError, match="Every transcript is longer"):
        trainable(recordings(["aab"], [12]), "ab", model, speed=0.2)


def test_held_out_recordings_leave_every_character_in_training():
    part = recordings(["ab"] * 8 + ["z"], [3] * 9)
    train, held = hold_out(part, 0.3, name="x")
    assert len(train) + len(held) == 9 and "z" in train.labels
    for share, rows in ((0.0, part), (0.5, part.rows([8]))):
        with pytest.raises(UserError, match="can be held out"):
            hold_out(rows, share, name="x")


def test_waveforms_need_log_mel_and_features_do_not():
    features = recordings(["ab"], [4])
    waveforms = LabelledSequences((noise(50),), ("a",), ("x",), ("waveform",), 1000)
    assert speech_recognition.front_end(SpeechModelConfig(), features) is None
    assert speech_recognition.front_end(SpeechModelConfig(bands=8), waveforms).bands == 8
    longer = SpeechModelConfig(bands=8, window_ms=40, hop_ms=16)
    front = speech_recognition.front_end(longer, waveforms)
    assert (front.window, front.hop) == (40, 16)
    for kind, part in (("log_mel", features), ("none", waveforms)):
        with pytest.raises(UserError, match="front_end"):
            speech_recognition.front_end(SpeechModelConfig(front_end=kind), part)
    with pytest.raises(UserError, match="bands"):
        speech_recognition.front_end(SpeechModelConfig(bands=90), waveforms)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"hop_ms": 30}, "no frame would read"),
        ({"attend_bands": True, "scaling": "channel"}, "none stands out"),
        ({"attend_bands": True, "scaling": "sequence"}, "none stands out"),
        ({"stride": 2, "convolutions": []}, "a stride with convolutions"),
    ],
)
def test_options_that_do_not_go_together_are_refused(given, told):
    recipe = {"family": "speech_recognition", "data": {"source": "morse"}}
    with pytest.raises(UserError, match=told):
        config_from_dict({**recipe, "model": given})
    assert config_from_dict({**recipe, "model": {"attend_bands": True}}).model.attend_bands


def log_probabilities(texts, characters, sure):
    """Steps that are sure of the characters of each text, with a blank between them."""
    found = []
    for text in texts:
        ids = [one for symbol in decoders.to_symbols(text, characters) for one in (symbol, 0)]
        rows = np.full((len(ids), len(characters) + 1), (1 - sure) / len(characters))
        rows[np.arange(len(ids)), ids] = sure
        found.append(np.log(rows).astype("float32"))
    return found


def test_the_validation_part_chooses_the_weight_of_the_language_model():
    characters, texts = (" ", "a", "b"), ["ab ab"] * 20
    heard = log_probabilities(["ab aa"], characters, sure=0.5)
    config = SpeechEvaluateConfig(
        language_model="words", order=1, weights=(0.0, 1.0), bonuses=(0.0,), beam_width=8
    )

    def error(found, wanted):
        return float(sum(a != b for a, b in zip(found, wanted, strict=True)))

    def choose(wanted, **changes):
        changed = config.model_copy(update=changes)
        return decoders.choose_decoder(changed, texts, characters, heard, wanted, error)

    # Words of the model only, whatever its weight.
    found = decoders.decode(heard, choose(["ab ab"]))
    assert decoders.to_text(found[0], characters) == "ab ab"
    assert choose(["ab aa"], language_model="characters", order=3).weight == 0.0
    assert choose(["ab ab"], language_model="characters", order=3).weight == 1.0
    restricted = choose(["ab ab"], language_model="none", word_list=("training",))
    found = decoders.decode(heard, restricted)
    assert decoders.to_text(found[0], characters) == "ab ab"


def test_a_decoder_is_the_same_after_it_was_written(tmp_path):
    characters = (" ", "a", "b")
    config = SpeechEvaluateConfig(
        language_model="characters", word_list=("training",), weights=(0.5,), bonuses=(0.25,)
    )
    heard = log_probabilities(["ab b"], characters, sure=0.6)
    given = decoders.choose_decoder(config, ["ab"], characters, heard, ["ab"], lambda *_: 0.0)
    given.save(tmp_path / "x.npz")
    again = decoders.Decoder.load(tmp_path / "x.npz")
    assert (again.beam_width, again.weight, again.bonus) == (16, 0.5, 0.25)
    assert len(again.automata) == 2
    for one, other in zip(given.automata, again.automata, strict=True):
        assert one.start == other.start
        np.testing.assert_array_equal(one.scores, other.scores)
    assert decoders.decode(heard, given) == decoders.decode(heard, again)
    (tmp_path / "y.npz").write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"y\.npz could not be read"):
        decoders.Decoder.load(tmp_path / "y.npz")


def test_errors_are_counted_by_kind():
    # One substitution; one deletion; one insertion.
    table = error_table(["go on", "stop", "left"], {"lstm": ["no on", "sto", "lefty"]})
    assert table.rows == [
        ("LSTM: characters", True, ["1", "1", "1", "13"]),
        ("LSTM: words", True, ["3", "0", "0", "4"]),
    ]
