"""Letters to phonemes by a joint n-gram model, the baseline of networks for pronunciations."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from keras_rnn_recipes.evaluation.ngrams import NGrams

Chunk = tuple[str, ...]
Scores = Callable[[str, Chunk], float]

# A letter stands for so many phonemes at most: X for K S.
_LONGEST = 2
# Alignments are learned in so many rounds, from so many pairs.
_ROUNDS, _PAIRS = 5, 20_000
# Weight of a chunk that a letter was not seen with.
_UNSEEN = 0.1
# Chunks that are tried for a letter, and hypotheses that are kept.
_CHUNKS, _BEAM = 12, 8
_BOUNDARY = 0


class _Hypothesis(NamedTuple):
    score: float
    context: tuple[int, ...]
    phonemes: Chunk


def align(letters: str, phonemes: Chunk, score: Scores) -> list[Chunk] | None:
    """Divide the phonemes of a word among its letters, with the largest sum of scores.

    Args:
        letters: of the word.
        phonemes: of the word, in order.
        score: of a letter and the phonemes that it stands for, of which there are 0 to 2.

    Returns:
        The phonemes of each letter; None if there are more than two for each letter.

    Example:
        >>> sizes = {"s": 1, "i": 1, "x": 2}
        >>> align("six", ("S", "IH", "K", "S"), lambda letter, chunk: len(chunk) == sizes[letter])
        [('S',), ('IH',), ('K', 'S')]
    """
    total = len(phonemes)
    best = [0.0] + [-math.inf] * total  # by the number of phonemes that are given away
    sizes: list[list[int]] = []
    for letter in letters:
        following, taken = [-math.inf] * (total + 1), [0] * (total + 1)
        for end in range(total + 1):
            for size in range(min(_LONGEST, end) + 1):
                before = best[end - size]
                if before == -math.inf:
                    continue
                found = before + score(letter, phonemes[end - size : end])
                if found > following[end]:
                    following[end], taken[end] = found, size
        best = following
        sizes.append(taken)
    if best[total] == -math.inf:
        return None
    chunks: list[Chunk] = []
    end = total
    for taken in reversed(sizes):
        chunks.append(phonemes[end - taken[end] : end])
        end -= taken[end]
    return chunks[::-1]


def learn_alignment(pairs: Sequence[tuple[str, Chunk]]) -> Scores:
    """Learn how likely each letter stands for which phonemes, by Viterbi training.

    The first alignment divides phonemes evenly.

    Args:
        pairs: words and their phonemes.

    Returns:
        The log probability of the phonemes of a letter, for `align`.
    """
    some = pairs[:: max(1, len(pairs) // _PAIRS)]
    scores = _log_shares(_evenly(word, phonemes) for word, phonemes in some)
    for _ in range(_ROUNDS):
        scores = _log_shares(_aligned(some, scores))
    return scores


def _evenly(letters: str, phonemes: Chunk) -> list[tuple[str, Chunk]]:
    ends = [len(phonemes) * at // len(letters) for at in range(len(letters) + 1)]
    cuts = zip(letters, ends[:-1], ends[1:], strict=True)
    return [(letter, phonemes[start:end][:_LONGEST]) for letter, start, end in cuts]


def _aligned(
    pairs: Sequence[tuple[str, Chunk]], scores: Scores
) -> Iterable[list[tuple[str, Chunk]]]:
    """Letters with their phonemes, of each pair that can be aligned."""
    for word, phonemes in pairs:
        chunks = align(word, phonemes, scores)
        if chunks is not None:
            yield list(zip(word, chunks, strict=True))


def _log_shares(words: Iterable[list[tuple[str, Chunk]]]) -> Scores:
    counts = Counter(joint for word in words for joint in word)
    totals: Counter[str] = Counter()
    for (letter, _), count in counts.items():
        totals[letter] += count
    floors = {letter: math.log(_UNSEEN / (total + 1)) for letter, total in totals.items()}
    seen = {joint: math.log(count / (totals[joint[0]] + 1)) for joint, count in counts.items()}
    lowest = math.log(_UNSEEN)
    return lambda letter, chunk: seen.get((letter, chunk), floors.get(letter, lowest))


def joint_ngram(
    sources: Sequence[str], targets: Sequence[str], *, length: int = 6
) -> Callable[[Sequence[str]], list[str]]:
    """Make a pronouncer from n-grams of letters joined with their phonemes.

    Letters and phonemes of the known words are aligned. An n-gram model of the pairs of a letter
    and its phonemes then finds the most probable pairs for the letters of a word, by beam search.

    Args:
        sources: known words.
        targets: their phonemes, between spaces.
        length: pairs in the longest n-gram.

    Returns:
        A function from words to their phonemes.

    Raises:
        ValueError: there are no words that can be aligned.

    Source: Bisani and Ney 2008, Joint-sequence models for grapheme-to-phoneme conversion; here
    with one letter and up to two phonemes in a pair, and Kneser-Ney smoothing.

    Example:
        >>> say = joint_ngram(["ab", "ba", "abba"], ["A B", "B A", "A B B A"], length=3)
        >>> say(["bab"])
        ['B A B']
    """
    pairs = [(word, tuple(said.split())) for word, said in zip(sources, targets, strict=True)]
    known = list(_aligned(pairs, learn_alignment([pair for pair in pairs if pair[0]])))
    counts = Counter(joint for word in known for joint in word)
    if not counts:
        raise ValueError("sources must contain at least one word that can be aligned.")
    numbers = {joint: number for number, joint in enumerate(counts, start=1)}
    tokens = [_BOUNDARY]
    for word in known:
        tokens += [*(numbers[joint] for joint in word), _BOUNDARY]
    model = NGrams(tokens, length, len(numbers) + 1)
    chunks: dict[str, list[tuple[int, Chunk]]] = {}
    for joint, _ in counts.most_common():
        of_letter = chunks.setdefault(joint[0], [])
        if len(of_letter) < _CHUNKS:
            of_letter.append((numbers[joint], joint[1]))
    found: dict[str, str] = {}

    def say(texts: Sequence[str]) -> list[str]:
        found.update({text: _most_probable(text, model, chunks) for text in {*texts} - {*found}})
        return [found[text] for text in texts]

    return say


def _most_probable(
    word: str, model: NGrams, chunks: Mapping[str, Sequence[tuple[int, Chunk]]]
) -> str:
    """The phonemes of the best hypothesis; letters that are unknown are silent."""
    beam = [_Hypothesis(0.0, (_BOUNDARY,), ())]
    for letter in filter(chunks.__contains__, word):
        longer = [
            _Hypothesis(
                one.score + math.log(model.probability(one.context, number)),
                (*one.context, number)[-model.length :],
                one.phonemes + chunk,
            )
            for one in beam
            for number, chunk in chunks[letter]
        ]
        beam = sorted(longer, reverse=True)[:_BEAM]
    ended = (
        (one.score + math.log(model.probability(one.context, _BOUNDARY)), one.phonemes)
        for one in beam
    )
    return " ".join(max(ended)[1])
