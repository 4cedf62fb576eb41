"""From raw strings to ids and back, with TensorFlow's string operations.

The same graph prepares the training data and is part of the SavedModel, so that the two cannot
differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf

from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.text.normalization import normalize
from keras_rnn_recipes.text.piece_learning import piece_vocabulary
from keras_rnn_recipes.text.pieces import cut_units, join_pieces, split_units
from keras_rnn_recipes.text.preparation import MOST_PIECES, Preparation
from keras_rnn_recipes.text.spacing import spaced, spaced_tokens
from keras_rnn_recipes.text.vocabulary import (
    END,
    PADDING,
    SPECIALS,
    START,
    UNKNOWN,
    build_vocabulary,
)
from keras_rnn_recipes.writing_systems import Characters, count_characters, spaceless_class

__all__ = ["Preparation", "Tokenizer", "as_strings", "fit_tokenizer"]

# White space as in Python's str.isspace().
_SPACE = r"[\p{Z}\t-\r\x1c-\x1f\x{85}]+"
_SPACE_AND_CONTROLS = r"[\p{Z}\p{Cc}]+"
# Replaces apostrophes within words while others are split off; texts no longer contain it then.
_APOSTROPHE = "\x01"
_TEXTS_AT_ONCE = 1024


class Tokenizer(tf.Module):
    """Converts texts to ids and back, with a fixed vocabulary.

    A `tf.Module` with a tokenizer as attribute exports it, including its table. Invalid UTF-8 and
    NUL become U+FFFD. A text without a token becomes one [UNK], so that no row is all padding.

    Args:
        preparation: how texts are split into tokens.
        vocabulary: tokens by id, beginning with ``SPECIALS``, see `build_vocabulary`.

    Call arguments:
        texts: string ``(batch,)``.

    Returns:
        Ids, int32 ``(batch, time)``, right-padded with 0.

    Attributes:
        notes: sentences about what `fit_tokenizer` decided by the texts.

    Raises:
        ValueError: a vocabulary that does not begin with ``SPECIALS`` or repeats a token.
        UserError: a pattern of ``replace`` that is not a valid regular expression.

    Example:
        >>> tokenizer = Tokenizer(Preparation(), (*SPECIALS, "not", "good"))
        >>> ids = tokenizer(["Not good!", ""])
        >>> ids.numpy().tolist()
        [[4, 5, 1], [1, 0, 0]]
        >>> tokenizer.texts(ids).numpy().tolist()
        [b'not good', b'']
    """

    def __init__(self, preparation: Preparation, vocabulary: Sequence[str]) -> None:
        super().__init__()
        vocabulary = tuple(vocabulary)
        if vocabulary[: len(SPECIALS)] != SPECIALS or len(set(vocabulary)) != len(vocabulary):
            raise ValueError(
                f"vocabulary must begin with {SPECIALS} and repeat no token; received "
                f"{vocabulary[:6]} and so on, {len(vocabulary)} tokens."
            )
        self.preparation, self.vocabulary = preparation, vocabulary
        self.notes: tuple[str, ...] = ()
        _check_patterns(preparation)
        # Without the specials: a text that contains "[END]" must not get its id.
        known = vocabulary[len(SPECIALS) :] or ("[UNK]",)
        first = len(SPECIALS) if vocabulary[len(SPECIALS) :] else UNKNOWN
        ids = tf.range(first, first + len(known), dtype=tf.int64)
        tokens = tf.lookup.KeyValueTensorInitializer(tf.constant(known), ids)
        self.table = tf.lookup.StaticHashTable(tokens, default_value=UNKNOWN)
        self._longest = max(map(len, known))

    def __call__(self, texts: Any) -> tf.Tensor:
        """Ids, int32 ``(batch, time)``, of the texts."""
        return self.ragged(texts).to_tensor(PADDING)

    def tokens(self, texts: Any) -> tf.RaggedTensor:
        """The tokens of each text as strings, truncated to ``max_length``, without specials."""
        plan, prepared = self.preparation, _prepared(as_strings(texts), self.preparation)
        if plan.unit == "pieces":
            tokens = cut_units(split_units(prepared), self.table, self._longest)
        else:
            tokens = _split(prepared, plan)
        if plan.max_length is None:
            return tokens
        room = plan.max_length - (2 if plan.ends else 0)
        return tokens[:, :room] if plan.keep == "first" else tokens[:, -room:]

    def ragged(self, texts: Any) -> tf.RaggedTensor:
        """Ids, int32 ``(batch, (time))``, without padding."""
        tokens = self.tokens(texts)
        ids = tf.ragged.map_flat_values(
            lambda flat: tf.cast(self.table.lookup(flat), tf.int32), tokens
        )
        if self.preparation.ends:
            side = tf.ones([ids.nrows(), 1], tf.int32)
            return tf.concat([START * side, ids, END * side], axis=1)
        empty = tf.cast(ids.row_lengths() == 0, tf.int64)
        unknown = tf.fill([tf.reduce_sum(empty)], UNKNOWN)
        return tf.concat([ids, tf.RaggedTensor.from_row_lengths(unknown, empty)], axis=1)

    def encode(self, texts: Sequence[str | bytes]) -> list[np.ndarray]:
        """The ids of each text, int32 ``(time,)``, for any number of texts."""
        rows: list[np.ndarray] = []
        for part in _parts(texts):
            ids = self.ragged(part)
            rows += np.split(ids.flat_values.numpy(), ids.row_splits.numpy()[1:-1])
        return rows

    def single_tokens(self, texts: Sequence[str]) -> list[str]:
        """The token of each text; empty for a text that is not exactly one token.

        Example:
            >>> Tokenizer(Preparation(), SPECIALS).single_tokens(["Good", "not good"])
            ['good', '']
        """
        rows = [row for part in _parts(texts) for row in self.tokens(part).to_list()]
        return [row[0].decode("utf-8") if len(row) == 1 else "" for row in rows]

    def texts(self, ids: Any) -> tf.Tensor:
        """Texts of ids ``(batch, time)``, string ``(batch,)``: up to [END], without specials.

        Characters and pieces are joined directly, other tokens with spaces; for words, without a
        space before closing punctuation or after an opening bracket. With ``reversible``, tokens
        name the exceptions, and the result is the text that was tokenized.
        """
        plan, joined = self.preparation, self._joined(ids)
        if plan.unit == "pieces":
            return join_pieces(joined)
        return tf.strings.strip(self._spaced(joined)) if plan.unit == "words" else joined

    def continuation(self, prompts: tf.Tensor, ids: Any) -> tf.Tensor:
        """What continues each prompt ``(batch,)``: the texts of ids, with the space before them.

        Example:
            >>> tokenizer = Tokenizer(Preparation(), (*SPECIALS, "day", "."))
            >>> tokenizer.continuation(tf.constant(["A", "A "]), [[4, 5], [4, 5]]).numpy().tolist()
            [b' day.', b'day.']
        """
        joined, unit = self._joined(ids), self.preparation.unit
        if unit == "characters":
            return joined
        # The rule of spaces needs the character before.
        before = tf.strings.regex_replace(prompts, r"(?s)^.*(.)$", r"\1")
        before = tf.strings.regex_replace(before, _SPACE_AND_CONTROLS, "")
        if unit == "pieces":
            given = join_pieces(joined, strip=False)
            return tf.where(before == "", tf.strings.regex_replace(given, "^ ", ""), given)
        space = tf.where((before == "") | (joined == ""), "", " ")
        texts = tf.strings.join([before, space, joined])
        if unit == "words":
            texts = self._spaced(texts)
        # What no rule changes stands at the beginning.
        start = tf.strings.length(before)
        return tf.strings.substr(texts, start, tf.strings.length(texts) - start)

    def _spaced(self, joined: tf.Tensor) -> tf.Tensor:
        """Words joined with spaces as a text."""
        plan = self.preparation
        return spaced(joined, spaceless=plan.spaceless) if plan.reversible else _closed_up(joined)

    def _joined(self, ids: Any) -> tf.Tensor:
        """The tokens of ids up to [END], without specials, joined with spaces; characters not."""
        ids = tf.convert_to_tensor(ids, tf.int32)
        ended = tf.cumsum(tf.cast(ids == END, tf.int32), axis=1) > 0
        wanted = (ids >= len(SPECIALS)) & ~ended
        tokens = tf.gather(tf.constant(self.vocabulary), tf.where(wanted, ids, PADDING))
        ragged = tf.ragged.boolean_mask(tokens, wanted)
        separator = "" if self.preparation.unit in ("characters", "pieces") else " "
        return tf.strings.reduce_join(ragged, 1, separator=separator)


def fit_tokenizer(
    texts: Sequence[str | bytes],
    preparation: Preparation,
    *,
    max_size: int | None = None,
    min_count: int = 1,
) -> Tokenizer:
    """Make a tokenizer whose vocabulary is the most frequent tokens of the training texts.

    Args:
        texts: of the training part.
        preparation: how texts are split into tokens; ``max_length`` is ignored while counting.
        max_size, min_count: as in `build_vocabulary`; pieces have at most 4,000 for None.

    Raises:
        UserError: a pattern of ``replace`` that is not a valid regular expression, or pieces
            without the extra that learns them.

    Example:
        >>> fit_tokenizer(["to be or not to be"], Preparation(), max_size=6).vocabulary[4:]
        ('be', 'to')
    """
    if isinstance(texts, tf.Tensor):
        texts = texts.numpy().tolist()
    found = count_characters(texts)
    if preparation.turkish is None:
        preparation = replace(preparation, turkish=preparation.lower and found.turkish)
    whole = replace(preparation, max_length=None)
    if preparation.unit == "pieces":
        room = (max_size or MOST_PIECES) - len(SPECIALS)
        pieces = piece_vocabulary(_units(texts, whole), max_size=room, min_count=min_count)
        vocabulary = (*SPECIALS, *pieces)
    else:
        splitter = Tokenizer(whole, SPECIALS)
        lists = (splitter.tokens(part).flat_values.numpy().tolist() for part in _parts(texts))
        vocabulary = build_vocabulary(lists, max_size=max_size, min_count=min_count)
    tokenizer = Tokenizer(preparation, vocabulary)
    tokenizer.notes = _notes(found, preparation)
    return tokenizer


def _units(texts: Sequence[str | bytes], plan: Preparation) -> Counter[str]:
    """How often each unit of pieces occurs in texts."""
    counts: Counter[bytes] = Counter()
    for part in _parts(texts):
        counts.update(split_units(_prepared(as_strings(part), plan)).flat_values.numpy().tolist())
    return Counter({unit.decode("utf-8"): count for unit, count in counts.items()})


def as_strings(texts: Any) -> tf.Tensor:
    """Texts as a string tensor ``(batch,)``, from a tensor, a list, an array or a pandas column.

    Unpaired surrogates, which a Python string may contain, become invalid UTF-8.

    Args:
        texts: str or bytes, ``(batch,)``.

    Example:
        >>> as_strings(["a", b"b"]).numpy().tolist()
        [b'a', b'b']
    """
    if isinstance(texts, tf.Tensor):
        return texts
    raw = [t if isinstance(t, bytes) else str(t).encode("utf-8", "surrogatepass") for t in texts]
    return tf.constant(raw, tf.string, shape=[len(raw)])


def _parts(texts: Sequence[str | bytes]) -> Any:
    for first in range(0, len(texts), _TEXTS_AT_ONCE):
        yield texts[first : first + _TEXTS_AT_ONCE]


def _prepared(texts: tf.Tensor, plan: Preparation) -> tf.Tensor:
    """Valid, normalized texts, with the replacements, and in lower case if wanted."""
    texts = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8", errors="replace")
    # tf.strings.lower would stop at a NUL.
    texts = tf.strings.regex_replace(texts, r"\x00", "\ufffd")
    if plan.normalize != "none":
        texts = normalize(texts, plan.normalize)
    for pattern, by in plan.replace:
        texts = tf.strings.regex_replace(texts, pattern, by)
    if not plan.lower:
        return texts
    if plan.turkish:
        texts = tf.strings.regex_replace(tf.strings.regex_replace(texts, "I", "ı"), "İ", "i")
    texts = tf.strings.lower(texts, encoding="utf-8")
    # Unicode's lower case of İ is an i with another dot above.
    return texts if plan.normalize == "none" else tf.strings.regex_replace(texts, "i\u0307", "i")


def _split(texts: tf.Tensor, plan: Preparation) -> tf.RaggedTensor:
    if plan.unit == "characters":
        return tf.strings.unicode_split(texts, "UTF-8")
    if plan.unit == "whitespace":
        return tf.strings.split(tf.strings.regex_replace(texts, _SPACE, " "))
    if plan.reversible:
        return spaced_tokens(texts, spaceless=plan.spaceless, punctuation=plan.punctuation)
    texts = tf.strings.regex_replace(texts, _SPACE_AND_CONTROLS, " ")
    if plan.spaceless:
        texts = tf.strings.regex_replace(texts, rf"[{spaceless_class()}]\p{{M}}*", r" \0 ")
    for _ in range(2):  # twice, since matches do not overlap: a'b'c needs both passes
        within = rf"\1{_APOSTROPHE}\2"
        texts = tf.strings.regex_replace(texts, r"(\p{L})['’](\p{L})", within)
    separate = r" \0 " if plan.punctuation else " "
    texts = tf.strings.regex_replace(texts, r"[^\p{L}\p{M}\p{N}_ \x01]", separate)
    return tf.strings.split(tf.strings.regex_replace(texts, _APOSTROPHE, "'"))


def _closed_up(texts: tf.Tensor) -> tf.Tensor:
    """Without spaces before closing punctuation and after opening brackets."""
    texts = tf.strings.regex_replace(texts, r" ([.,;:!?%)\]}])", r"\1")
    return tf.strings.regex_replace(texts, r"([(\[{]) ", r"\1")


def _notes(found: Characters, plan: Preparation) -> tuple[str, ...]:
    """What was decided by the texts, a sentence each."""
    notes = []
    share, scripts = found.spaceless_share, ", ".join(found.spaceless)
    if plan.unit == "words" and plan.spaceless and share >= 0.01:
        notes.append(
            f"{share:.0%} of the characters are of scripts without spaces ({scripts}): each of "
            "these is a token; other tokens are words."
        )
    if plan.unit == "whitespace" and share >= 0.2:
        notes.append(
            f"{share:.0%} of the characters are of scripts without spaces ({scripts}), and tokens "
            'are cut at white space only; unit = "words" or "characters" cuts them.'
        )
    if plan.lower and plan.turkish:
        notes.append("ı is frequent, as in Turkish: the lower case of I is ı, that of İ is i.")
    if found.full_width and plan.normalize != "NFKC":
        wide = ("is a full-width letter or digit", "are full-width letters or digits")
        notes.append(
            f"{counted(found.full_width, 'character', *wide)} such as Ａ１, unlike A1; "
            'normalize = "NFKC" makes them equal.'
        )
    if found.decomposed and plan.normalize != "none":
        many = counted(found.decomposed, "text", "was", "were")
        notes.append(f"{many} brought to the Unicode form {plan.normalize}.")
    return tuple(notes)


def _check_patterns(plan: Preparation) -> None:
    for pattern, by in plan.replace:
        try:
            tf.strings.regex_replace("", pattern, by)
        except tf.errors.InvalidArgumentError as error:
            raise UserError(
                f"replace has {pattern!r}, which is not a valid regular expression.",
                "a pattern that RE2 understands (no look-ahead, no back-references).",
                "correct it (see https://github.com/google/re2/wiki/Syntax).",
            ) from error
