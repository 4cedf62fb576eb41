"""Learn which parts of words are the pieces of a vocabulary, by byte-pair encoding."""

from __future__ import annotations

import io
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from keras_rnn_recipes.extras import require_extra

# Stands for a space, before the piece that follows it.
SPACE = "▁"
# Characters in the longest piece.
LONGEST = 16


def piece_vocabulary(
    units: Mapping[str, int], *, max_size: int, min_count: int = 1
) -> tuple[str, ...]:
    """The most frequent characters, and the pieces that byte-pair encoding joins them to.

    Args:
        units: how often each unit occurs in the training texts, see `split_units`.
        max_size: largest number of pieces.
        min_count: occurrences below which a character is left out.

    Returns:
        All these characters, and the pieces that occur when units are cut by the longest match; the
        most frequent first.

    Raises:
        UserError: the extra ``pieces`` is not installed.

    Source: Sennrich et al. 2016, Neural machine translation of rare words with subword units;
        computed by SentencePiece.

    Example:
        >>> piece_vocabulary({"▁low": 9, "▁lower": 3}, max_size=20)
        ('▁low', '▁lower', 'e', 'l', 'o', 'r', 'w', '▁')
    """
    require_extra("pieces", "A vocabulary of pieces")
    counts = Counter({SPACE: sum(units.values())})
    for unit, count in units.items():
        for character in unit.replace(SPACE, ""):
            counts[character] += count
    order = sorted((-n, one) for one, n in counts.items() if n >= min_count)
    characters = [one for _, one in order][:max_size]
    known = {*characters}
    usable = {unit: n for unit, n in units.items() if known.issuperset(unit)}
    learned = _byte_pairs(usable, max_size) if usable and len(characters) < max_size else []
    joined = {*[piece for piece in learned if len(piece) > 1][: max_size - len(characters)]}
    used = Counter[str]()
    for unit, count in units.items():
        for piece in cut_unit(unit, joined):
            used[piece] += count
    kept = {*characters, *(piece for piece in joined if used[piece])}
    return tuple(sorted(kept, key=lambda piece: (-used[piece], piece)))


def cut_unit(unit: str, pieces: Collection[str]) -> Iterator[str]:
    """Cut a unit into the longest pieces from left to right, as `cut_units` does for many.

    Args:
        unit: a word, a number or another character, with ▁ before it or not.
        pieces: of several characters each; single characters always are pieces.

    Example:
        >>> list(cut_unit("▁unreal", {"▁un", "▁u", "real"}))
        ['▁un', 'real']
    """
    first = 0
    while first < len(unit):
        ends = range(min(len(unit), first + LONGEST), first + 1, -1)
        end = next((end for end in ends if unit[first:end] in pieces), first + 1)
        yield unit[first:end]
        first = end


def _byte_pairs(units: Mapping[str, int], size: int) -> list[str]:
    """The vocabulary of SentencePiece's byte-pair encoding, in the order of its merges."""
    import sentencepiece

    written = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "units.tsv"
        # In a fixed order, since of equally frequent pairs the first is merged.
        lines = (f"{unit}\t{count}\n" for unit, count in sorted(units.items()))
        path.write_text("".join(lines), encoding="utf-8")
        sentencepiece.SentencePieceTrainer.train(
            input=str(path),
            input_format="tsv",
            model_writer=written,
            model_type="bpe",
            vocab_size=size + 1,  # with the unknown piece
            hard_vocab_limit=False,
            character_coverage=1.0,
            max_sentencepiece_length=LONGEST,
            normalization_rule_name="identity",
            add_dummy_prefix=False,
            remove_extra_whitespaces=False,
            split_by_unicode_script=False,
            split_by_number=False,
            bos_id=-1,
            eos_id=-1,
            num_threads=1,
            minloglevel=3,
        )
    model = sentencepiece.SentencePieceProcessor(model_proto=written.getvalue())
    return [model.id_to_piece(number) for number in range(1, model.get_piece_size())]
