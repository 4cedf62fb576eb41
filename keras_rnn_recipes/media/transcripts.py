"""Recordings with transcripts, in the layouts of published collections and in tables."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keras_rnn_recipes.data.reading import open_table
from keras_rnn_recipes.errors import UserError, counted, first_names
from keras_rnn_recipes.media.sequence_files import FileOptions, read_files
from keras_rnn_recipes.media.sequence_tables import Tell, filled_cells, ignore, require_column
from keras_rnn_recipes.media.sequences import LabelledSequences

# Files of single recordings; the last two hold features in place of waveforms.
RECORDINGS = (".wav", ".npy", ".mfc")

# Columns of the tables of Common Voice.
_COMMON_VOICE = ("path", "sentence")


@dataclass
class _Listed:
    """The files that a layout lists, with their names, transcripts, and where each stands."""

    files: list[Path] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    where: list[str] = field(default_factory=list)

    def add(self, file: Path, name: str, text: str, where: str) -> None:
        """Add a recording."""
        self.files.append(file)
        self.names.append(name)
        self.texts.append(text)
        self.where.append(where)


def read_transcribed(
    source: Any,
    *,
    file_col: str = "file",
    text_col: str = "text",
    labelled: bool = True,
    rate: int | None = None,
    tell: Tell = ignore,
) -> LabelledSequences:
    """Read recordings and their transcripts.

    Args:
        source: one of

            - a table with a column of files and one of texts, or a DataFrame; paths are relative to
              the folder of the table, or else to the current folder;
            - ``metadata.csv`` of LJSpeech (``id|text`` or ``id|text|normalized text``, files in
              ``wavs``), or its folder;
            - a ``.tsv`` file of Common Voice (columns ``path`` and ``sentence``, files in
              ``clips``), or its folder if there is one table in it;
            - a folder of Kaldi with ``wav.scp`` and ``text``;
            - a ``.transcription`` file of CMU Sphinx with a ``.fileids`` file next to it, or its
              folder;
            - without transcripts, a recording or a folder of recordings.
        file_col, text_col: columns of a table.
        labelled: whether transcripts are needed; otherwise they are not read.
        rate: samples per second of waveforms; None for the most frequent one of the files.
        tell: called with each assumption about the files.

    Returns:
        The recordings, whose labels are the transcripts.

    Raises:
        UserError: an unknown layout, a missing column, file or transcript, or a file that cannot be
            used; the message names it.
    """
    options = FileOptions(rate=rate, tell=tell)
    if isinstance(source, (str, Path)):
        path = Path(source)
        if not path.exists():
            raise UserError(f"There is no file {path}.", "a file or a folder.", "correct the path.")
        if not labelled and path.suffix.lower() in RECORDINGS:
            return read_files([path], [path.name], (), options)
        reader = _layout(path)
        if reader is None and path.is_dir():
            if labelled:
                raise _unknown_layout(path)
            return _recordings(path, options)
        listed = reader(path, tell) if reader else _table(path, file_col, text_col, labelled, tell)
    else:
        listed = _table(source, file_col, text_col, labelled, tell)
    _check(listed, labelled)
    texts = listed.texts if labelled else ()
    return read_files(listed.files, listed.names, texts, options)


def _recordings(folder: Path, options: FileOptions) -> LabelledSequences:
    """The recordings of a folder and its subfolders, without transcripts."""
    files = sorted(one for one in folder.rglob("*") if one.suffix.lower() in RECORDINGS)
    if not files:
        raise UserError(
            f"There is no recording in {folder}.",
            f"files that end in {', '.join(RECORDINGS)}.",
            "correct the path, or convert the recordings to WAV.",
        )
    names = [one.relative_to(folder).as_posix() for one in files]
    return read_files(files, names, (), options)


def normalized(text: str, *, lower: bool = True, punctuation: bool = False) -> str:
    """A transcript as it is learned: composed characters, single spaces.

    Args:
        text: the transcript.
        lower: make it lower case.
        punctuation: keep punctuation; otherwise all but apostrophes and hyphens within words
            becomes a space.

    Example:
        >>> normalized("Printing,  in the ONLY sense; isn't it?")
        "printing in the only sense isn't it"
    """
    text = unicodedata.normalize("NFC", text).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    if not punctuation:
        text = re.sub(r"(?<=\w)(['-])(?=\w)", lambda one: {"'": "\0", "-": "\1"}[one[1]], text)
        text = "".join(" " if unicodedata.category(one)[0] in "PS" else one for one in text)
        text = text.replace("\0", "'").replace("\1", "-")
    text = " ".join(text.split())
    return text.lower() if lower else text


def _layout(path: Path) -> Callable[[Path, Tell], _Listed] | None:
    """The reader of a published layout; None for tables and for other folders."""
    folder = path if path.is_dir() else path.parent
    if path.name == "wav.scp" or (path.is_dir() and (path / "wav.scp").exists()):
        return lambda _, tell: _kaldi(folder, tell)
    if path.suffix == ".transcription":
        return lambda _, tell: _sphinx(path, tell)
    if path.is_dir():
        return _folder_layout(path)
    return _lj_speech if path.suffix == ".csv" and _is_lj_speech(path) else None


def _folder_layout(folder: Path) -> Callable[[Path, Tell], _Listed] | None:
    if (folder / "metadata.csv").exists() and _is_lj_speech(folder / "metadata.csv"):
        return lambda _, tell: _lj_speech(folder / "metadata.csv", tell)
    for pattern, reader in (
        ("*.tsv", lambda path, tell: _table(path, *_COMMON_VOICE, True, tell)),
        ("*.transcription", _sphinx),
        ("etc/*.transcription", _sphinx),
    ):
        found = sorted(folder.glob(pattern))
        if len(found) == 1:
            return lambda _, tell, reader=reader, found=found: reader(found[0], tell)  # type: ignore[misc]
        if found:
            names = first_names([one.relative_to(folder).as_posix() for one in found], 8)
            raise UserError(
                f"{folder} holds several tables of transcripts: {names}.",
                "one table.",
                f"name it: data.train={found[0]}, and others by data.valid and data.test.",
            )
    return None


def _is_lj_speech(path: Path) -> bool:
    with path.open("rb") as file:
        first = file.readline()
    return b"|" in first and not first.lower().startswith((b"file|", b"path|"))


def _lj_speech(path: Path, tell: Tell) -> _Listed:
    listed = _Listed()
    for line, row in _lines(path):
        name, *texts = row.split("|")
        if not texts:
            raise _bad_line(path, line, "an id and a text, divided by |")
        stem = name.strip().removesuffix(".wav")
        file = path.parent / "wavs" / f"{stem}.wav"
        # The third column is normalized: numbers as words.
        listed.add(file, f"{stem}.wav", texts[-1] or texts[0], f"line {line} of {path.name}")
    return listed


def _kaldi(folder: Path, tell: Tell) -> _Listed:
    if (folder / "segments").exists():
        raise UserError(
            f"{folder} has segments of recordings.",
            "one recording for each utterance.",
            "cut the recordings at the segments, and leave out the file segments.",
        )
    texts = _keyed(folder / "text") if (folder / "text").exists() else {}
    listed, without = _Listed(), []
    for line, row in _lines(folder / "wav.scp"):
        key, _, file = row.partition(" ")
        where = f"line {line} of wav.scp"
        if file.strip().endswith("|"):
            raise UserError(
                f"The recording {key} in {where} is the output of a command.",
                "the path of a WAV file.",
                "run the commands once, and write the paths of the files that they make.",
            )
        if texts and key not in texts:
            without.append(key)
            continue
        listed.add(_beside(folder, file.strip()), key, texts.get(key, ""), where)
    if without:
        left = counted(len(without), "recording")
        tell(f"{left} of wav.scp without a transcript left out: {first_names(without, 5)}.")
    missing = [key for key in texts if key not in set(listed.names)]
    if missing:
        left = counted(len(missing), "transcript")
        tell(f"{left} of text without a recording left out: {first_names(missing, 5)}.")
    return listed


def _keyed(path: Path) -> dict[str, str]:
    """The rest of each line by its first word."""
    pairs = (row.partition(" ") for _, row in _lines(path))
    return {key: text.strip() for key, _, text in pairs}


def _sphinx(path: Path, tell: Tell) -> _Listed:
    """Transcripts such as ``<s> YES </s> (an251-fash-b)``, and paths without their ending."""
    ids = path.with_suffix(".fileids")
    if not ids.exists():
        raise UserError(
            f"There is no {ids.name} next to {path.name}.",
            "a file with the path of each recording.",
            "put it there.",
        )
    files = {Path(row).name: row for _, row in _lines(ids)}
    listed = _Listed()
    for line, row in _lines(path):
        found = re.fullmatch(r"(?:<s>)?(.*?)(?:</s>)?\s*\(([^()]*)\)", row.strip())
        if found is None or found[2] not in files:
            raise _bad_line(path, line, f"a text and (an id) that {ids.name} holds")
        stem = files[found[2]]
        tops = [path.parent / top for top in (".", "feat", "wav", "../feat", "../wav")]
        options = [top / f"{stem}{ending}" for top in tops for ending in RECORDINGS]
        file = next((one for one in options if one.exists()), tops[0] / f"{stem}.wav")
        listed.add(
            file, f"{found[2]}{file.suffix}", found[1].strip(), f"line {line} of {path.name}"
        )
    return listed


def _table(source: Any, file_col: str, text_col: str, labelled: bool, tell: Tell) -> _Listed:
    table = open_table(source)
    for note in table.notes:
        tell(note)
    columns = [str(name) for name in table.sample.columns]
    if file_col not in columns and set(_COMMON_VOICE) <= set(columns):
        file_col, text_col = _COMMON_VOICE
    require_column(table, file_col, "data.file_col")
    if labelled:
        require_column(table, text_col, "data.text_col")
    frame = table.load([file_col, *([text_col] if labelled else [])])
    names = filled_cells(frame[file_col], table, "no file").tolist()
    texts = filled_cells(frame[text_col], table, "no text").tolist() if labelled else []
    folder = table.path.parent if table.path is not None else Path()
    listed = _Listed()
    for place, name in enumerate(names):
        text = texts[place] if labelled else ""
        listed.add(_beside(folder, name), name, text, table.where(frame.index[place]))
    return listed


def _beside(folder: Path, name: str) -> Path:
    """A file next to a table, in its folder ``clips`` or ``wavs``, or in the current folder."""
    options = [folder / name, folder / "clips" / name, folder / "wavs" / name, Path(name)]
    return next((one for one in options if one.exists()), options[0])


def _lines(path: Path) -> list[tuple[int, str]]:
    """The lines of a file that are not empty, with their numbers."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path.name} is not in UTF-8.", "a text file in UTF-8.", "save it again in UTF-8."
        ) from error
    lines = enumerate(content.splitlines(), start=1)
    return [(number, line) for number, line in lines if line.strip()]


