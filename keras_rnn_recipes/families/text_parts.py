"""Load the texts of a recipe: from a data set of the catalogue, or from the user's files."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from keras_rnn_recipes.config.files import is_file_name
from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.text.catalogue import TextParts, check_share, load_text
from keras_rnn_recipes.text.tokenizer import Tokenizer
from keras_rnn_recipes.text.vectors import load_vectors, words_of_vectors
from keras_rnn_recipes.text.vocabulary import SPECIALS, UNKNOWN


def load_parts(
    data: Any,
    task: str,
    *,
    read: Callable[[Any], Any],
    hold_out: Callable[[Any, float], tuple[Any, Any]],
    seed: int = 0,
) -> TextParts:
    """Load the training, validation and test part of a recipe's texts.

    Args:
        data: the recipe's section: ``source``, the name of a data set or a file to split; or files
            for ``train`` and optionally ``valid`` and ``test``. Missing parts are held out from
            the training part, with the shares ``valid_share`` and ``test_share``.
        task: the recipe's family.
        read: function that reads one file.
        hold_out: function from examples and a share to the remaining and the held-out examples.
        seed: seed of the choice of held-out examples.

    Raises:
        UserError: no such data set, one of another task, or something in a file that cannot be
            used.
    """
    source = data.source if data.train is None else data.train
    if data.train is None and not is_file_name(source):
        parts = load_text(source, valid_share=data.valid_share or None, seed=seed)
        _check_task(parts, task)
        return parts
    train = read(source)
    _check_shares(data)
    given = {name: getattr(data, name) for name in ("valid", "test")}
    held = {name: read(path) for name, path in given.items() if path is not None}
    # The test part first, so that it does not depend on the validation share.
    if "test" not in held:
        train, held["test"] = hold_out(train, data.test_share)
    if "valid" not in held:
        train, held["valid"] = hold_out(train, data.valid_share)
    name = source if isinstance(source, str) else source[0]
    return TextParts(Path(name).stem, task, train, held["valid"], held["test"])


def unit_name(tokenizer: Tokenizer) -> str:
    """What the tokens of a tokenizer are called."""
    unit = tokenizer.preparation.unit
    return "tokens" if unit == "whitespace" else unit


def read_embeddings(path: str | Path | None, vocabulary: Sequence[str]) -> np.ndarray | None:
    """Pretrained vectors for a vocabulary, ``(tokens, width)``; None where there is no file.

    Prints how many of the tokens are in the file.

    Raises:
        UserError: as `load_vectors`.
    """
    if path is None:
        return None
    vectors = load_vectors(path, vocabulary)
    print(vectors.report())
    return vectors.matrix


def add_vectors(
    tokenizer: Tokenizer,
    path: str | Path | None,
    *,
    limit: int,
    **texts: Sequence[str],
) -> tuple[Tokenizer, dict[str, Any]]:
    """Add the words of a file of vectors to a vocabulary, and read the vectors.

    Words that training does not contain then have vectors when the network is used. Prints the
    width and the coverage: of the vocabulary, and of the tokens of each part.

    Args:
        tokenizer: from `fit_tokenizer`.
        path: of the file; None: no vectors.
        limit: most words that are added, the first of the file.
        texts: texts by part, such as ``train`` and ``test``.

    Returns:
        A tokenizer with the larger vocabulary, and the arguments ``embeddings`` and ``num_fixed``
        of the builders; the tokenizer itself and no arguments where there is no file.

    Raises:
        UserError: as `load_vectors`.
    """
    if path is None:
        return tokenizer, {}
    forms = words_of_vectors(path, tokenizer.single_tokens)
    known = {*tokenizer.vocabulary}
    new = (token for token in forms if token not in known)
    added = tuple(itertools.islice(new, limit))
    larger = Tokenizer(tokenizer.preparation, (*tokenizer.vocabulary, *added))
    larger.notes = tokenizer.notes
    vectors = replace(load_vectors(path, larger.vocabulary, forms=forms), num_fixed=len(added))
    without = tokenizer.vocabulary[len(SPECIALS) :]
    missing = len(set(without).intersection(vectors.missing))
    share = 1 - missing / max(len(without), 1)
    print(f"Vectors of {Path(path).name}: width {vectors.matrix.shape[1]}, also of the embedding.")
    covered = [f"{share:.1%} of the {counted(len(without), 'word')} of training"]
    for part, of_part in texts.items():
        covered.append(f"{_covered(larger, of_part, vectors.missing):.1%} of the tokens of {part}")
    print(f"With a vector: {', '.join(covered)}.")
    every = counted(len(forms), "word")
    print(f"The vocabulary holds {len(added):,} of {every} of the file in addition.")
    return larger, vectors.options()


def _covered(tokenizer: Tokenizer, texts: Sequence[str], missing: Sequence[str]) -> float:
    """The share of the tokens of texts that have a vector."""
    has = np.ones(len(tokenizer.vocabulary), bool)
    numbers = {token: number for number, token in enumerate(tokenizer.vocabulary)}
    has[: len(SPECIALS)] = False
    has[[numbers[token] for token in missing]] = False
    ids = np.concatenate([np.zeros(0, "int32"), *tokenizer.encode(texts)])
    ids = ids[(ids == UNKNOWN) | (ids >= len(SPECIALS))]
    return float(has[ids].mean()) if len(ids) else 0.0


def _check_shares(data: Any) -> None:
    """Check the shares of the parts for which no file is given."""
    for name in ("valid", "test"):
        if getattr(data, name) is None:
            check_share(getattr(data, f"{name}_share"))


def is_split_here(data: Any) -> bool:
    """Whether a part is held out of the training file."""
    from_file = data.train is not None or is_file_name(data.source)
    return from_file and (data.valid is None or data.test is None)


def _check_task(parts: TextParts, task: str) -> None:
    if parts.task != task:
        raise UserError(
            f"The data set {parts.name} is for another task, {parts.task}.",
            f"one for {task}.",
            "choose another (krr ls datasets), or the recipe of its family.",
        )
