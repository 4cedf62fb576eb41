"""ABC tunes as piano rolls: a small reader of melody, repeats and chord symbols.

It reads what folk tunes are written with: keys, meters, lengths, accidentals, tuplets, broken
rhythms, ties, chords, repeats with first and second endings, and chord symbols above the melody,
which are played as chords in the octave below middle C. It does not read ornaments, grace notes,
words, or the order of parts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from keras_rnn_recipes.data.files import check_file
from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.media.abc_repeats import ENDING, REPEAT_END, REPEAT_START, SECTION, unfold
from keras_rnn_recipes.media.piano_rolls import LOWEST, NUM_KEYS, TEMPO, Note, Piece, roll_of

Tell = Callable[[str], None]

KIND = "a text file of ABC tunes"

_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SHARPS = "FCGDAEB"
# Sharps of a major key less those of the same tonic in the mode.
_MODES = {
    **dict.fromkeys(("", "maj", "ion"), 0),
    **dict.fromkeys(("m", "min", "aeo"), 3),
    **{"mix": 1, "dor": 2, "phr": 4, "loc": 5, "lyd": -1},
}
_SIGNS = {"^": 1, "^^": 2, "_": -1, "__": -2, "=": 0}
# Semitones above the root.
_CHORDS = {
    **{"": (0, 4, 7), "m": (0, 3, 7), "min": (0, 3, 7), "7": (0, 4, 7, 10), "m7": (0, 3, 7, 10)},
    **{"maj7": (0, 4, 7, 11), "6": (0, 4, 7, 9), "m6": (0, 3, 7, 9), "9": (0, 4, 7, 10)},
    **{"d": (0, 3, 6), "dim": (0, 3, 6), "a": (0, 4, 8), "aug": (0, 4, 8), "+": (0, 4, 8)},
}
_TUPLETS = {2: 3, 3: 2, 4: 3, 5: 2, 6: 2, 7: 2, 8: 3, 9: 2}

_LENGTH = r"(?P<length>\d*(?:/\d*)*)"
_TOKENS = re.compile(
    r"""
      \[(?P<field>[A-Za-z]):(?P<value>[^\]]*)\]         # a field inside a line
    | "(?P<symbol>[^"]*)"                               # a chord symbol, or words
    | (?P<skipped>\{[^}]*\}|![^!\n]*!|\+\w+\+|[~.uvTHLMOPSJR]|[()](?!\d)|[ \t`&y$*])
    | \((?P<tuplet>\d)(?::(?P<time>\d?))?(?::(?P<count>\d?))?
    | (?P<bar>\|?\[(?P<ending>\d[\d,-]*)
        |:\|?\[?(?P<second>\d)|\|+(?P<third>\d)
        |:*\|*\]?:+\|*:*|\[\||\|+\]?|\]\|?)
    | \[(?P<chord>[^\]|]*)\]"""
    + _LENGTH.replace("length", "chord_length")
    + r"""
    | (?P<sign>\^\^|\^|__|_|=)?(?P<letter>[A-Ga-g])(?P<octave>[,']*)"""
    + _LENGTH
    + r"""
    | (?P<rest>[zxZ])"""
    + _LENGTH.replace("length", "rest_length")
    + r"""
    | (?P<tie>-)
    | (?P<broken>>+|<+)
    """,
    re.VERBOSE,
)
_NOTE = re.compile(r"(\^\^|\^|__|_|=)?([A-Ga-g])([,']*)(\d*(?:/\d*)*)")
_SYMBOL = re.compile(r"([A-G])([#b]?)([a-z0-9+]*)(?:/([A-G])([#b]?))?$")


@dataclass
class _Sound:
    """Something that takes time: the pitches of a note or chord, or none for a rest."""

    pitches: tuple[int, ...]
    length: Fraction
    tied: bool = False


@dataclass(frozen=True)
class _Symbol:
    """A chord that is played until the next one."""

    pitches: tuple[int, ...]


@dataclass
class _Tune:
    """What is known while a tune is read; lengths are shares of a whole note."""

    number: str
    title: str = ""
    meter: Fraction = Fraction(1)
    unit: Fraction | None = None
    tempo: float = TEMPO
    key: dict[str, int] = field(default_factory=dict)
    accidentals: dict[tuple[str, str], int] = field(default_factory=dict)
    items: list[object] = field(default_factory=list)
    tuplet: tuple[int, Fraction] = (0, Fraction(1))
    broken: Fraction = Fraction(1)
    strange: int = 0


def read_abc(
    path: str | Path, *, frames_per_beat: int = 4, tell: Tell = lambda note: None
) -> list[Piece]:
    """Read all tunes of a file.

    Args:
        path: a text file; every tune begins with a line such as ``X:1``.
        frames_per_beat: frames of a quarter note.
        tell: called with each assumption: signs that were left out, notes between frames.

    Raises:
        UserError: no such file, or no tune in it; the message names the file.

    Example:
        >>> len(read_abc("jigs.abc"))  # doctest: +SKIP
        340
    """
    path = Path(path)
    check_file(path, KIND)
    text = path.read_bytes().decode("utf-8", "replace")
    tunes = [_read_tune(lines) for lines in _tunes(text)]
    found = [(tune, *_played(tune, frames_per_beat)) for tune in tunes]
    pieces = [
        Piece(roll_of(notes), f"{path.name}, {tune.number} {tune.title}".rstrip(), tune.tempo)
        for tune, notes, _ in found
        if notes
    ]
    if not pieces:
        raise UserError(
            f"{path.name} holds no tune in ABC notation.",
            "tunes that begin with a line such as X:1 and have notes.",
            "check the file, or leave it out.",
        )
    strange = sum(tune.strange for tune in tunes)
    moved = sum(count for _, _, count in found)
    told = [f"{counted(strange, 'sign')} not understood and left out"] if strange else []
    if moved:
        told.append(
            f"{counted(moved, 'note')} moved to the nearest of {frames_per_beat} frames a beat"
        )
    if told:
        tell(f"{path.name}: {'; '.join(told)}.")
    return pieces


def _tunes(text: str) -> Iterator[list[str]]:
    """The lines of each tune, without comments."""
    lines: list[str] = []
    for line in text.replace("\\\r\n", "").replace("\\\n", "").splitlines():
        if line.startswith("X:"):
            if lines:
                yield lines
            lines = []
        if lines or line.startswith("X:"):
            lines.append(line.partition("%")[0].strip())
    if lines:
        yield lines


def _read_tune(lines: Sequence[str]) -> _Tune:
    tune = _Tune(lines[0][2:].strip())
    for line in lines[1:]:
        if re.match(r"[A-Za-z]:(?![|:])", line):
            _read_field(tune, line[0], line[2:].strip())
        elif line:
            _read_music(tune, line)
    return tune


def _read_field(tune: _Tune, name: str, value: str) -> None:
    if name == "T":
        tune.title = tune.title or value
    elif name == "M":
        tune.meter = _meter(value)
    elif name == "L":
        tune.unit = _fraction(value) or tune.unit
    elif name == "Q":
        tune.tempo = _tempo(value, tune)
    elif name == "K":
        tune.key = _key(value)
    elif name == "P":
        tune.items.append(SECTION)


def _read_music(tune: _Tune, line: str) -> None:
    place = 0
    while place < len(line):
        match = _TOKENS.match(line, place)
        if match is None or match.end() == place:
            tune.strange += 1
            place += 1
            continue
        place = match.end()
        _read_token(tune, match.groupdict())


def _read_token(tune: _Tune, token: dict[str, str | None]) -> None:
    if token["field"]:
        _read_field(tune, token["field"], (token["value"] or "").strip())
    elif token["symbol"] is not None:
        pitches = _symbol(token["symbol"])
        tune.items += [_Symbol(pitches)] if pitches else []
    elif token["tuplet"]:
        _begin_tuplet(tune, token)
    elif token["bar"]:
        _read_bar(tune, token)
    elif token["chord"] is not None:
        notes = _NOTE.findall(token["chord"])
        if notes:
            first = _length(notes[0][3]) * _length(token["chord_length"])
            _add(tune, tuple(_pitch(tune, *note[:3]) for note in notes), first)
    elif token["letter"]:
        pitch = _pitch(tune, token["sign"] or "", token["letter"], token["octave"] or "")
        _add(tune, (pitch,), _length(token["length"]))
    elif token["rest"]:
        length = _length(token["rest_length"])
        whole = tune.meter / _unit(tune) if token["rest"] == "Z" else 1
        _add(tune, (), length * whole)
    elif token["tie"]:
        for last in _last_sound(tune):
            last.tied = True
    elif token["broken"]:
        _break_rhythm(tune, token["broken"])


def _read_bar(tune: _Tune, token: dict[str, str | None]) -> None:
    tune.accidentals = {}
    bar = token["bar"] or ""
    number = token["ending"] or token["second"] or token["third"]
    if bar.startswith(":") or (bar.count(":") > 1):
        tune.items.append(REPEAT_END)
    if not number and bar.endswith(":") and (bar.strip(":") or len(bar) > 1):
        tune.items.append(REPEAT_START)
    elif not number and (bar.count("|") > 1 or "]" in bar):
        tune.items.append(SECTION)
    if number:
        tune.items.append((ENDING, frozenset(map(int, re.findall(r"\d", number)))))


def _begin_tuplet(tune: _Tune, token: dict[str, str | None]) -> None:
    notes = int(token["tuplet"] or 0)
    time = int(token["time"] or _TUPLETS.get(notes, 2))
    tune.tuplet = int(token["count"] or notes), Fraction(time, max(notes, 1))


def _break_rhythm(tune: _Tune, signs: str) -> None:
    """A dotted note and a short one, or the other way around."""
    short = Fraction(1, 2 ** len(signs))
    before, tune.broken = (2 - short, short) if signs[0] == ">" else (short, 2 - short)
    for last in _last_sound(tune):
        last.length *= before


def _add(tune: _Tune, pitches: tuple[int, ...], length: Fraction) -> None:
    left, share = tune.tuplet
    length *= _unit(tune) * tune.broken * (share if left else 1)
    tune.tuplet, tune.broken = (max(left - 1, 0), share), Fraction(1)
    tune.items.append(_Sound(pitches, length))


def _last_sound(tune: _Tune) -> list[_Sound]:
    return next(([item] for item in reversed(tune.items) if isinstance(item, _Sound)), [])


def _unit(tune: _Tune) -> Fraction:
    return tune.unit or Fraction(1, 16 if tune.meter < Fraction(3, 4) else 8)


def _pitch(tune: _Tune, sign: str, letter: str, octave: str) -> int:
    upper = letter.upper()
    if sign:
        tune.accidentals[upper, letter + octave] = _SIGNS[sign]
    change = tune.accidentals.get((upper, letter + octave), tune.key.get(upper, 0))
    high = 12 if letter.islower() else 0
    return 60 + _STEPS[upper] + high + 12 * (octave.count("'") - octave.count(",")) + change


def _symbol(text: str) -> tuple[int, ...]:
    """The pitches of a chord symbol, in the octave from C3 on; none for other words."""
    match = _SYMBOL.match(text.strip())
    if match is None or match[3] not in _CHORDS:
        return ()
    root = (_STEPS[match[1]] + {"#": 1, "b": -1, "": 0}[match[2]]) % 12
    pitches = tuple(48 + root + step for step in _CHORDS[match[3]])
    if match[4]:
        bass = (_STEPS[match[4]] + {"#": 1, "b": -1, "": 0}[match[5] or ""]) % 12
        pitches = (36 + bass, *pitches)
    return pitches


def _key(value: str) -> dict[str, int]:
    """Sharps (1) and flats (-1) by letter."""
    match = re.match(r"([A-G])([#b]?)\s*([A-Za-z]*)", value)
    if match is None:
        return {}
    mode = match[3].lower()
    mode = mode if mode in _MODES else mode[:3]
    sharps = _SHARPS.index(match[1]) - 1 + {"#": 7, "b": -7, "": 0}[match[2]]
    sharps -= _MODES.get(mode, 0)
    letters = _SHARPS[:sharps] if sharps > 0 else _SHARPS[::-1][:-sharps]
    return dict.fromkeys(letters, 1 if sharps > 0 else -1)


def _meter(value: str) -> Fraction:
    named = {"C": Fraction(1), "C|": Fraction(1), "none": Fraction(1)}
    return named.get(value) or _fraction(value) or Fraction(1)


def _fraction(value: str) -> Fraction | None:
    match = re.match(r"(\d+)\s*/\s*(\d+)", value)
    return Fraction(int(match[1]), int(match[2])) if match and int(match[2]) else None


def _tempo(value: str, tune: _Tune) -> float:
    """Quarter notes a minute, of ``120``, ``1/4=120`` or ``3/8=60``."""
    match = re.search(r"(?:(\d+/\d+)\s*=\s*)?(\d+)\s*$", value.split('"')[0].strip())
    if match is None or not int(match[2]):
        return tune.tempo
    beat = _fraction(match[1]) if match[1] else Fraction(1, 4)
    quarters = 4 * int(match[2]) * float(beat or Fraction(1, 4))
    return min(max(quarters, 20.0), 400.0)


def _length(text: str | None) -> Fraction:
    """A length such as ``2``, ``/2``, ``3/2`` or ``//``, as a multiple of the unit."""
    whole, *parts = (text or "").split("/")
    length = Fraction(int(whole or 1))
    for part in parts:
        length /= int(part or 2) or 1
    return length


def _played(tune: _Tune, frames_per_beat: int) -> tuple[list[Note], int]:
    """The notes of a tune in frames, and how many of them do not begin on a frame."""
    now, moved = Fraction(0), 0
    notes: list[Note] = []
    chord: tuple[tuple[int, ...], Fraction] = ((), now)
    tied: dict[int, Fraction] = {}
    frames = 4 * frames_per_beat

    def add(pitch: int, start: Fraction, end: Fraction) -> None:
        first = round(start * frames)
        if LOWEST <= pitch < LOWEST + NUM_KEYS:
            notes.append(Note(pitch, first, max(round(end * frames), first + 1)))

    for item in unfold(tune.items):
        if isinstance(item, _Symbol):
            for pitch in chord[0]:
                add(pitch, chord[1], now)
            chord = item.pitches, now
        elif isinstance(item, _Sound):
            moved += bool(item.pitches) and (now * frames).denominator > 1
            begun = {pitch: tied.get(pitch, now) for pitch in item.pitches}
            now += item.length
            tied = begun if item.tied else {}
            for pitch, start in begun.items() if not item.tied else ():
                add(pitch, start, now)
    for pitch, start in tied.items():
        add(pitch, start, now)
    for pitch in chord[0]:
        add(pitch, chord[1], now)
    return notes, moved
