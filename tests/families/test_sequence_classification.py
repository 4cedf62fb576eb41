"""Sequence classification from the command line to the SavedModel, on gestures and small tables."""

from __future__ import annotations

import json

import keras
import numpy as np
import pandas as pd
import pytest
from families.command import krr
from media.videos import moving_bar, write_frames, write_video

from keras_rnn_recipes.builders import sequence_classifier
from keras_rnn_recipes.config.sequence_classification import SequenceModelConfig
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families import sequence_classification
from keras_rnn_recipes.families.sequence_classification.inference import load as load_run
from keras_rnn_recipes.families.sequence_classification.report import accuracy_so_far
from keras_rnn_recipes.families.sequence_classification.task import front_end, hold_out, statistics
from keras_rnn_recipes.media.gestures import gestures
from keras_rnn_recipes.media.sequences import LabelledSequences
from keras_rnn_recipes.serving.saved_sequences import (
    SavedSequenceClassifier,
    in_padded_batches,
    padded_batch,
)
from keras_rnn_recipes.workflows.inference import evaluate, predict

RECIPE = """
family = "sequence_classification"
[data]
train = "paths.csv"
id_col = "path"
label_col = "kind"
[model]
cell = "lstm"
units = [16]
scaling = "sequence"
differences = true
pooling = "last"
[fit]
epochs = 6
learning_rate = 0.01
[evaluate]
baselines = ["majority", "summary_statistics"]
"""


