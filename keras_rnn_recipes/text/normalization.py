"""Unicode normalization (NFC and NFKC) with TensorFlow's operations, for training and serving.

TensorFlow has no operation for it. Texts without a character that could change are returned at
once; others are decomposed, their combining marks are sorted, and what can be composed is composed.
The tables are those of Python's ``unicodedata``.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable
from typing import Literal, NamedTuple

import numpy as np
import tensorflow as tf

_END = 0x30000  # characters beyond decompose into nothing else
_SYLLABLES, _NUM_SYLLABLES = 0xAC00, 11172  # of Hangul, composed by arithmetic
_LEADING, _VOWELS, _TRAILING = (0x1100, 19), (0x1161, 21), (0x11A7, 28)
_RADIX = 1 << 21


class _Tables(NamedTuple):
    """What normalization needs to know about characters, by code point.

    Attributes:
        decomposed: code points that decompose, sorted; ``parts`` of each, joined, with ``lengths``.
        marks: code points of combining marks, sorted, and their ``classes``.
        pairs: ``first * _RADIX + second`` of two code points that compose, sorted, and into what.
        followers: code points that compose with the one before though they are no marks, sorted.
        pattern: regular expression of a text that may change.
    """

    decomposed: np.ndarray
    lengths: np.ndarray
    parts: np.ndarray
    marks: np.ndarray
    classes: np.ndarray
    pairs: np.ndarray
    composed: np.ndarray
    followers: np.ndarray
    pattern: str


def normalize(texts: tf.Tensor, form: Literal["NFC", "NFKC"]) -> tf.Tensor:
    """Texts in a Unicode normalization form.

    Args:
        texts: string ``(batch,)``, valid UTF-8.
        form: "NFC": a letter and its accents are one character where there is one; "NFKC": in
            addition full-width letters, ligatures and other variants become the usual characters.

    Returns:
        string ``(batch,)``.

    Source: Unicode Standard Annex 15, Unicode normalization forms.

    Example:
        >>> normalize(tf.constant(["e\u0301", "Ａ１"]), "NFKC").numpy()[0].decode()
        'é'
    """
    tables = _tables(form)
    changes = tf.reduce_any(tf.strings.regex_full_match(texts, tables.pattern))
    return tf.cond(changes, lambda: _normalized(texts, tables), lambda: tf.identity(texts))


def _normalized(texts: tf.Tensor, tables: _Tables) -> tf.Tensor:
    points = _decompose(tf.strings.unicode_decode(texts, "UTF-8"), tables)
    points = _sort_marks(points, tables)
    return tf.strings.unicode_encode(_compose(points, tables), "UTF-8")


def _decompose(points: tf.RaggedTensor, tables: _Tables) -> tf.RaggedTensor:
    """Replace each code point by its parts."""
    flat = points.flat_values
    place, known = _find(tables.decomposed, flat)
    before = np.cumsum(tables.lengths, dtype="int32") - tables.lengths
    starts = tf.gather(tf.constant(before), place)
    lengths = tf.where(known, tf.gather(tf.constant(tables.lengths), place), 1)
    ends = tf.cumsum(lengths)
    origin = tf.repeat(tf.range(tf.size(flat)), lengths)
    within = tf.range(tf.size(origin)) - tf.gather(ends - lengths, origin)
    part = tf.where(tf.gather(known, origin), tf.gather(starts, origin) + within, 0)
    values = tf.where(
        tf.gather(known, origin),
        tf.gather(tf.constant(tables.parts), part),
        tf.gather(flat, origin),
    )
    splits = tf.gather(tf.concat([[0], ends], 0), points.row_splits)
    return tf.RaggedTensor.from_row_splits(values, tf.cast(splits, tf.int64), validate=False)


def _sort_marks(points: tf.RaggedTensor, tables: _Tables) -> tf.RaggedTensor:
    """Sort the marks of each letter by their combining class; equal ones keep their order."""
    classes = tf.cast(_classes(points.flat_values, tables), tf.int64)
    letters = tf.cumsum(tf.cast(classes == 0, tf.int64))
    rows = points.value_rowids() * (tf.size(classes, tf.int64) + 1)
    order = tf.argsort((rows + letters) * 256 + classes, stable=True)
    return points.with_flat_values(tf.gather(points.flat_values, order))


def _compose(points: tf.RaggedTensor, tables: _Tables) -> tf.RaggedTensor:
    """Compose each letter with the marks after it, one mark of every letter at a time."""
    flat, rows = points.flat_values, points.value_rowids()
    classes, size = _classes(flat, tables), tf.size(flat)
    follows = (classes > 0) | _find(tables.followers, flat)[1]
    first_of_row = tf.concat([[True], rows[1:] != rows[:-1]], 0)[:size]
    begins = first_of_row | ~follows
    groups = tf.cumsum(tf.cast(begins, tf.int32)) - 1
    bases = tf.cast(tf.where(begins)[:, 0], tf.int32)
    offsets = tf.range(size) - tf.gather(bases, groups)

    def step(offset, flat, kept, bases, last):
        at = tf.cast(tf.where(offsets == offset)[:, 0], tf.int32)
        group, kind = tf.gather(groups, at), tf.gather(classes, at)
        base = tf.gather(bases, group)
        new = _composed(tf.gather(flat, base), tf.gather(flat, at), tables)
        # A mark of the same or a higher class between the two blocks.
        done = (new >= 0) & (tf.gather(last, group) < kind)
        flat = tf.tensor_scatter_nd_update(
            flat, base[:, None], tf.where(done, new, tf.gather(flat, base))
        )
        kept = tf.tensor_scatter_nd_update(kept, at[:, None], ~done)
        restarts = ~done & (kind == 0)
        bases = tf.tensor_scatter_nd_update(bases, group[:, None], tf.where(restarts, at, base))
        blocks = tf.where(done, tf.gather(last, group), tf.where(restarts, -1, kind))
        last = tf.tensor_scatter_nd_update(last, group[:, None], blocks)
        return offset + 1, flat, kept, bases, last

    longest = tf.reduce_max(tf.concat([[0], offsets], 0))
    before = (1, flat, tf.ones([size], tf.bool), bases, tf.fill([tf.size(bases)], -1))
    _, flat, kept, _, _ = tf.while_loop(lambda offset, *_: offset <= longest, step, before)
    return tf.ragged.boolean_mask(points.with_flat_values(flat), points.with_flat_values(kept))


def _composed(first: tf.Tensor, second: tf.Tensor, tables: _Tables) -> tf.Tensor:
    """What two code points compose into; -1 for nothing."""
    keys = tf.cast(first, tf.int64) * _RADIX + tf.cast(second, tf.int64)
    place, known = _find(tables.pairs, keys)
    found = tf.where(known, tf.gather(tf.constant(tables.composed), place), -1)
    leading, vowel = first - _LEADING[0], second - _VOWELS[0]
    syllable = _SYLLABLES + (leading * _VOWELS[1] + vowel) * _TRAILING[1]
    open_ = _within(leading, _LEADING[1]) & _within(vowel, _VOWELS[1])
    trailing, number = second - _TRAILING[0], first - _SYLLABLES
    closed = _within(number, _NUM_SYLLABLES) & (number % _TRAILING[1] == 0)
    closed &= _within(trailing, _TRAILING[1]) & (trailing > 0)
    return tf.where(open_, syllable, tf.where(closed, first + trailing, found))


def _within(number: tf.Tensor, count: int) -> tf.Tensor:
    return (number >= 0) & (number < count)


def _classes(points: tf.Tensor, tables: _Tables) -> tf.Tensor:
    """The combining classes of code points, 0 for letters."""
    place, known = _find(tables.marks, points)
    return tf.where(known, tf.gather(tf.constant(tables.classes), place), 0)


def _find(keys: np.ndarray, wanted: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The places of values in sorted keys, and whether they are there."""
    table = tf.constant(keys)
    place = tf.minimum(tf.searchsorted(table, tf.cast(wanted, table.dtype)), len(keys) - 1)
    return place, tf.gather(table, place) == tf.cast(wanted, table.dtype)


