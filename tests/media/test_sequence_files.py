"""One file a sequence: a newcomer's folder of small files, with one broken file among them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.io import wavfile

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.media.sequence_files import (
    FileOptions,
    read_listed_files,
    read_sequence_folder,
)
from keras_rnn_recipes.media.ts_files import read_ts

NAN = float("nan")


def folder_of_csv(tmp_path, count=3):
    random = np.random.default_rng(0)
    for label in ("push", "wave"):
        (tmp_path / "data" / label).mkdir(parents=True)
        for number in range(count):
            table = pd.DataFrame(random.normal(size=(number + 2, 2)), columns=["x", "y"])
            table.to_csv(tmp_path / "data" / label / f"{number}.csv", index_label="step")
    return tmp_path / "data"


def test_csv_files_in_folders_named_by_label(tmp_path):
    top = folder_of_csv(tmp_path)
    (top / "notes.txt").write_text("recorded in May")
    (top / ".hidden").mkdir()
    (top / ".hidden" / "x.csv").write_text("junk")
    notes = []
    found = read_sequence_folder(top, FileOptions(tell=notes.append))
    assert found.labels == ("push",) * 3 + ("wave",) * 3
    assert found.names[:2] == ("push/0.csv", "push/1.csv") and found.channels == ("x", "y")
    assert found.lengths.tolist() == [2, 3, 4] * 2 and found.rate is None
    expected = pd.read_csv(top / "wave" / "1.csv")[["x", "y"]].to_numpy("float32")
    np.testing.assert_array_equal(found.values[4], expected)
    assert notes == ["data: 1 file left out: .txt."]
    # New data need no folders of labels.
    assert read_sequence_folder(top / "wave", labelled=False).names == ("0.csv", "1.csv", "2.csv")


def test_columns_in_another_order_and_a_missing_frame_are_read_right(tmp_path):
    top = folder_of_csv(tmp_path)
    (top / "wave" / "9.csv").write_text("step,y,x\n1,10,1\n2,20,2\n4,40,4\n5,50,5\n6,60,6\n")
    notes = []
    found = read_sequence_folder(top, FileOptions(tell=notes.append))
    assert found.values[-1].tolist()[:2] == [[1, 10], [2, 20]]
    assert np.isnan(found.values[-1][2]).all() and len(found.values[-1]) == 6
    assert any(note.startswith("9.csv: 1 missing step") for note in notes)


@pytest.mark.parametrize(
    "name, content, told",
    [
        ("empty.csv", "", "empty.csv"),
        ("header.csv", "step,x,y\n", "header and no rows"),
        ("wide.csv", "step,x,y,z\n1,0,0,0\n", "channels x, y, z"),
        ("text.csv", "step,x,y\n1,0,fast\n", "'fast', which is not a number"),
        ("twice.csv", "step,x,y\n1,0,0\n1,0,0\n", "step 1 twice"),
        ("other.npy", "no array", "several kinds"),
        ("sound.wav", "RIFF", "several kinds"),
    ],
)
def test_a_broken_file_among_others_is_refused_by_name(tmp_path, name, content, told):
    top = folder_of_csv(tmp_path)
    (top / "wave" / name).write_text(content)
    with pytest.raises(UserError, match=name) as error:
        read_sequence_folder(top)
    assert told in str(error.value)


@pytest.mark.parametrize(
    "made, told",
    [
        (lambda top: top, "There is no folder"),
        (lambda top: top.mkdir(), "No file of"),
        (lambda top: (top.mkdir(), (top / "a.csv").write_text("x\n1\n")), "a.csv in"),
    ],
)
def test_a_folder_without_labels_is_told(tmp_path, made, told):
    made(tmp_path / "data")
    with pytest.raises(UserError, match="data") as error:
        read_sequence_folder(tmp_path / "data")
    assert told in str(error.value)


def test_arrays_of_numpy_are_read_without_pickles(tmp_path):
    for label, value in (("a", 1.0), ("b", 2.0)):
        (tmp_path / label).mkdir()
        np.save(tmp_path / label / "one.npy", np.full((4, 3), value))
    np.save(tmp_path / "b" / "two.npy", np.array([[1, 2, 3]]))
    found = read_sequence_folder(tmp_path)
    assert found.channels == ("channel 1", "channel 2", "channel 3")
    assert found.values[2].tolist() == [[1, 2, 3]]
    for name, array in (
        ("objects.npy", np.array([{"a": 1}], dtype=object)),
        ("cube.npy", np.zeros((2, 2, 2))),
        ("none.npy", np.zeros((0, 3))),
        ("infinite.npy", np.full((2, 3), np.inf)),
    ):
        np.save(tmp_path / "a" / name, array, allow_pickle=True)
        with pytest.raises(UserError, match=name):
            read_sequence_folder(tmp_path)
        (tmp_path / "a" / name).unlink()
    whole = (tmp_path / "a" / "one.npy").read_bytes()
    (tmp_path / "a" / "cut.npy").write_bytes(whole[:100])
    with pytest.raises(UserError, match="cut.npy"):
        read_sequence_folder(tmp_path)


def write_tone(path, rate, dtype="<i2", channels=1, hertz=300):
    path.parent.mkdir(exist_ok=True, parents=True)
    tone = 0.5 * np.sin(2 * np.pi * hertz * np.arange(rate // 10) / rate)
    scale, offset = {"<i2": (32767, 0), "uint8": (127, 128), "<f4": (1, 0)}[dtype]
    samples = (tone * scale + offset).astype(dtype)
    wavfile.write(path, rate, samples if channels == 1 else np.stack([samples] * channels, 1))


def test_recordings_of_every_kind_become_one(tmp_path):
    write_tone(tmp_path / "low" / "a.wav", 8000)
    write_tone(tmp_path / "low" / "b.wav", 8000, "uint8")
    write_tone(tmp_path / "low" / "c.wav", 44100, channels=2)
    write_tone(tmp_path / "high" / "d.WAV", 16000, "<f4", hertz=900)
    notes = []
    found = read_sequence_folder(tmp_path, FileOptions(tell=notes.append))
    assert found.rate == 8000 and found.channels == ("waveform",)
    assert found.labels == ("high", "low", "low", "low")
    assert found.lengths.tolist() == [800] * 4
    first, *others = (one[50:-50, 0] for one in found.values[1:])
    for one in others:
        np.testing.assert_allclose(one, first, atol=0.02)
    assert notes == ["2 recordings were resampled to 8,000 samples a second."]
    assert read_sequence_folder(tmp_path, FileOptions(rate=16000)).lengths.tolist() == [1600] * 4
    (tmp_path / "high" / "e.wav").write_bytes(b"RIFF....WAVE")
    with pytest.raises(UserError, match="e.wav"):
        read_sequence_folder(tmp_path)


def test_a_table_lists_files_and_labels(tmp_path):
    for name in ("a", "b"):
        write_tone(tmp_path / "sound" / f"{name}.wav", 8000)
    table = pd.DataFrame({"file": ["sound/b.wav", "sound/a.wav"], "label": ["yes", "no"]})
    table.to_csv(tmp_path / "list.csv", index=False)
    found = read_listed_files(tmp_path / "list.csv")
    assert found.labels == ("yes", "no") and found.names == ("sound/b.wav", "sound/a.wav")
    assert read_listed_files(tmp_path / "list.csv", label_col=None).labels == ()
    (tmp_path / "notes.txt").write_text("recorded in May")
    for name, told in (("sound/c.wav", "is not there"), ("notes.txt", "is of another kind")):
        table.assign(file=["sound/a.wav", name]).to_csv(tmp_path / "bad.csv", index=False)
        with pytest.raises(UserError, match=f"{name} in line 3 of bad.csv {told}"):
            read_listed_files(tmp_path / "bad.csv")


TS = """#A comment
@problemName Two
@timeStamps false
@classLabel true up down
@data
1.0,2.0,?:4.0,5.0,6.0:up
7.0:8.0,9.0:down
"""


def test_a_ts_file_is_read(tmp_path):
    (tmp_path / "two.ts").write_text(TS)
    found = read_ts(tmp_path / "two.ts")
    assert found.labels == ("up", "down") and found.names == ("case 1", "case 2")
    np.testing.assert_array_equal(found.values[0], [[1, 4], [2, 5], [NAN, 6]])
    np.testing.assert_array_equal(found.values[1], [[7, 8], [NAN, 9]])
    (tmp_path / "new.ts").write_text("@data\n1,2\n3,4\n")
    assert read_ts(tmp_path / "new.ts").labels == ()


@pytest.mark.parametrize(
    "change, told",
    [
        (("@timeStamps false", "@timeStamps true"), "time stamps"),
        (("@data", "data"), "no cases"),
        (("4.0", "four"), "line 6"),
        (("7.0:8.0,9.0:down", "7.0:down"), "case 2"),
    ],
)
def test_a_broken_ts_file_is_refused_by_name(tmp_path, change, told):
    (tmp_path / "bad.ts").write_text(TS.replace(*change))
    with pytest.raises(UserError, match="bad.ts") as error:
        read_ts(tmp_path / "bad.ts")
    assert told in str(error.value)