def _check(listed: _Listed, labelled: bool) -> None:
    """Refuse missing files, files of another kind, and empty transcripts."""
    rows = zip(listed.files, listed.names, listed.texts, listed.where, strict=True)
    for file, name, text, where in rows:
        if file.suffix.lower() not in RECORDINGS:
            raise UserError(
                f"The file {name} in {where} is no recording that can be read.",
                f"a file that ends in {', '.join(RECORDINGS)}.",
                "convert it, for example with ffmpeg -i clip.mp3 -ar 16000 clip.wav.",
            )
        if not file.is_file():
            raise UserError(
                f"The file {name} in {where} is not there.",
                f"an existing file, such as {file}.",
                "correct the path, or leave the line out.",
            )
        if labelled and not text.strip():
            raise UserError(
                f"{where} has no text for {name}.",
                "the words that are spoken.",
                "write them, or leave the recording out.",
            )
    if not listed.files:
        raise UserError("No recording is listed.", "at least one.", "correct the table.")


def _bad_line(path: Path, line: int, expected: str) -> UserError:
    return UserError(f"Line {line} of {path.name} cannot be read.", f"{expected}.", "correct it.")


def _unknown_layout(folder: Path) -> UserError:
    return UserError(
        f"{folder} holds no table of transcripts that is known.",
        "metadata.csv (id|text), a .tsv file of Common Voice, wav.scp and text of Kaldi, or a "
        ".transcription file.",
        "give the path of a CSV file with the columns file and text.",
    )


def characters_of(texts: Sequence[str]) -> tuple[str, ...]:
    """The characters that occur in texts, in the order of their code points.

    Example:
        >>> characters_of(["ba", "a b"])
        (' ', 'a', 'b')
    """
    return tuple(sorted(set("".join(texts))))
