"""Parts of words that are learned from texts: cut by the longest match, and joined again exactly.

A text is cut into units: words, numbers and single other characters, each with a ▁ before it where
a space stood. A unit is cut from left to right into the longest pieces of the vocabulary; a
character that the vocabulary lacks is a piece of its own. All of it consists of TensorFlow
operations, so that training and an exported graph cut alike.

Source: the marker of SentencePiece (Kudo and Richardson 2018); the longest match of WordPiece.
Uzan et al. 2024, Greed is all you need: an evaluation of tokenizer inference methods.
"""

from __future__ import annotations

import tensorflow as tf

from keras_rnn_recipes.text.piece_learning import SPACE

# Stands for ▁ in texts that contain it.
_LOOKALIKE = "▂"
# A control character, which texts no longer contain when it is put in.
_CUT = "\x01"
_WORD = r"[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*"
_UNIT = rf"{SPACE}?(?:{_WORD}|\p{{N}}+|[^{SPACE}])"


def split_units(texts: tf.Tensor) -> tf.RaggedTensor:
    """The units of texts: no piece is longer than one.

    Args:
        texts: string ``(batch,)``, valid UTF-8.

    Returns:
        string ``(batch, (units))``.

    Example:
        >>> [unit.decode() for unit in split_units(tf.constant([" don't  pay $20"])).to_list()[0]]
        ["▁don't", '▁pay', '▁$', '20']
    """
    texts = tf.strings.regex_replace(texts, SPACE, _LOOKALIKE)
    texts = tf.strings.strip(tf.strings.regex_replace(texts, r"[\p{Z}\p{Cc}]+", " "))
    texts = tf.strings.regex_replace(tf.strings.join([" ", texts]), " ", SPACE)
    cut = tf.strings.regex_replace(texts, _UNIT, f"\\0{_CUT}")
    units = tf.strings.split(cut, _CUT)
    # An empty text is a space alone.
    return tf.ragged.boolean_mask(units, (units != "") & (units != SPACE))


def cut_units(
    units: tf.RaggedTensor, table: tf.lookup.StaticHashTable, longest: int
) -> tf.RaggedTensor:
    """Cut units into the longest pieces, from left to right.

    Args:
        units: string ``(batch, (units))``, from `split_units`.
        table: of the pieces; its default stands for an unknown one.
        longest: characters in the longest piece.

    Returns:
        string ``(batch, (pieces))``.

    Example:
        >>> pieces = tf.constant(["▁un", "▁u", "n", "real"])
        >>> numbers = tf.lookup.KeyValueTensorInitializer(pieces, tf.range(4, dtype=tf.int64))
        >>> table = tf.lookup.StaticHashTable(numbers, -1)
        >>> found = cut_units(split_units(tf.constant(["unreal x"])), table, 4)
        >>> [piece.decode() for piece in found.to_list()[0]]
        ['▁un', 'real', '▁', 'x']
    """
    distinct, places = tf.unique(units.flat_values)
    pieces = _longest_pieces(tf.strings.unicode_split(distinct, "UTF-8"), table, longest)
    of_units = tf.gather(pieces, places)
    counts = tf.math.segment_sum(of_units.row_lengths(), units.value_rowids())
    missing = units.nrows() - tf.shape(counts, tf.int64)[0]  # rows at the end without units
    counts = tf.concat([counts, tf.zeros([missing], tf.int64)], 0)
    return tf.RaggedTensor.from_row_lengths(of_units.flat_values, counts)


def join_pieces(texts: tf.Tensor, *, strip: bool = True) -> tf.Tensor:
    """Joined pieces ``(batch,)`` as texts.

    Args:
        texts: string ``(batch,)``, with ▁ for spaces.
        strip: whether spaces at either end are removed.

    Example:
        >>> join_pieces(tf.constant(["▁don't▁pay▁$20"])).numpy().tolist()
        [b"don't pay $20"]
    """
    texts = tf.strings.regex_replace(texts, SPACE, " ")
    return tf.strings.strip(texts) if strip else texts


def _longest_pieces(
    characters: tf.RaggedTensor, table: tf.lookup.StaticHashTable, longest: int
) -> tf.RaggedTensor:
    """The pieces of each unit, from its characters ``(units, (characters))``."""
    flat, ends = characters.flat_values, _ends(characters)
    places = tf.range(tf.size(flat))
    text, best, length = flat, flat, tf.ones_like(places)
    for size in range(2, longest + 1):
        inside = places + size <= ends
        # The rows of the character that is added; those at the end of a unit are of no effect.
        added = tf.gather(flat, tf.minimum(places + size - 1, tf.size(flat) - 1))
        text = tf.where(inside, tf.strings.join([text, added]), "")
        known = inside & (table.lookup(text) != table.default_value)
        best, length = tf.where(known, text, best), tf.where(known, size, length)
    begins = _reached(tf.minimum(places + length, ends), ends, characters.row_starts())
    return tf.ragged.boolean_mask(
        characters.with_flat_values(best), characters.with_flat_values(begins)
    )


def _ends(characters: tf.RaggedTensor) -> tf.Tensor:
    """For each character the place after the last one of its unit."""
    return tf.cast(tf.repeat(characters.row_limits(), characters.row_lengths()), tf.int32)


def _reached(following: tf.Tensor, ends: tf.Tensor, starts: tf.Tensor) -> tf.Tensor:
    """Which places are reached from the starts of units by steps to the following piece.

    The steps are doubled: after k rounds, all places up to 2^k steps from a start are found.

    Args:
        following: for each character the place after the piece that begins there; the end of its
            unit counts as not reached.
        ends, starts: of units.
    """
    count = tf.size(following)
    inside = following < ends
    steps = tf.where(inside, following, count)  # one more place stands for the ends
    steps = tf.concat([steps, [count]], 0)
    first = tf.cast(starts, tf.int32)
    reached = tf.scatter_nd(first[:, None], tf.ones_like(first), [count + 1])
    furthest = tf.reduce_max(tf.concat([ends - tf.range(count), [1]], 0))

    def more(distance: tf.Tensor, reached: tf.Tensor, steps: tf.Tensor) -> tuple[tf.Tensor, ...]:
        onward = tf.math.unsorted_segment_max(reached, steps, count + 1)
        return 2 * distance, tf.maximum(reached, onward), tf.gather(steps, steps)

    _, reached, _ = tf.while_loop(
        lambda distance, *_: distance < furthest, more, (tf.constant(1), reached, steps)
    )
    return reached[:-1] > 0