def long_table(part: LabelledSequences) -> pd.DataFrame:
    """A row for each step, in a random order."""
    rows = [
        (name, step, *point, label)
        for name, label, values in zip(part.names, part.labels, part.values, strict=True)
        for step, point in enumerate(values)
    ]
    table = pd.DataFrame(rows, columns=["path", "step", "x", "y", "kind"])
    return table.sample(frac=1, random_state=0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("paths")
    train, _, test = gestures(train_size=240, valid_size=6, test_size=30)
    for name, part in (("paths", train), ("new", test)):
        long_table(part).to_csv(folder / f"{name}.csv", index=False)
    (folder / "my.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def run(folder):
    printed = krr("run", str(folder / "my.toml"), "--run-dir", str(folder / "run"))
    return folder / "run", printed


@pytest.mark.slow
def test_a_run_on_a_table_of_ones_own_leaves_everything(run):
    path, printed = run
    for name in ("config.json", "model.keras", "history.csv", "classes.json", "report.html"):
        assert (path / name).is_file()
    metrics = json.loads((path / "metrics.json").read_text())
    assert metrics["task"] == "sequence_classification"
    assert set(metrics["baselines"]) == {"majority", "summary_statistics"}
    assert metrics["model"]["accuracy"] > metrics["baselines"]["majority"]["accuracy"]
    assert "paths: 162 to learn from, 30 to watch, 48 to test on" in printed
    report = (path / "report.html").read_text()
    for heading in ("One sequence of each class", "Confusion matrix", "Accuracy by length"):
        assert heading in report
    assert "Many to one" in report
    table = pd.read_csv(path / "predictions.csv")
    right = (table["label"] == table["lstm"]).mean()
    assert right == pytest.approx(metrics["model"]["accuracy"])


@pytest.mark.slow
def test_new_sequences_are_answered_and_judged(folder, run, tmp_path):
    path, _ = run
    new = str(folder / "new.csv")
    krr("predict", str(path), "--input", new, "--output", str(tmp_path / "out.csv"))
    table, truth = pd.read_csv(tmp_path / "out.csv"), pd.read_csv(new)
    kinds = truth.drop_duplicates("path").set_index("path")["kind"]
    assert table["sequence"].tolist() == kinds.index.tolist()
    shares = table.filter(like="probability-")
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
    best = shares.idxmax(axis=1).str.removeprefix("probability-")
    assert best.tolist() == table["label"].tolist()
    right = (table["label"].to_numpy() == kinds.to_numpy()).mean()
    assert f"{right:.4g}" in krr("evaluate", str(path), "--input", new)
    # A DataFrame has the answers of its file; labels and other columns are not needed.
    framed = predict(path, truth.drop(columns="kind").assign(extra="none"))
    pd.testing.assert_frame_equal(framed, table, check_dtype=False)
    assert evaluate(path, truth).summary["lstm"]["accuracy"] == pytest.approx(right)
    unknown = truth.assign(kind=truth["kind"].replace("zigzag", "zebra"))
    with pytest.raises(UserError, match="'zebra' of test-"):
        evaluate(path, unknown)


@pytest.mark.slow
def test_exported_again_it_answers_alike(run, tmp_path):
    path, _ = run
    krr("export", str(path), "--to", str(tmp_path / "served"))
    values = [np.random.default_rng(0).normal(size=(n, 2)).astype("float32") for n in (5, 40, 1)]
    first, second = (
        SavedSequenceClassifier(one)(values) for one in (path / "saved_model", tmp_path / "served")
    )
    assert first["label"] == second["label"]
    np.testing.assert_allclose(first["probabilities"], second["probabilities"], atol=1e-6)
    none = SavedSequenceClassifier(path / "saved_model")([])
    assert none["label"] == [] and len(none["probabilities"]) == 0
    refused = krr("export", str(path), "--to", str(tmp_path / "x"), "--format", "onnx", status=2)
    assert "ONNX" in refused


@pytest.mark.slow
def test_a_saved_model_takes_padded_numbers_and_lengths_without_this_package(tmp_path):
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    model = sequence_classifier(
        2, 3, units=4, bidirectional=True, convolutions=(4,), stride=2, scaling="sequence"
    )
    live = sequence_classification.Pipeline(model, ("left", "right", "über"), "xy")
    values = list(gestures(train_size=6)[0].values)
    # Written, loaded in a process where the package cannot be imported, compared, renamed.
    path = sequence_classification.export_model(live, tmp_path / "saved_model", samples=values)
    served = tf.saved_model.load(str(path))
    padded = np.full((6, 100, 2), 9.0, "float32")
    for row, one in zip(padded, values, strict=True):
        row[: len(one)] = one
    lengths = np.array([len(one) for one in values], "int32")
    found = served.serve(values=padded, length=lengths)
    np.testing.assert_allclose(found["probabilities"], live(values), atol=1e-5)
    names = [live.classes[k].encode() for k in live(values).argmax(axis=1)]
    assert found["label"].numpy().tolist() == names
    assert served.serve(values=padded[:0], length=lengths[:0])["label"].shape == (0,)


def test_a_label_that_occurs_once_stays_in_the_training_part():
    values = tuple(np.full((2, 1), number, "float32") for number in range(21))
    rows = LabelledSequences(values, ("a", "b") * 10 + ("rare",), tuple(map(str, range(21))), "x")
    for seed in range(5):
        train, held = hold_out(rows, 0.3, name="rows", seed=seed)
        assert "rare" in train.labels and "rare" not in held.labels
        assert sorted([*train.names, *held.names], key=int) == list(rows.names)
    # Equal sequences stay on one side, so that none is tested on what was trained on.
    twins = LabelledSequences(values[:1] * 4 + values[4:12], ("a", "b") * 6, rows.names[:12], "x")
    train, held = hold_out(twins, 0.4, name="rows")
    assert not {one.tobytes() for one in train.values} & {one.tobytes() for one in held.values}
    for share, given in ((0.0, rows), (0.5, rows.rows([0]))):
        with pytest.raises(UserError, match="held out"):
            hold_out(given, share, name="rows")


def test_statistics_leave_missing_values_out():
    random = np.random.default_rng(0)
    values = [random.normal(3, 2, (n, 2)) for n in (5, 8)]
    values[0][2, 1] = np.nan
    mean, deviation = statistics(LabelledSequences(tuple(values), ("a", "b"), ("1", "2"), "xy"))
    steps = np.concatenate(values)
    np.testing.assert_allclose(mean, np.nanmean(steps, axis=0))
    np.testing.assert_allclose(deviation, np.nanstd(steps, axis=0))


def test_batches_are_bounded_by_their_numbers_and_restore_the_order():
    values = [np.full((n, 1), n, "float32") for n in (3, 50, 1, 7, 7)]
    seen = []

    def answer(padded, lengths):
        seen.append(padded.shape[:2])
        return [row[: int(n)].mean() for row, n in zip(padded, lengths, strict=True)]

    assert in_padded_batches(values, answer, most_numbers=15) == [3, 50, 1, 7, 7]
    assert seen == [(1, 50), (2, 7), (2, 3)]


SPOKEN = """
family = "sequence_classification"
[data]
train = "words"
[model]
front_end = "log_mel"
bands = 20
units = [8]
[fit]
epochs = 20
batch_size = 8
learning_rate = 0.01
[evaluate]
baselines = ["summary_statistics", "nearest_neighbor"]
"""


@pytest.mark.slow
def test_folders_of_recordings_become_a_model_that_takes_waveforms_of_any_rate(tmp_path):
    import tensorflow as tf
    from scipy.io import wavfile

    random = np.random.default_rng(0)

    def tone(hertz, rate):
        time = np.arange(int(rate * random.uniform(0.1, 0.3))) / rate
        return (8000 * np.sin(2 * np.pi * hertz * time)).astype("<i2")

    for label, hertz in (("high", 1500), ("low", 300)):
        (tmp_path / "words" / label).mkdir(parents=True)
        for number in range(12):
            rate = 16000 if number == 3 else 8000
            wavfile.write(tmp_path / "words" / label / f"{number}.wav", rate, tone(hertz, rate))
    (tmp_path / "spoken.toml").write_text(SPOKEN)
    path = tmp_path / "run"
    printed = krr("run", str(tmp_path / "spoken.toml"), "--run-dir", str(path))
    assert "2 recordings were resampled to 8,000 samples a second." in printed
    served = tf.saved_model.load(str(path / "saved_model"))
    for label, hertz in (("high", 1500), ("low", 300)):
        for rate in (8000, 44100):
            wave = (tone(hertz, rate) / 32768).astype("float32")[None]
            length = np.array([wave.size], "int32")
            found = served.serve(waveform=wave, length=length, rate=np.int32(rate))
            assert found["label"].numpy().tolist() == [label.encode()]
    new = tmp_path / "new"
    new.mkdir()
    wavfile.write(new / "one.wav", 44100, np.stack([tone(1500, 44100)] * 2, axis=1))
    krr("predict", str(path), "--input", str(new), "--output", str(tmp_path / "out.csv"))
    assert pd.read_csv(tmp_path / "out.csv")[["sequence", "label"]].values.tolist() == [
        ["one.wav", "high"]
    ]
    assert "accuracy" in krr("evaluate", str(path), "--input", str(tmp_path / "words"))
    wrong = krr("run", str(tmp_path / "spoken.toml"), "model.front_end=none", status=2)
    assert "The sequences are waveforms" in wrong


WATCHED = """
family = "sequence_classification"
[data]
train = "clips"
frame_size = [12, 16]
[model]
cell = "gru"
units = [12]
front_end = "frames"
filters = [4, 8]
frame_units = 12
differences = true
[fit]
epochs = 30
batch_size = 8
learning_rate = 0.01
[evaluate]
baselines = ["single_frame", "summary_statistics", "nearest_neighbor"]
"""


@pytest.mark.slow
def test_folders_of_videos_become_a_model_that_takes_frames_of_any_size(tmp_path):
    pytest.importorskip("av")
    import tensorflow as tf

    random = np.random.default_rng(0)

    def clip(label, **size):
        start, count = int(random.integers(64)), int(random.integers(8, 15))
        return moving_bar(count, step={"left": -5, "right": 5}[label], start=start, **size)

    for label in ("left", "right"):
        for number in range(12):
            kind = (".mp4", ".avi", ".gif")[number % 3]
            write_video(tmp_path / "clips" / label / f"{number}{kind}", clip(label))
    (tmp_path / "watched.toml").write_text(WATCHED)
    path = tmp_path / "run"
    printed = krr("run", str(tmp_path / "watched.toml"), "--run-dir", str(path))
    assert "grey frames of 12 by 16 pixels, 10 a second; 8 to 14 steps" in printed
    assert "One video of each class" in (path / "report.html").read_text()
    record = json.loads((path / "classes.json").read_text())
    assert record["frame_shape"] == [12, 16, 1] and record["rate"] == 10
    # Frames of another size, in a batch with a longer video, and what stands after the length.
    served = tf.saved_model.load(str(path / "saved_model"))
    videos = {label: clip(label, height=30, width=64) for label in ("left", "right")}
    frames = random.integers(0, 256, (2, 20, 30, 64, 3), "uint8")
    for row, one in zip(frames, videos.values(), strict=True):
        row[: len(one)] = one
    lengths = np.array([len(one) for one in videos.values()], "int32")
    together = served.serve(frames=frames, length=lengths)
    assert together["label"].numpy().tolist() == [b"left", b"right"]
    for number, one in enumerate(videos.values()):
        alone = served.serve(frames=one[None], length=lengths[number : number + 1])
        np.testing.assert_allclose(
            alone["probabilities"][0], together["probabilities"][number], atol=1e-5
        )
    # New videos: a file, a folder of frames, and videos of another rate.
    write_frames(tmp_path / "new" / "walk", videos["left"], left_out=(4,))
    fast = np.repeat(videos["right"], 3, axis=0)
    for name, frames, rate, label in (
        ("one.mp4", fast, 30, "right"),
        ("new", None, 0, "left"),
    ):
        if frames is not None:
            write_video(tmp_path / name, frames, rate=rate)
        krr(
            "predict",
            str(path),
            "--input",
            str(tmp_path / name),
            "--output",
            str(tmp_path / "o.csv"),
        )
        assert pd.read_csv(tmp_path / "o.csv")["label"].tolist() == [label]
    assert "accuracy" in krr("evaluate", str(path), "--input", str(tmp_path / "clips"))
    krr("export", str(path), "--to", str(tmp_path / "served"))
    (tmp_path / "clips" / "left" / "bad.mp4").write_bytes(b"cut")
    told = krr("evaluate", str(path), "--input", str(tmp_path / "clips"), status=2)
    assert "bad.mp4 is damaged or no video" in told
    wrong = krr(
        "run",
        str(tmp_path / "watched.toml"),
        "model.front_end=none",
        "evaluate.baselines=majority",
        status=2,
    )
    assert "bad.mp4" in wrong


@pytest.mark.slow
def test_an_answer_at_every_step_needs_the_steps_so_far_alone(folder, tmp_path):
    path = tmp_path / "run"
    given = ["model.every_step=true", "model.scaling=training", "evaluate.baselines=majority"]
    krr("run", str(folder / "my.toml"), *given, "fit.epochs=2", "--run-dir", str(path))
    assert "Accuracy while the sequence is read" in (path / "report.html").read_text()
    classify = load_run(path)
    values = list(gestures(train_size=6)[0].values)
    steps, answers = classify.steps(values), classify(values)
    for one, at_steps, answer in zip(values, steps, answers, strict=True):
        assert len(at_steps) == len(one)
        np.testing.assert_allclose(at_steps[-1], answer, atol=1e-6)
        begun = classify([one[:7]])[0]
        np.testing.assert_allclose(at_steps[6], begun, atol=1e-5)
    padded, lengths = padded_batch(values)
    import tensorflow as tf

    served = tf.saved_model.load(str(path / "saved_model"))
    found = served.serve(values=padded, length=lengths)["step_probabilities"].numpy()
    for row, at_steps in zip(found, steps, strict=True):
        np.testing.assert_allclose(row[: len(at_steps)], at_steps, atol=1e-5)
        assert not row[len(at_steps) :].any()


def test_accuracy_so_far_counts_by_hand():
    steps = [np.eye(3)[[0, 1, 1, 2]], np.eye(3)[[2, 2]], np.eye(3)[[1]]]
    truth = np.array([2, 2, 0])
    assert accuracy_so_far(truth, steps, 0.01) == pytest.approx(1 / 3)
    assert accuracy_so_far(truth, steps, 1.0) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    "options, told",
    [
        ({"front_end": "log_mel"}, "are vectors, and model.front_end"),
        ({"front_end": "skeleton", "joint": 3}, "do not go together"),
        ({"front_end": "skeleton", "coordinates": 2, "joint": 1}, None),
    ],
)
def test_a_front_end_has_to_fit_the_values(options, told):
    values = (np.zeros((3, 6), "float32"),)
    part = LabelledSequences(values, ("a",), ("1",), "uvwxyz")
    config = SequenceModelConfig(**options)
    if told is None:
        assert front_end(config, part).coordinates == 2
        return
    with pytest.raises(UserError, match=told):
        front_end(config, part)


@pytest.mark.parametrize(
    "given, told",
    [
        (["data.label_col=colour"], "no column 'colour'"),
        (["data.train=missing.csv"], "missing.csv"),
        (["data.source=gestures", "data.train=x.csv"], "both data.source and data.train"),
        (["data.source=word_order"], "data.source"),
        (["data.channels=x,z"], "no column 'z'"),
        (["data.test={folder}/other.csv"], "'unheard' of s1 in the test part"),
        (["data.test={folder}/wide.csv"], "The test part has the channels x, y, z"),
        (["model.cell=lstn"], "model.cell"),
        (["model.pooling=sum"], "model.pooling"),
        (["model.turn=10"], "model.turn 10"),
        (["model.stretch=0.2"], "model.stretch 0.2"),
        (["model.front_end=frames"], "model.scaling 'sequence'"),
        (["evaluate.baselines=single_frame"], "single_frame and model.front_end"),
        (["model.every_step=true", "model.bidirectional=true"], "model.every_step true"),
        (["data.train={folder}"], "outside a subfolder"),
    ],
)
def test_mistakes_are_told_in_one_message(folder, tmp_path, given, told):
    target = tmp_path / "run"
    (folder / "other.csv").write_text("path,step,x,y,kind\ns1,1,0,0,unheard\ns1,2,0,1,unheard\n")
    (folder / "wide.csv").write_text("path,step,x,y,z,kind\ns1,1,0,0,0,zigzag\n")
    given = [one.format(folder=folder) for one in given]
    message = krr("run", str(folder / "my.toml"), *given, "--run-dir", str(target), status=2)
    assert told in message and "Traceback" not in message
    assert not target.exists()
