"""Misspell words the way people do, as pairs of misspelt and meant words show it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from keras_rnn_recipes.data.text.reading import ParallelTexts
from keras_rnn_recipes.extras import require_extra

# Before the first letter; no word holds it.
_START = "\x01"
# A slip of letters that hardly occur is taken for less likely than their few cases say.
_DOUBT = 5


class Misspeller:
    """Slips of the pen, each as often as it was seen after the letter before it.

    A slip is what stands where some letters should be, such as "ei" for "ie". How many a word gets,
    and which, is drawn from how often they occurred in the pairs.

    Args:
        pairs: misspelt texts, and what was meant.

    Raises:
        UserError: the extra ``text`` is not installed.

    Example:
        >>> pen = Misspeller(ParallelTexts(("recieve", "belive"), ("receive", "believe")))
        >>> [pen("deceive", np.random.default_rng(seed)) for seed in range(2)]
        ['decieive', 'deceve']

    Source: the letters and their slips of Kernighan, Church and Gale 1990, A spelling correction
        program based on a noisy channel model, with any number of letters (Brill and Moore 2000).
    """

    def __init__(self, pairs: ParallelTexts) -> None:
        require_extra("text", "Misspelling words")
        from rapidfuzz.distance import Levenshtein

        slips: dict[str, Counter[str]] = defaultdict(Counter)
        occurred: Counter[str] = Counter()
        numbers: Counter[int] = Counter()
        for misspelt, meant in zip(pairs.sources, pairs.targets, strict=True):
            right, wrong = _START + meant, _START + misspelt
            found = [
                (right[at.src_start - 1 : at.src_end], wrong[at.dest_start - 1 : at.dest_end])
                for at in Levenshtein.opcodes(right, wrong)
                if at.tag != "equal"
            ]
            for letters, instead in found:
                slips[letters][instead] += 1
            numbers.update([len(found)] if found else [])
        longest = max(map(len, slips), default=0)
        # Against how often the letters stood there to be got wrong.
        for meant in set(pairs.targets):
            occurred.update(letters for _, letters in _pieces(_START + meant, longest))
        self._longest = longest
        self._slips = {letters: _shares(counts) for letters, counts in slips.items()}
        self._rates = {
            letters: sum(counts.values()) / (occurred[letters] + _DOUBT)
            for letters, counts in slips.items()
        }
        self._numbers, self._odds = _shares(numbers or Counter([0]))

    def __call__(self, word: str, random: np.random.Generator) -> str:
        """The word with a slip or more; as it is where no slip is known for any of its letters."""
        text = _START + word
        for _ in range(random.choice(self._numbers, p=self._odds)):
            places = [piece for piece in _pieces(text, self._longest) if piece[1] in self._rates]
            if not places:
                break
            rates = np.array([self._rates[letters] for _, letters in places])
            at, letters = places[random.choice(len(places), p=rates / rates.sum())]
            instead, shares = self._slips[letters]
            text = text[:at] + random.choice(instead, p=shares) + text[at + len(letters) :]
        return text[1:]


def misspell(
    words: Iterable[str], pairs: ParallelTexts, *, each: int = 1, seed: int = 0
) -> ParallelTexts:
    """Pairs made of words alone: each of them misspelt a few times.

    Args:
        words: what is meant.
        pairs: from which the slips are learnt.
        each: misspellings for each word; one that comes out as it was is given once.
        seed: of the draws.

    Example:
        >>> pairs = ParallelTexts(("recieve", "belive"), ("receive", "believe"))
        >>> more = misspell(["deceive"], pairs, each=2)
        >>> more.targets
        ('deceive', 'deceive')
    """
    pen, random = Misspeller(pairs), np.random.default_rng(seed)
    made = {(pen(word, random), word): None for word in sorted(set(words)) for _ in range(each)}
    sources, targets = zip(*made, strict=True) if made else ((), ())
    return ParallelTexts(tuple(sources), tuple(targets))


def _pieces(text: str, longest: int) -> Iterable[tuple[int, str]]:
    """Every run of up to so many letters, and where it begins."""
    for start in range(len(text)):
        for end in range(start + 1, min(start + longest, len(text)) + 1):
            yield start, text[start:end]


def _shares(counts: Counter[Any]) -> tuple[Sequence[Any], np.ndarray]:
    total = np.array(list(counts.values()), "float64")
    return list(counts), total / total.sum()
