"""The pairs of texts that a recipe names, and what an encoder and decoder learns from them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from keras_rnn_recipes.data.text.catalogue import TextParts, hold_out
from keras_rnn_recipes.data.text.reading import ParallelTexts, read_labelled, read_parallel
from keras_rnn_recipes.data.text.tokenizer import Tokenizer
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.running.encoder_decoder.config import PairDataConfig
from keras_rnn_recipes.running.text_sources import load_parts

Columns = tuple[dict[str, list[np.ndarray]], list[np.ndarray]]


def load_pairs(data: PairDataConfig, *, seed: int = 0) -> TextParts:
    """Read the pairs of texts of a recipe, in three parts.

    Args:
        data: the recipe's section: the name of a data set, a table of pairs to be divided, or two
            files for each part. Parts that are not there are cut from the training part.
        seed: of which pairs are held out.

    Returns:
        ``train``, ``valid`` and ``test``, each `ParallelTexts`.

    Raises:
        UserError: as `load_parts`.

    Example:
        >>> parts = load_pairs(PairDataConfig(source="reversal"))
        >>> len(parts.train), len(parts.test)
        (6000, 500)
    """
    return load_parts(
        data,
        "encoder_decoder",
        read=read_pairs,
        hold_out=partial(hold_out, seed=seed),
        seed=seed,
    )


def read_pairs(paths: str | Path | tuple[str, str]) -> ParallelTexts:
    """Read pairs of texts: from two files whose lines belong together, or from one table.

    Args:
        paths: of the two files; or of a CSV or TSV file with columns ``source`` and ``target``.

    Raises:
        UserError: as `read_parallel` and `read_labelled`.
    """
    if isinstance(paths, tuple):
        return read_parallel(*paths)
    rows = read_labelled(paths, text_col="source", label_col="target")
    return ParallelTexts(rows.texts, rows.labels)


def describe_pairs(parts: TextParts) -> str:
    """What was read, in a line for the terminal."""
    uses = (("to learn from", parts.train), ("to watch", parts.valid), ("to test on", parts.test))
    return f"{parts.name}: pairs {', '.join(f'{len(part):,} {use}' for use, part in uses)}"


def pair_columns(
    pairs: ParallelTexts, source: Tokenizer, target: Tokenizer, *, max_length: int | None = None
) -> Columns:
    """The inputs and targets of an encoder and decoder, for `bucketed_batches`.

    Args:
        pairs: some part.
        source, target: tokenizers of the two sides, which put [START] before and [END] behind.
        max_length: leave pairs out that have more tokens on either side, those two counted in.

    Returns:
        ``source`` and ``target`` by name, a list each with the ids of each pair, the target without
        its end; and the targets without their start, which is what has to be foretold.

    Raises:
        UserError: every pair is longer than ``max_length``.

    Example:
        >>> from keras_rnn_recipes.data.text.preparation import Preparation
        >>> from keras_rnn_recipes.data.text.tokenizer import fit_tokenizer
        >>> letters = fit_tokenizer(["ab"], Preparation(unit="characters", ends=True))
        >>> inputs, targets = pair_columns(ParallelTexts(("ab",), ("ba",)), letters, letters)
        >>> inputs["source"][0].tolist(), inputs["target"][0].tolist(), targets[0].tolist()
        ([2, 4, 5, 3], [2, 5, 4], [5, 4, 3])
    """
    both = zip(source.encode(pairs.sources), target.encode(pairs.targets), strict=True)
    rows = [row for row in both if max_length is None or max(map(len, row)) <= max_length]
    if not rows:
        raise UserError(
            f"All {len(pairs):,} pairs have more than {max_length} tokens on one side.",
            "some that are as short as data.max_length.",
            "raise data.max_length, or divide the texts.",
        )
    given = {"source": [ids for ids, _ in rows], "target": [ids[:-1] for _, ids in rows]}
    return given, [ids[1:] for _, ids in rows]
