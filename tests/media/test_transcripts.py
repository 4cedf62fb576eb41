"""Recordings and transcripts in every layout, and what is wrong with them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from media.wav_files import tone, write_wav

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.media.transcripts import normalized, read_transcribed

TEXTS = {"a": "go home", "b": "Stop!"}


def lj_speech(folder):
    rows = ["a|Go  home|go home", "b|Stop!|Stop!"]
    (folder / "metadata.csv").write_text("\n".join(rows))
    for name in TEXTS:
        write_wav(folder / "wavs" / f"{name}.wav", tone())
    return folder


def common_voice(folder):
    table = pd.DataFrame({"client_id": 1, "path": ["a.wav", "b.wav"], "sentence": TEXTS.values()})
    table.to_csv(folder / "train.tsv", sep="\t", index=False)
    for name in TEXTS:
        write_wav(folder / "clips" / f"{name}.wav", tone())
    return folder


def kaldi(folder):
    for name in TEXTS:
        write_wav(folder / f"{name}.wav", tone())
    (folder / "wav.scp").write_text(f"a {folder / 'a.wav'}\nb b.wav\n")
    (folder / "text").write_text("a go home\nb Stop!\n")
    return folder


def sphinx(folder):
    (folder / "etc").mkdir()
    (folder / "etc" / "x.transcription").write_text("<s> go home </s> (a)\nStop! (b)\n")
    (folder / "etc" / "x.fileids").write_text("speaker/a\nspeaker/b\n")
    for name in TEXTS:
        write_wav(folder / "wav" / "speaker" / f"{name}.wav", tone())
    return folder


def plain_table(folder):
    pd.DataFrame({"file": ["a.wav", "b.wav"], "text": TEXTS.values()}).to_csv(
        folder / "mine.csv", index=False
    )
    for name in TEXTS:
        write_wav(folder / f"{name}.wav", tone())
    return folder / "mine.csv"


LAYOUTS = [lj_speech, common_voice, kaldi, sphinx, plain_table]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_recordings_with_their_transcripts(layout, tmp_path):
    rows = read_transcribed(layout(tmp_path))
    assert [name.removesuffix(".wav") for name in rows.names] == list(TEXTS)
    assert rows.labels == tuple(TEXTS.values())
    assert rows.rate == 8000 and rows.channels == ("waveform",)
    np.testing.assert_allclose(rows.values[0][:, 0], tone(), atol=1e-3)


def test_a_table_of_the_layout_may_be_named_in_place_of_its_folder(tmp_path):
    for name, layout in (("metadata.csv", lj_speech), ("wav.scp", kaldi)):
        folder = tmp_path / layout.__name__
        folder.mkdir()
        assert read_transcribed(layout(folder) / name).labels == tuple(TEXTS.values())


def test_a_table_in_memory_and_new_recordings_without_transcripts(tmp_path):
    plain_table(tmp_path)
    table = pd.DataFrame({"file": [str(tmp_path / "a.wav")], "text": ["go home"]})
    assert read_transcribed(table).labels == ("go home",)
    for source in (tmp_path / "a.wav", tmp_path, tmp_path / "mine.csv"):
        rows = read_transcribed(source, labelled=False)
        assert rows.labels == () and rows.names[0] == "a.wav"


def test_files_of_all_kinds_come_to_one_rate(tmp_path):
    write_wav(tmp_path / "1.wav", tone(rate=44100), 44100, channels=2)
    write_wav(tmp_path / "2.wav", tone(), width=1)
    write_wav(tmp_path / "3.wav", tone())
    table, notes = pd.DataFrame({"file": ["1.wav", "2.wav", "3.wav"], "text": "go"}), []
    table.to_csv(tmp_path / "x.csv", index=False)
    rows = read_transcribed(tmp_path / "x.csv", tell=notes.append)
    assert rows.rate == 8000 and len(set(rows.lengths)) == 1
    for values in rows.values:
        np.testing.assert_allclose(values[200:-200, 0], tone()[200:-200], atol=0.02)
    assert notes == ["1 recording was resampled to 8,000 samples a second."]


def test_a_file_that_is_cut_short_is_told(tmp_path):
    plain_table(tmp_path)
    content = (tmp_path / "b.wav").read_bytes()
    (tmp_path / "b.wav").write_bytes(content[: len(content) // 2])
    notes = []
    read_transcribed(tmp_path / "mine.csv", tell=notes.append)
    assert len(notes) == 1 and notes[0].startswith("b.wav is cut short")


def broken(folder):
    plain_table(folder)
    (folder / "b.wav").write_bytes(b"no sound at all")


def missing(folder):
    plain_table(folder)
    (folder / "b.wav").unlink()


def compressed(folder):
    plain_table(folder)
    (folder / "mine.csv").write_text("file,text\na.mp3,go\n")


def without_text(folder):
    plain_table(folder)
    (folder / "mine.csv").write_text("file,text\na.wav,go\nb.wav,\n")


def without_column(folder):
    plain_table(folder)
    (folder / "mine.csv").write_text("file,words\na.wav,go\n")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (broken, "b.wav cannot be read as a WAV file"),
        (missing, "b.wav in line 3 of mine.csv is not there"),
        (compressed, "a.mp3 in line 2 of mine.csv is no recording"),
        (without_text, "line 3 of mine.csv"),
        (without_column, "'text'"),
    ],
)
def test_what_is_wrong_is_named(make, message, tmp_path):
    make(tmp_path)
    with pytest.raises(UserError, match=message):
        read_transcribed(tmp_path / "mine.csv")


def test_layouts_that_cannot_be_read_are_refused(tmp_path):
    with pytest.raises(UserError, match="no table of transcripts"):
        read_transcribed(tmp_path)
    with pytest.raises(UserError, match="There is no file"):
        read_transcribed(tmp_path / "none.csv")
    common_voice(tmp_path)
    (tmp_path / "test.tsv").write_text("path\tsentence\n")
    with pytest.raises(UserError, match="several tables of transcripts: test.tsv, train.tsv"):
        read_transcribed(tmp_path)
    (tmp_path / "x.transcription").write_text("GO (a)\n")
    with pytest.raises(UserError, match=r"no x\.fileids"):
        read_transcribed(tmp_path / "x.transcription")
    (tmp_path / "x.fileids").write_text("b\n")
    with pytest.raises(UserError, match=r"Line 1 of x\.transcription"):
        read_transcribed(tmp_path / "x.transcription")


def test_kaldi_commands_and_segments_are_refused_and_gaps_are_told(tmp_path):
    kaldi(tmp_path)
    write_wav(tmp_path / "c.wav", tone())
    with (tmp_path / "wav.scp").open("a") as file:
        file.write("c c.wav\n")
    with (tmp_path / "text").open("a") as file:
        file.write("d gone\n")
    notes = []
    assert len(read_transcribed(tmp_path, tell=notes.append)) == 2
    assert notes == [
        "1 recording of wav.scp without a transcript left out: c.",
        "1 transcript of text without a recording left out: d.",
    ]
    (tmp_path / "wav.scp").write_text("a sox a.flac -t wav - |\n")
    with pytest.raises(UserError, match="output of a command"):
        read_transcribed(tmp_path)
    (tmp_path / "segments").write_text("")
    with pytest.raises(UserError, match="segments"):
        read_transcribed(tmp_path)


@pytest.mark.parametrize(
    ("text", "options", "wanted"),
    [
        ("  Two\twords ", {}, "two words"),
        ("It\N{RIGHT SINGLE QUOTATION MARK}s well-known: 'yes'.", {}, "it's well-known yes"),
        ("E\N{COMBINING ACUTE ACCENT}t", {}, "\N{LATIN SMALL LETTER E WITH ACUTE}t"),
        ("Go!", {"lower": False, "punctuation": True}, "Go!"),
        ("...", {}, ""),
    ],
)
def test_transcripts_are_written_in_one_way(text, options, wanted):
    assert normalized(text, **options) == wanted
    assert normalized(wanted, **options) == wanted
