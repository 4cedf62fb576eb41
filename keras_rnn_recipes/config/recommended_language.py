"""The recipe that ``krr write`` recommends for a running text.

Its numbers follow the recipes of language models, with narrower networks and more and smaller steps
for shorter texts. On the first 100,000 characters of tiny_shakespeare, 940 steps of 128 units with
dropout 0.3 reach a validation loss of 1.680 nats, and 3,300 steps of 192 units with dropout 0.2
reach 1.498. On the tenth that is held out for testing these have a perplexity of 4.38, and a 5-gram
4.71.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from keras_rnn_recipes.config.choices import Choice
from keras_rnn_recipes.config.text_choices import (
    UNITS,
    by_size,
    choose_epochs,
    choose_parts,
    choose_steps,
    choose_stopping,
    choose_vocabulary,
)
from keras_rnn_recipes.errors import counted
from keras_rnn_recipes.writing_systems import word_pattern, written_without_spaces

# Words from which a vocabulary of words is known well enough, in scripts with spaces.
_MANY_WORDS = 1_000_000
# A text with this share of marks for unknown words was cut into tokens already.
_UNKNOWN_MARK, _CUT_SHARE = "<unk>", 0.001
_MAX_VOCABULARY = 20_000
# A character that occurs less often is unknown, so that the network learns what that means.
_RARE_CHARACTERS = 2
# Characters by which the script is told.
_SAMPLE = 200_000
_WINDOW = {"characters": 64, "pieces": 50, "words": 35, "whitespace": 35}
_SAMPLE_LENGTH = {"characters": 400, "pieces": 120, "words": 80, "whitespace": 80}

# Tokens below which a larger share watches the training.
_SHORT = 150_000
# Rows of a batch from which speed decides.
_FAST = 32

# By the number of tokens: largest number of epochs, rows of a batch, learning rate. They make 2,000
# to 5,000 steps.
_TRAINING = (
    (30_000, (40, 4, 0.003)),
    (150_000, (25, 8, 0.003)),
    (600_000, (12, 16, 0.003)),
    (3_000_000, (6, 32, 0.003)),
    (float("inf"), (2, 64, 0.003)),
)
# By the number of tokens: widths of the layers, dropout.
_NETWORKS = (
    (30_000, ([128], 0.3)),
    (150_000, ([192], 0.2)),
    (600_000, ([256], 0.1)),
    (float("inf"), ([256, 256], 0.1)),
)


@dataclass(frozen=True)
class LanguageFacts:
    """What the choices depend on.

    Attributes:
        characters: their number, before parts are held out.
        words: number of words, and of letters of scripts without spaces.
        script: the script without spaces that the text is written in; None for others.
        is_cut: whether the text was cut into tokens already, which white space separates.
    """

    characters: int
    words: int
    script: str | None
    is_cut: bool


def language_facts(text: str) -> LanguageFacts:
    """Count what the choices depend on.

    Example:
        >>> language_facts("to be or not")
        LanguageFacts(characters=12, words=4, script=None, is_cut=False)
    """
    words = sum(1 for _ in re.finditer(word_pattern(), text))
    return LanguageFacts(
        characters=len(text),
        words=words,
        script=written_without_spaces([text[:_SAMPLE]]),
        is_cut=text.count(f" {_UNKNOWN_MARK} ") > _CUT_SHARE * words,
    )


def recommend_language(facts: LanguageFacts, *, unit: str | None = None) -> list[Choice]:
    """The choices for a running text, in the order in which they are told.

    Args:
        facts: of `language_facts`.
        unit: of the tokens, if the user gave it.
    """
    chosen, why = _unit(facts)
    unit = unit or chosen
    tokens = facts.characters if unit == "characters" else facts.words
    return [
        *choose_parts(
            "the text, at its end",
            "the text before that",
            test_share=0.1,
            valid_share=0.1 if tokens < _SHORT else 0.05,
            why_valid="it chooses the epoch",
        ),
        *_tokens(chosen, why),
        _vocabulary(unit),
        _network(tokens, unit),
        *_training(tokens, unit),
        _written(unit),
    ]


def _unit(facts: LanguageFacts) -> tuple[str, str]:
    if facts.is_cut:
        return "whitespace", f"{_UNKNOWN_MARK} shows that the text was cut into tokens already"
    if facts.script:
        return "characters", f"{facts.script} is written without spaces between words"
    if facts.words >= _MANY_WORDS:
        return "words", f"{facts.words:,} words are enough to learn most of them"
    return "characters", (
        f"{facts.words:,} words are too few to learn a vocabulary; spelling is learned from less"
    )


def _tokens(unit: str, why: str) -> list[Choice]:
    lines = [["\\n", " <eos> "]] if unit == "whitespace" else []
    return [
        Choice(
            {"data.unit": unit, "data.replace": lines},
            lambda config: (
                f"Tokens: {UNITS[config.data.unit]}"
                f"{', and the ends of lines' if config.data.replace else ''}"
            ),
            why,
            "--unit",
        )
    ]


def _vocabulary(unit: str) -> Choice:
    why = "so that the network learns what an unknown token means"
    if unit == "characters":
        return choose_vocabulary(_RARE_CHARACTERS, None, why)
    return choose_vocabulary(2, _MAX_VOCABULARY, why)


def _network(tokens: int, unit: str) -> Choice:
    widths, dropout = by_size(tokens, _NETWORKS)
    characters = unit == "characters"

    def words(config: Any) -> str:
        model = config.model
        layers = " and ".join(map(str, model.units))
        return f"Network: {model.cell.upper()} of {layers} units, dropout {model.dropout:g}"

    values = {
        "model.cell": "lstm",
        "model.units": widths if characters else widths[:1],
        "model.embedding_size": 64 if characters else widths[0],
        "model.dropout": dropout,
    }
    why = f"by the number of tokens, {tokens:,}"
    return Choice(values, words, why, "model.cell, model.units")


def _training(tokens: int, unit: str) -> list[Choice]:
    epochs, rows, rate = by_size(tokens, _TRAINING)
    return [
        choose_epochs(epochs, f"by the number of tokens, {tokens:,}"),
        choose_stopping(3, "text", "more epochs only memorize the text", window=_WINDOW[unit]),
        choose_steps(
            rate,
            rows,
            "large batches are faster" if rows >= _FAST else "few tokens need many small steps",
        ),
    ]


def _written(unit: str) -> Choice:
    return Choice(
        {"evaluate.sample_length": _SAMPLE_LENGTH[unit]},
        lambda config: (
            f"Written at the end: {counted(config.evaluate.samples, 'text')} of "
            f"{config.evaluate.sample_length} tokens"
        ),
        "to see what was learned",
        "evaluate.samples, evaluate.sample_length",
    )
