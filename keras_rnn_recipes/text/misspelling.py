"""Make up misspellings of words, with the edits that known misspellings show.

A list of misspellings has each word a few times only, so a network that learns from it alone has
seen few of the ways to misspell each word. People's edits are alike in all words (letters are
doubled, left out, swapped, or written as they sound), so those of one word serve another.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from keras_rnn_recipes.text.reading import ParallelTexts

# A misspelling with more edits is often another word, or not aligned as its writer meant it.
MOST_EDITS = 3
# What stands before the first letter of a word.
BEFORE_WORDS = ""


class Edit(NamedTuple):
    """A place in a word where something else is written.

    Attributes:
        at: number of the letter, from 0, at which it begins.
        letters: of the word: none (something is inserted), one, or two that are swapped.
        written: what is written in their place; may be empty.
    """

    at: int
    letters: str
    written: str


class _Place(NamedTuple):
    """Letters of a word and the letter before them: what the rate of an edit depends on."""

    letters: str
    before: str


def find_edits(word: str, misspelling: str) -> list[Edit]:
    """The fewest edits that turn a word into a misspelling, from its end to its beginning.

    Args:
        word: the right spelling.
        misspelling: what was written.

    Returns:
        Letters inserted, deleted or substituted and pairs of adjacent letters swapped. Applied in
        this order, they do not move each other.

    Source: the optimal string alignment distance, Damerau 1964.

    Example:
        >>> find_edits("separate", "seperat")
        [Edit(at=7, letters='e', written=''), Edit(at=3, letters='a', written='e')]
        >>> find_edits("the", "teh")
        [Edit(at=1, letters='he', written='eh')]
    """
    fewest = _distances(word, misspelling)
    edits, end, written = [], len(word), len(misspelling)
    while end or written:
        here = fewest[end][written]
        if end and written and word[end - 1] == misspelling[written - 1]:
            # Equal last letters can always be matched at no cost.
            end -= 1
            written -= 1
            continue
        if _is_swap(word, end, misspelling, written) and here == fewest[end - 2][written - 2] + 1:
            size, size_written = 2, 2
        elif end and written and here == fewest[end - 1][written - 1] + 1:
            size, size_written = 1, 1
        elif end and here == fewest[end - 1][written] + 1:
            size, size_written = 1, 0
        else:
            size, size_written = 0, 1
        letters = word[end - size : end]
        end -= size
        written -= size_written
        edits.append(Edit(end, letters, misspelling[written : written + size_written]))
    return edits


def _distances(word: str, misspelling: str) -> list[list[int]]:
    """The smallest number of edits between every two beginnings of both."""
    fewest = [list(range(len(misspelling) + 1))]
    for end, letter in enumerate(word, start=1):
        row = [end]
        for written, other in enumerate(misspelling, start=1):
            best = min(
                fewest[end - 1][written] + 1,
                row[written - 1] + 1,
                fewest[end - 1][written - 1] + (letter != other),
            )
            if _is_swap(word, end, misspelling, written):
                best = min(best, fewest[end - 2][written - 2] + 1)
            row.append(best)
        fewest.append(row)
    return fewest


def _is_swap(word: str, end: int, misspelling: str, written: int) -> bool:
    """Whether the two letters before ``end`` are those before ``written``, swapped."""
    if end < 2 or written < 2:
        return False
    return word[end - 2 : end] == misspelling[written - 2 : written][::-1]


class Misspeller:
    """Misspell words as the misspellings of known words are misspelled.

    The rate of an edit is how often it was made, divided by how often it could have been: the
    occurrences of its letters after the same letter, in the words of the pairs.

    Args:
        pairs: words and their misspellings. Those with more than three edits, or none, count as
            words only.

    Source: the confusion counts of Kernighan, Church and Gale 1990, given the letter before;
        misspellings made up for training: Belinkov and Bisk 2018, section 4.

    Example:
        >>> Misspeller([("receive", "recieve")]).misspell("deceit", random.Random(0))
        'deciet'
    """

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        made: dict[_Place, Counter[str]] = defaultdict(Counter)
        possible: Counter[_Place] = Counter()
        numbers: Counter[int] = Counter()
        for word, misspelling in pairs:
            possible.update(place for _, place in _places(word))
            edits = find_edits(word, misspelling)
            if not 1 <= len(edits) <= MOST_EDITS:
                continue
            numbers[len(edits)] += 1
            for at, letters, written in edits:
                made[_Place(letters, _before(word, at))][written] += 1
        self._numbers = dict(sorted(numbers.items()))
        self._made = dict(made)
        self._rates = {place: one.total() / possible[place] for place, one in made.items()}

    def misspell(self, word: str, draw: random.Random) -> str:
        """The word with one to three edits, as many as misspellings have.

        Args:
            word: to misspell.
            draw: the source of random numbers.

        Returns:
            The misspelling. It may be another word, or the word itself: if two edits cancel, or no
            edit of the known misspellings fits it.
        """
        if not self._numbers:
            return word
        (number,) = draw.choices(list(self._numbers), list(self._numbers.values()))
        for _ in range(number):
            fitting = [(at, place) for at, place in _places(word) if place in self._rates]
            if not fitting:
                break
            rates = [self._rates[place] for _, place in fitting]
            ((at, place),) = draw.choices(fitting, rates)
            made = self._made[place]
            (written,) = draw.choices(list(made), list(made.values()))
            word = word[:at] + written + word[at + len(place.letters) :]
        return word


def _places(word: str) -> Iterator[tuple[int, _Place]]:
    """Every place of a word where something may be inserted, replaced or swapped."""
    for at in range(len(word) + 1):
        for size in range(min(2, len(word) - at) + 1):
            yield at, _Place(word[at : at + size], _before(word, at))


def _before(word: str, at: int) -> str:
    return word[at - 1] if at else BEFORE_WORDS


def make_up_misspellings(
    pairs: ParallelTexts, copies: int, *, seed: int = 0, held_out: Collection[str] = ()
) -> ParallelTexts:
    """Misspellings of the words of a training part, with the edits of its pairs.

    Args:
        pairs: misspellings (sources) and words (targets).
        copies: misspellings of each different word.
        seed: of the random numbers.
        held_out: misspellings that are never made up: those of the validation and test parts.

    Returns:
        At most ``copies`` pairs for each word: words that were drawn as they are, and what is held
        out, are left out.

    Example:
        >>> pairs = ParallelTexts(("teh", "adn"), ("the", "and"))
        >>> make_up_misspellings(pairs, 1).targets
        ('and', 'the')
    """
    misspeller = Misspeller(zip(pairs.targets, pairs.sources, strict=True))
    draw, left_out = random.Random(seed), frozenset(held_out)
    words = [word for word in sorted(set(pairs.targets)) for _ in range(copies)]
    made = ((misspeller.misspell(word, draw), word) for word in words)
    kept = [(source, word) for source, word in made if source != word and source not in left_out]
    return ParallelTexts(tuple(source for source, _ in kept), tuple(word for _, word in kept))
