"""The recipe that ``krr translate`` recommends for pairs of texts.

Its numbers follow the recipes of pairs of texts, with narrower networks and more and smaller steps
for fewer pairs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

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
from keras_rnn_recipes.extras import has_extra
from keras_rnn_recipes.writing_systems import word_pattern, written_without_spaces

# Pairs that are enough to count on.
_MANY_TO_COUNT = 20_000
# Texts of at most so many words on average are words or names; characters spell those.
_FEW_WORDS = 2.0
# So many unknown words make words a poor unit of texts with at most so many characters.
_UNKNOWN, _SHORT = 0.2, 60
# Pairs below which a larger share watches the training.
_FEW = 3_000
# Pairs from which pieces of words are learned, and how many on each side, by the number of pairs.
_ENOUGH_FOR_PIECES = 3_000
_PIECES = ((10_000, 2_000), (25_000, 4_000), (float("inf"), 6_000))
# Pairs above this share of all lengths are left out of training, and so are those above the limit.
_SHARE_OF_LENGTHS, _LONGEST = 0.995, {"words": 120, "pieces": 160, "characters": 250}
# Pairs from which a word that occurs once is left unknown.
_MANY = 1_000
_MAX_VOCABULARY = 10_000
# Edit distances that are computed for the baseline of the nearest source, at most.
_DISTANCES = 30_000_000
# Sources that have this share of the characters of their targets in common may be misspelled ones.
_ALIKE = 0.7

# By the number of pairs: largest number of epochs, batch size, learning rate.
_TRAINING = (
    (1_000, (60, 16, 0.003)),
    (3_000, (40, 32, 0.003)),
    (10_000, (25, 32, 0.003)),
    (40_000, (12, 64, 0.002)),
    (150_000, (6, 64, 0.002)),
    (float("inf"), (3, 128, 0.002)),
)
# By the number of target tokens: width of the layers, dropout.
_NETWORKS = (
    (10_000, (64, 0.2)),
    (400_000, (128, 0.3)),
    (float("inf"), (256, 0.3)),
)


@dataclass(frozen=True)
class PairFacts:
    """What the choices depend on.

    Attributes:
        pairs: their number, before parts are held out.
        words: mean number of words of a text.
        characters: mean number of characters of a text.
        unknown: share of the words of a tenth of the targets that the others do not contain.
        script: the script without spaces that the sources or targets are written in; None for
            others.
        alike: share of the characters of targets that their sources contain.
        lengths: number of tokens that most texts do not exceed, by unit.
        tokens: number of tokens of all targets, by unit.
    """

    pairs: int
    words: float
    characters: float
    unknown: float
    script: str | None
    alike: float
    lengths: dict[str, int]
    tokens: dict[str, int]


def pair_facts(sources: Sequence[str], targets: Sequence[str]) -> PairFacts:
    """Count what the choices depend on, of many pairs on a part.

    Example:
        >>> facts = pair_facts(["teh", "cta"] * 10, ["the", "cat"] * 10)
        >>> facts.words, facts.alike, facts.lengths["characters"]
        (1.0, 1.0, 3)
    """
    number, step = len(sources), max(1, len(sources) // _MANY_TO_COUNT)
    sources, targets = sources[::step], targets[::step]
    token = re.compile(rf"{word_pattern()}|[^\w\s]")
    texts = [*sources, *targets]
    cut = [token.findall(text) for text in texts]
    lengths = {"words": [*map(len, cut)], "characters": [*map(len, texts)]}
    return PairFacts(
        pairs=number,
        words=fmean(len(text.split()) for text in texts),
        characters=fmean(lengths["characters"]),
        unknown=_unknown_share(cut[len(sources) :]),
        script=written_without_spaces(sources) or written_without_spaces(targets),
        alike=fmean(map(_common_share, sources, targets)),
        lengths={
            unit: int(np.quantile(found, _SHARE_OF_LENGTHS, method="higher"))
            for unit, found in lengths.items()
        },
        tokens={unit: step * sum(found[len(sources) :]) for unit, found in lengths.items()},
    )


def _unknown_share(texts: Sequence[Sequence[str]]) -> float:
    known = {word for number, text in enumerate(texts) for word in text if number % 10}
    tested = [word for text in texts[::10] for word in text]
    return sum(word not in known for word in tested) / max(len(tested), 1)


def _common_share(source: str, target: str) -> float:
    return sum(one in source for one in target) / max(len(target), 1)


def recommend_pairs(
    facts: PairFacts, *, unit: str | None = None, pronounced: bool = False
) -> list[Choice]:
    """The choices for pairs of texts, in the order in which they are told.

    Args:
        facts: of `pair_facts`.
        unit: of the tokens, if the user gave it.
        pronounced: whether the targets are phonemes.
    """
    chosen, why = ("characters", "words are read letter by letter") if pronounced else _unit(facts)
    taken = unit or chosen
    unit = _counted_as(taken)
    return [
        *choose_parts(
            "the pairs",
            "the other pairs",
            test_share=0.2 if facts.pairs < 10_000 else 0.1,
            valid_share=0.1 if facts.pairs < _FEW else 0.05,
            why_valid=f"they choose the epoch; by the number of pairs, {facts.pairs:,}",
        ),
        *([_phonemes()] if pronounced else []),
        Choice(
            {"data.unit": chosen, "data.lower": pronounced},
            lambda config: (
                f"Tokens: {UNITS[config.data.unit]}{', in lower case' * config.data.lower}"
            ),
            why,
            "--unit",
        ),
        _lengths(facts, taken),
        _vocabulary(facts, taken),
        _network(facts, unit),
        *_training(facts, unit),
        _judged(facts, unit, pronounced),
    ]


def _phonemes() -> Choice:
    return Choice(
        {"data.format": "pronunciations"},
        lambda config: "Targets: phonemes, which white space separates",
        "the file is a pronouncing dictionary",
        "data.format",
    )


def _unit(facts: PairFacts) -> tuple[str, str]:
    if facts.words <= _FEW_WORDS and not facts.script:
        return "characters", f"texts have {facts.words:.1f} words on average, which are spelled"
    if facts.unknown > _UNKNOWN and facts.characters <= _SHORT:
        return "characters", (
            f"{facts.unknown:.0%} of the words of some targets do not occur in the others"
        )
    if facts.script:
        return "words", f"each {facts.script} letter is one, and words of other scripts stay whole"
    if facts.pairs < _ENOUGH_FOR_PIECES:
        return "words", f"texts have {facts.words:.0f} words on average, and pieces need more pairs"
    if not has_extra("pieces"):
        return "words", "pieces would serve better: pip install 'keras-rnn-recipes[pieces]'"
    return "pieces", "rare words are read and written in parts"


def _counted_as(unit: str) -> str:
    """The unit by which texts are measured: pieces, and what white space separates, as words."""
    return "characters" if unit == "characters" else "words"


def _lengths(facts: PairFacts, unit: str) -> Choice:
    """The longest texts that are learned, and the longest answers."""
    usual = facts.lengths[_counted_as(unit)]
    if unit == "pieces":  # few texts have more than two pieces for a word
        usual = min(2 * usual, facts.lengths["characters"])
    most = min(usual, _LONGEST.get(unit, _LONGEST["words"]))
    # [START] and [END] count too, and the share of pairs was found on tokens as counted here.
    return Choice(
        {"data.max_length": most + 2 + most // 10, "evaluate.max_length": most + 2 + most // 5},
        lambda config: f"Learned: pairs of at most {config.data.max_length} tokens on either side",
        "nearly all texts are that short" if most == usual else "longer ones take too much time",
        "data.max_length",
    )


def _vocabulary(facts: PairFacts, unit: str) -> Choice:
    if unit == "characters":
        return choose_vocabulary(1, None, "characters are few")
    if unit == "pieces":
        most = by_size(facts.pairs, _PIECES)
        return choose_vocabulary(1, most, f"by the number of pairs, {facts.pairs:,}")
    if facts.pairs < _MANY:
        return choose_vocabulary(1, _MAX_VOCABULARY, "with few texts, rare tokens count too")
    why = "so that the network learns what an unknown token means"
    return choose_vocabulary(2, _MAX_VOCABULARY, why)


def _network(facts: PairFacts, unit: str) -> Choice:
    width, dropout = by_size(facts.tokens[unit], _NETWORKS)

    def words(config: Any) -> str:
        model = config.model
        widths = " and ".join(map(str, model.units))
        return (
            f"Network: {'bidirectional ' * model.bidirectional}{model.cell.upper()} encoder and "
            f"{model.cell.upper()} decoder of {widths} units with attention, dropout "
            f"{model.dropout:g}"
        )

    values = {
        "model.cell": "lstm",
        "model.units": [width],
        "model.embedding_size": min(width, 64) if unit == "characters" else width,
        "model.dropout": dropout,
    }
    why = f"by the number of target tokens, {facts.tokens[unit]:,}"
    return Choice(values, words, why, "model.cell, model.units")


def _training(facts: PairFacts, unit: str) -> list[Choice]:
    epochs, batch, rate = by_size(facts.pairs, _TRAINING)
    smoothing = 0.1 if unit == "words" else 0.0
    return [
        choose_epochs(epochs, f"by the number of pairs, {facts.pairs:,}"),
        choose_stopping(
            4,
            "pairs",
            "more epochs only memorize the pairs",
            label_smoothing=smoothing,
        ),
        choose_steps(
            rate,
            batch,
            "few pairs need many small steps" if batch < 64 else "large batches are faster",
        ),
    ]


def _judged(facts: PairFacts, unit: str, pronounced: bool) -> Choice:
    metrics = ["bleu", "chrf"] if unit == "words" else ["accuracy_at_1", "character_error_rate"]
    tested = 0.2 if facts.pairs < 10_000 else 0.1
    baselines = ["copy"]
    if tested * facts.pairs**2 < _DISTANCES:
        baselines.append("nearest_source")
    if unit == "characters" and facts.words <= _FEW_WORDS and facts.alike >= _ALIKE:
        baselines.append("nearest_word")
    if pronounced:
        metrics = ["phoneme_error_rate", "wrong_words"]
        baselines = [*baselines[1:], "joint_ngram"]
    return Choice(
        {"evaluate.metrics": metrics, "evaluate.baselines": baselines},
        _compared,
        "they fit such texts",
        "evaluate.metrics, evaluate.baselines",
    )


def _compared(config: Any) -> str:
    how, others = map(_listed, (config.evaluate.metrics, config.evaluate.baselines))
    return f"Compared by {how} with {others}"


def _listed(names: Sequence[str]) -> str:
    plain = [name.replace("_", " ") for name in names]
    return " and ".join(filter(None, [", ".join(plain[:-1]), *plain[-1:]])) or "nothing"
