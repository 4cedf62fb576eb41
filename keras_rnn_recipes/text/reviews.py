"""Generated reviews of restaurants, with what they complain about and their ratings.

The words of praise and of blame are the same for everything that is reviewed, so that a model that
counts words cannot tell what the blame is for.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from keras_rnn_recipes.text.reading import LabelledTexts

_ASPECTS = {
    "food": ("soup", "pizza", "dessert", "bread"),
    "service": ("waiter", "staff", "cook", "host"),
    "price": ("bill", "price", "deposit", "tip"),
    "place": ("terrace", "table", "music", "garden"),
}
# Words of opinion by how good they are, from 0 to 1.
_OPINIONS = {
    **dict.fromkeys(("great", "lovely", "perfect"), 1.0),
    **dict.fromkeys(("good", "nice", "fine"), 0.8),
    **dict.fromkeys(("bad", "poor", "dull"), 0.2),
    **dict.fromkeys(("awful", "terrible", "sad"), 0.0),
}
_SIZES = {"train": 3000, "valid": 500, "test": 500}
_SEPARATOR = ";"

# The topic, the text and the goodness of a clause.
_Clause = tuple[str, str, float]


def complaints(*, seed: int = 0) -> dict[str, LabelledTexts]:
    """Reviews whose labels are what they complain about: food, service, price, place, or nothing.

    "the soup was not good and the waiter was great but the bill was awful" has the labels food and
    price.

    Args:
        seed: of the draw.

    Returns:
        3,000 texts for training, 500 for validation and 500 for testing, all different.

    Example:
        >>> train = complaints()["train"]
        >>> sorted({label for labels in train.labels for label in labels.split(";") if label})
        ['food', 'place', 'price', 'service']
    """
    return _parts(
        lambda clauses: _SEPARATOR.join(sorted(topic for topic, _, good in clauses if good < 0.5)),
        seed,
    )


def ratings(*, seed: int = 0) -> dict[str, LabelledTexts]:
    """The same reviews with a rating from 1 to 5: the mean of the opinions, the last one twice.

    Args:
        seed: of the draw.

    Returns:
        As `complaints`, with numbers as labels.

    Example:
        >>> test = ratings()["test"]
        >>> min(map(float, test.labels)) >= 1 and max(map(float, test.labels)) <= 5
        True
    """
    return _parts(_rating, seed)


def _rating(clauses: list[_Clause]) -> str:
    opinions = [good for _, _, good in clauses]
    mean = (sum(opinions) + opinions[-1]) / (len(opinions) + 1)
    return f"{1 + 4 * mean:.2f}"


def _parts(label: Callable[[list[_Clause]], str], seed: int) -> dict[str, LabelledTexts]:
    random = np.random.default_rng(seed)
    drawn: dict[str, str] = {}
    while len(drawn) < sum(_SIZES.values()):
        clauses = _review(random)
        drawn.setdefault(_joined(clauses), label(clauses))
    rows, parts = iter(drawn.items()), {}
    for name, size in _SIZES.items():
        texts, labels = zip(*(next(rows) for _ in range(size)), strict=True)
        parts[name] = LabelledTexts(texts, labels)
    return parts


def _review(random: np.random.Generator) -> list[_Clause]:
    """Two to four clauses, each about something else."""
    topics = random.permutation(list(_ASPECTS))[: random.integers(2, 5)]
    return [_clause(str(topic), random) for topic in topics]


def _clause(topic: str, random: np.random.Generator) -> _Clause:
    thing, word = random.choice(_ASPECTS[topic]), str(random.choice(list(_OPINIONS)))
    denied = random.random() < 0.3
    good = 1 - _OPINIONS[word] if denied else _OPINIONS[word]
    return topic, f"the {thing} was {'not ' * denied}{word}", good


def _joined(clauses: list[_Clause]) -> str:
    """Clauses of the same kind with "and", others with "but"."""
    text = clauses[0][1]
    for (_, _, before), (_, clause, good) in zip(clauses, clauses[1:], strict=False):
        text += f" {'and' if (before < 0.5) == (good < 0.5) else 'but'} {clause}"
    return text
