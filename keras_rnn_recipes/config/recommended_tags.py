"""The recipe that ``krr tag`` recommends for sentences with a tag for each token.

Its numbers are those of the recipes of tagging, with more and smaller steps for fewer sentences. On
1,400 sentences of conll2003, scored on 1,000 others of its training part, one network of 64 units
reaches F1 0.765, three of them 0.786 in 1.8 times the processor time, the linear tagger 0.692, and
the most frequent tag of each word 0.505.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from keras_rnn_recipes.config.choices import Choice
from keras_rnn_recipes.config.text_choices import (
    by_size,
    choose_epochs,
    choose_parts,
    choose_steps,
    choose_stopping,
)
from keras_rnn_recipes.errors import counted

# Sentences below which a larger share watches the training.
_FEW = 3_000
# Sentences below which several networks are trained, and their number.
_FEW_TO_LEARN_FROM, _MEMBERS = 4_000, 3
# Tokens of at most so many characters on average have no spelling to speak of.
_SINGLE = 1.5
# The transition scores of a conditional random field take time in the square of the tags.
_MANY_TAGS = 150
# Sentences up to which a linear tagger is fitted to compare with.
_LINEAR = 50_000

# By the number of sentences: largest number of epochs, batch size, learning rate. Each of several
# networks reads its share of every batch, so that they need as many times the epochs and the rows.
_TRAINING = (
    (1_000, (30, 8, 0.003)),
    (4_000, (20, 16, 0.003)),
    (20_000, (15, 24, 0.003)),
    (float("inf"), (8, 32, 0.002)),
)
# By the number of tokens: width of the layers.
_WIDTHS = ((50_000, 64), (float("inf"), 100))


@dataclass(frozen=True)
class TagFacts:
    """What the choices depend on.

    Attributes:
        sentences: their number, before parts are held out.
        tokens: number of tokens.
        tags: number of different tags.
        of_spans: whether they mark spans, such as B-PER.
        characters: mean number of characters of a token.
    """

    sentences: int
    tokens: int
    tags: int
    of_spans: bool
    characters: float


def tag_facts(
    sentences: Sequence[Sequence[str]], tags: Sequence[Sequence[str]], *, of_spans: bool
) -> TagFacts:
    """Count what the choices depend on.

    Example:
        >>> tag_facts([["Ann", "sings"]], [["B-PER", "O"]], of_spans=True)
        TagFacts(sentences=1, tokens=2, tags=2, of_spans=True, characters=4.0)
    """
    lengths = [len(token) for row in sentences for token in row]
    return TagFacts(
        sentences=len(sentences),
        tokens=len(lengths),
        tags=len({tag for row in tags for tag in row}),
        of_spans=of_spans,
        characters=fmean(lengths),
    )


def recommend_tagger(facts: TagFacts) -> list[Choice]:
    """The choices for tagged sentences, in the order in which they are told.

    Args:
        facts: of `tag_facts`.
    """
    return [
        *choose_parts(
            "the sentences",
            "the other sentences",
            valid_share=0.15 if facts.sentences < _FEW else 0.1,
            why_valid=f"they choose the epoch; by the number of sentences, {facts.sentences:,}",
        ),
        *_scheme(facts),
        _words(),
        _characters(facts),
        _network(facts),
        _members(facts),
        _field(facts),
        *_training(facts),
        _baselines(facts),
    ]


def _scheme(facts: TagFacts) -> list[Choice]:
    if not facts.of_spans:
        return []
    return [
        Choice(
            {"data.scheme": "IOBES"},
            lambda config: f"Tags are learned in the scheme {config.data.scheme}",
            "the end of a span, and a span of one token, have tags of their own",
            "data.scheme",
        )
    ]


def _words() -> Choice:
    return Choice(
        {"data.lower": True, "data.min_count": 1, "model.word_dropout": 0.2},
        lambda config: (
            f"Words{' in lower case' * config.data.lower}, {config.model.word_dropout:.0%} of them "
            "hidden in training"
        ),
        "so that the network learns what an unknown word means",
        "model.word_dropout",
    )


def _characters(facts: TagFacts) -> Choice:
    """Spelling tells case, digits and endings, also of unknown words."""

    def words(config: Any) -> str:
        if config.model.character_cell == "none":
            return "No characters of the words"
        reader = {"conv": "a convolution"}.get(
            config.model.character_cell, config.model.character_cell.upper()
        )
        return f"The characters of each word are read by {reader}"

    single = facts.characters <= _SINGLE
    return Choice(
        {"model.character_cell": "none" if single else "conv", "model.character_units": 50},
        words,
        "tokens are single characters" if single else "spelling tells case, digits and endings",
        "model.character_cell",
    )


def _network(facts: TagFacts) -> Choice:
    width = by_size(facts.tokens, _WIDTHS)

    def words(config: Any) -> str:
        widths = " and ".join(map(str, config.model.units))
        return (
            f"Network: bidirectional {config.model.cell.upper()} of {widths} units, dropout "
            f"{config.model.dropout:g}"
        )

    values = {
        "model.cell": "lstm",
        "model.units": [width],
        "model.embedding_size": width,
        "model.dropout": 0.5,
    }
    why = f"by the number of tokens, {facts.tokens:,}"
    return Choice(values, words, why, "model.cell, model.units")


def _number_of_members(facts: TagFacts) -> int:
    return _MEMBERS if facts.sentences < _FEW_TO_LEARN_FROM else 1


def _members(facts: TagFacts) -> Choice:
    members = _number_of_members(facts)
    why = "from few sentences each learns something else" if members > 1 else "many take long"
    return Choice(
        {"model.members": members},
        lambda config: (
            f"{counted(config.model.members, 'network')} in one model"
            f"{', whose median answers' * (config.model.members > 1)}"
        ),
        why,
        "model.members",
    )


def _field(facts: TagFacts) -> Choice:
    many = facts.tags > _MANY_TAGS
    why = f"{facts.tags} tags have too many" if many else "a tag depends on the one before"
    return Choice(
        {"model.crf": not many},
        lambda config: (
            "Transitions between tags are scored"
            if config.model.crf
            else "Transitions between tags are not scored"
        ),
        why,
        "model.crf",
    )


def _training(facts: TagFacts) -> list[Choice]:
    epochs, batch, rate = by_size(facts.sentences, _TRAINING)
    members = _number_of_members(facts)
    shared = ", which the networks share" * (members > 1)
    why = "few sentences need many small steps" if batch < 24 else "large batches are faster"
    return [
        choose_epochs(members * epochs, f"by the number of sentences, {facts.sentences:,}{shared}"),
        choose_stopping(
            4 * members,
            "sentences",
            "more epochs only memorize the sentences",
            clip_norm=5.0,
        ),
        choose_steps(rate, members * batch, why + shared),
    ]


def _baselines(facts: TagFacts) -> Choice:
    small = facts.sentences < _LINEAR
    names = ["most_frequent_tag", *(["linear_tagger"] if small else [])]
    plain = {
        "most_frequent_tag": "the most frequent tag of each word",
        "linear_tagger": "a linear tagger of words, spelling and neighbors",
    }
    return Choice(
        {"evaluate.baselines": names},
        lambda config: (
            f"Compared with {' and '.join(plain[one] for one in config.evaluate.baselines)}"
            if config.evaluate.baselines
            else "Compared with nothing"
        ),
        "what a network should beat" if small else "a linear tagger takes too long on so many",
        "evaluate.baselines",
    )
