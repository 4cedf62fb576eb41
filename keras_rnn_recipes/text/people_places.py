"""Generated sentences for tagging, in which people and places have the same names.

In "Jordan flew to Sydney" and "Sydney met Jordan in Austin" only the context tells people from
places. Half of the names in the test part do not occur in the training part.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras_rnn_recipes.text.column_files import Sentence

_KNOWN = """
    Austin Jordan Sydney Paris Florence Chelsea Carolina Brooklyn Dakota Georgia Virginia Madison
    Lincoln Jackson Dallas Houston Bristol Cheyenne Denver Camden Hudson Logan Preston Easton Milan
    Kenya Catalina Valencia Alexandria Charlotte Victoria Helena Carson Raleigh Weston Clayton
    Dayton Avalon Bailey Berlin Boston Bolton Burton Cairo Carlisle Clifton Cordoba Cody Dalton
    Darwin Derby Eden Fairfax Geneva Genoa Hamilton Hampton Harlem Havana Kent
"""
_UNKNOWN = """
    Savannah Aspen London Adelaide Devon Kingston Holland Ireland Orlando Trenton Vienna Sienna
    Israel Chester Lorraine Verona Lancaster Lexington Lima Marion Melrose Memphis Milton Monroe
    Montgomery Nevada Newton Odessa Oakland Olympia Petra Phoenix Princeton Quincy Regina Roma Salem
    Selma Shelby Sheldon Stafford Troy Tyrone Vernon Warren Washington Wellington Windsor Winston
    York India Asia Elba Everest Heath Lansing Lynn Maitland Branson Bergen
"""
_SURNAMES = ("Smith", "Garcia", "Okafor", "Novak", "Tanaka", "Weber")
_PLACES = ("New {}", "Port {}", "{} Bay", "{}")
# P stands for a person, L for a place.
_FRAMES = (
    *("P lives in L .", "P flew to L yesterday .", "P met P in L .", "Nobody in L knew P ."),
    *("The road from L to L is long .", "P said that it rained .", "It rained in L , said P ."),
    *("When did P leave L ?", "P and P moved to L .", "The mayor of L thanked P ."),
    *("They drove through L at night .", "P writes to P every day .", "L is far from L ."),
    "She came home late .",
)


def people_places(
    *, train_size: int = 1500, valid_size: int = 300, test_size: int = 300, seed: int = 0
) -> tuple[list[Sentence], list[Sentence], list[Sentence]]:
    """Tagged sentences for training, validation and test; tags in IOB2, types PER and LOC.

    Args:
        train_size, valid_size, test_size: sentences in each part. Half of the names in the
            validation and the test part do not occur in training.
        seed: of the draws.

    Returns:
        Training, validation and test part.

    Raises:
        ValueError: a size below 0.

    Example:
        >>> train, valid, test = people_places()
        >>> sorted({tag for sentence in train for tag in sentence.tags})
        ['B-LOC', 'B-PER', 'I-LOC', 'I-PER', 'O']
    """
    sizes = (train_size, valid_size, test_size)
    if min(sizes) < 0:
        raise ValueError(f"sizes must be at least 0; received {sizes}.")
    random = np.random.default_rng(seed)
    known, unknown = _KNOWN.split(), _UNKNOWN.split()
    names = (known, known + unknown, known + unknown)
    train, valid, test = (
        [_sentence(random, part, number) for number in range(size)]
        for size, part in zip(sizes, names, strict=True)
    )
    return train, valid, test


def _sentence(random: np.random.Generator, names: Sequence[str], number: int) -> Sentence:
    tokens: list[str] = []
    tags: list[str] = []
    for word in str(random.choice(_FRAMES)).split():
        parts = [word]
        if word in ("P", "L"):
            parts = _named(random, names, word)
            kind = "PER" if word == "P" else "LOC"
            tags += [f"B-{kind}", *[f"I-{kind}"] * (len(parts) - 1)]
        else:
            tags.append("O")
        tokens += parts
    return Sentence(tuple(tokens), tuple(tags), number + 1)


def _named(random: np.random.Generator, names: Sequence[str], kind: str) -> list[str]:
    name = str(random.choice(names))
    if kind == "L":
        return str(random.choice(_PLACES)).format(name).split()
    return [name, str(random.choice(_SURNAMES))] if random.random() < 0.4 else [name]