@functools.lru_cache(maxsize=2)
def _tables(form: Literal["NFC", "NFKC"]) -> _Tables:
    compatible = form == "NFKC"
    apart: Literal["NFD", "NFKD"] = "NFKD" if compatible else "NFD"
    characters = [chr(point) for point in range(_END) if not 0xD800 <= point < 0xE000]
    syllables = range(_SYLLABLES, _SYLLABLES + _NUM_SYLLABLES)
    marks = {ord(c): unicodedata.combining(c) for c in characters if unicodedata.combining(c)}
    parts, pairs = {}, {}
    for character in characters:
        mapping, point = unicodedata.decomposition(character), ord(character)
        if not mapping or point in syllables or (mapping.startswith("<") and not compatible):
            continue
        parts[point] = [ord(c) for c in unicodedata.normalize(apart, character)]
        pair = [int(part, 16) for part in mapping.split()] if "<" not in mapping else []
        if len(pair) == 2 and unicodedata.normalize("NFC", character) == character:
            pairs[pair[0] * _RADIX + pair[1]] = point
    followers = {pair % _RADIX for pair in pairs} - set(marks)
    followers |= {_VOWELS[0] + n for n in range(_VOWELS[1])}
    followers |= {_TRAILING[0] + n for n in range(1, _TRAILING[1])}
    changing = {point for point in parts if unicodedata.normalize(form, chr(point)) != chr(point)}
    decomposed, keys = sorted(parts), sorted(pairs)
    return _Tables(
        np.array(decomposed, "int32"),
        np.array([len(parts[point]) for point in decomposed], "int32"),
        np.array([part for point in decomposed for part in parts[point]], "int32"),
        np.array(sorted(marks), "int32"),
        np.array([marks[point] for point in sorted(marks)], "int32"),
        np.array(keys, "int64"),
        np.array([pairs[key] for key in keys], "int32"),
        np.array(sorted(followers), "int32"),
        f"(?s).*[{_ranges({*changing, *followers, *marks})}].*",
    )


def _ranges(points: Iterable[int]) -> str:
    """Code points as the inside of a character class."""
    found: list[list[int]] = []
    for point in sorted(points):
        if found and point == found[-1][1] + 1:
            found[-1][1] = point
        else:
            found.append([point, point])
    return "".join(rf"\x{{{first:x}}}-\x{{{last:x}}}" for first, last in found)
