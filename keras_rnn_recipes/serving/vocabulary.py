"""``vocabulary.json``: how the texts of a run are tokenized, and its vocabulary."""

from __future__ import annotations

from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_rnn_recipes.storage import read_json

if TYPE_CHECKING:
    from keras_rnn_recipes.text.tokenizer import Tokenizer


FORMAT_VERSION = 1


def vocabulary_record(
    tokenizer: Tokenizer, *, beside: Tokenizer | None = None, **more: Any
) -> dict[str, Any]:
    """The content of ``vocabulary.json``.

    Args:
        tokenizer: tokenizer of the texts.
        beside: second tokenizer, if there are two: of the characters of each word, or of the
            target texts.
        more: classes, tags, or options of decoding.
    """
    more = {
        name: asdict(one) if is_dataclass(one) and not isinstance(one, type) else one
        for name, one in more.items()
    }
    record = {"format_version": FORMAT_VERSION, **_of_tokenizer(tokenizer)}
    return record | ({"beside": _of_tokenizer(beside)} if beside else {}) | more


def read_vocabulary(run_dir: str | Path) -> dict[str, Any]:
    """Read the ``vocabulary.json`` of a run.

    Raises:
        UserError: it is missing or damaged.
    """
    return read_json(Path(run_dir) / "vocabulary.json", required=True)


def tokenizer_of(record: dict[str, Any]) -> Tokenizer:
    """Make the tokenizer of a record of `read_vocabulary`, or of its entry ``beside``."""
    from keras_rnn_recipes.text.preparation import EARLIER, Preparation
    from keras_rnn_recipes.text.tokenizer import Tokenizer

    return Tokenizer(Preparation(**{**EARLIER, **record["preparation"]}), record["vocabulary"])


def _of_tokenizer(tokenizer: Tokenizer) -> dict[str, Any]:
    preparation = asdict(tokenizer.preparation)
    return {"preparation": preparation, "vocabulary": list(tokenizer.vocabulary)}
