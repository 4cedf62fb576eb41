"""Words and punctuation that say where spaces stand, so that tokens give back their text.

Most spaces follow a rule: one between two tokens, but none before closing punctuation, after
opening punctuation, or next to characters of scripts without spaces. Where a text departs from the
rule, a token says so: ￭ on its side means that no space stands there, ▁ that one does. "T-shirt" is
``T ￭-￭ shirt``, "at 7:30." is ``at 7 :￭ 30 .``. The mark is on the punctuation where there is some,
so that words have one form.

Source: the joiner marks of OpenNMT's tokenizer.
"""

from __future__ import annotations

import tensorflow as tf

from keras_rnn_recipes.writing_systems import spaceless_class, wide_class

JOINED, SPACE = "￭", "▁"
_LOOKALIKES = {JOINED: "■", SPACE: "▂"}  # of the marks, in texts that contain them
# Control characters, which texts no longer contain when these are put in.
_STRAIGHT, _CURLY, _CUT, _KEPT = "\x01", "\x03", "\x02", "\x04"
_WORD = r"\p{L}\p{M}\p{N}_"
_CLOSING, _OPENING = r".,;:!?%)\]}…”’", r"(\[{“‘"


def spaced_tokens(
    texts: tf.Tensor, *, spaceless: bool = True, punctuation: bool = True
) -> tf.RaggedTensor:
    """The words and punctuation of texts, with marks where spaces depart from the rule.

    Args:
        texts: string ``(batch,)``, valid UTF-8.
        spaceless: whether characters of scripts without spaces are tokens of their own.
        punctuation: whether tokens of punctuation are kept.

    Returns:
        string ``(batch, (tokens))``.

    Example:
        >>> spaced_tokens(tf.constant(["Pay $5 (now)."])).to_list()[0] == [
        ...     b"Pay", "$￭".encode(), b"5", b"(", b"now", b")", b"."
        ... ]
        True
    """
    for mark, other in _LOOKALIKES.items():
        texts = tf.strings.regex_replace(texts, mark, other)
    texts = tf.strings.regex_replace(texts, r"[\p{Z}\p{Cc}]+", " ")
    apart = f"{_CUT}\\0{_CUT}"
    if spaceless:
        texts = tf.strings.regex_replace(texts, rf"[{spaceless_class()}]\p{{M}}*", apart)
    for sign, stand_in in (("'", _STRAIGHT), ("’", _CURLY)):
        for _ in range(2):  # twice, since matches do not overlap: a'b'c needs both passes
            texts = tf.strings.regex_replace(
                texts, rf"(\p{{L}}){sign}(\p{{L}})", rf"\1{stand_in}\2"
            )
    texts = tf.strings.regex_replace(
        texts, rf"[^{_WORD} {_STRAIGHT}{_CUT}{_CURLY}]", apart if punctuation else " "
    )
    texts = tf.strings.regex_replace(texts, f"{_CUT}* +[ {_CUT}]*", " ")
    texts = tf.strings.regex_replace(texts, f"^[ {_CUT}]+|[ {_CUT}]+$", "")
    texts = tf.strings.regex_replace(texts, f"{_CUT}+", f" {_CUT}")
    texts = tf.strings.regex_replace(texts, _STRAIGHT, "'")
    tokens = tf.strings.split(tf.strings.regex_replace(texts, _CURLY, "’"), " ")
    tokens = tf.ragged.boolean_mask(tokens, tokens != "")
    marked = _marked(tokens.flat_values, tokens.value_rowids(), wide_class(letters=spaceless))
    return tokens.with_flat_values(marked)


def spaced(texts: tf.Tensor, *, spaceless: bool = True) -> tf.Tensor:
    """Tokens of `spaced_tokens`, joined with spaces, as the text that they were made of.

    Args:
        texts: string ``(batch,)``.
        spaceless: as in `spaced_tokens`.

    Example:
        >>> spaced(tf.constant(["Pay $￭ 5 ( now )."])).numpy().tolist()
        [b'Pay $5 (now).']
    """
    wide = wide_class(letters=spaceless)
    texts = tf.strings.regex_replace(texts, f" ?{JOINED} ?", "")
    texts = tf.strings.regex_replace(texts, f" ?{SPACE} ?", _KEPT)
    texts = tf.strings.regex_replace(texts, rf" ([{_CLOSING}{wide}])", r"\1")
    texts = tf.strings.regex_replace(texts, rf"([{_OPENING}]|[{wide}]\p{{M}}*) ", r"\1")
    return tf.strings.regex_replace(texts, f"{_KEPT}+", " ")


def _marked(tokens: tf.Tensor, rows: tf.Tensor, wide_characters: str) -> tf.Tensor:
    """Tokens with marks; those that were cut off without a space begin with ``_CUT``."""
    glued = tf.strings.regex_full_match(tokens, f"{_CUT}.*")
    bare = tf.strings.regex_replace(tokens, _CUT, "")
    wide = tf.strings.regex_full_match(bare, rf"[{wide_characters}]\p{{M}}*")
    closing = tf.strings.regex_full_match(bare, f"[{_CLOSING}]")
    opening = tf.strings.regex_full_match(bare, f"[{_OPENING}]")
    sign = wide | tf.strings.regex_full_match(bare, f"[^{_WORD}]")
    within = rows[1:] == rows[:-1]  # between this token and the next
    close = closing[1:] | opening[:-1] | wide[1:] | wide[:-1]
    joined, space = within & glued[1:] & ~close, within & ~glued[1:] & close
    marks = tf.where(joined, JOINED, tf.where(space, SPACE, ""))
    on_left = sign[:-1] & ~sign[1:]
    end = tf.fill([tf.minimum(tf.size(tokens), 1)], "")
    before = tf.concat([end, tf.where(on_left, "", marks)], 0)
    after = tf.concat([tf.where(on_left, marks, ""), end], 0)
    return tf.strings.join([before, bare, after])
