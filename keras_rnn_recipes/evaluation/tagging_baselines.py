"""Baseline taggers: the most frequent tag of each word, and a linear tagger of its context."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from keras_rnn_recipes.errors import counted

Tagger = Callable[[Sequence[str]], list[str]]

# Hashed features, and letters of the longest beginning and end of a word that are features.
_FEATURES, _LONGEST = 2**18, 4
_EPOCHS = 10


def linear_tagger(
    sentences: Sequence[Sequence[str]], tags: Sequence[Sequence[str]], *, seed: int = 0
) -> Tagger:
    """Fit a logistic regression of the tag of each token on the tokens around it.

    Features are the token, the two before it and the two after it in lower case; beginnings and
    ends of the token of up to four letters; and the shapes of the token and its two neighbors,
    such as ``Xx`` for "Rome". The tags of a sentence are predicted one by one.

    Args:
        sentences: the tokens of each training sentence.
        tags: the tags of each training sentence, of which there are at least two different ones.
        seed: of the order of the training tokens.

    Returns:
        A function from the tokens of a sentence to their tags.

    Source: features as in Ratnaparkhi 1996, A maximum entropy model for part-of-speech tagging;
    fitted by scikit-learn with averaged stochastic gradient descent.

    Example:
        >>> tag = linear_tagger([["Ann", "sings"], ["Bob", "runs"]] * 20, [["N", "V"]] * 40)
        >>> tag(["Eve", "swims"])
        ['N', 'V']
    """
    from sklearn.feature_extraction import FeatureHasher
    from sklearn.linear_model import SGDClassifier

    hasher = FeatureHasher(_FEATURES, input_type="string", alternate_sign=False)
    rows = [features for tokens in sentences for features in token_features(tokens)]
    model = SGDClassifier(
        loss="log_loss", alpha=1e-6, max_iter=_EPOCHS, tol=None, average=True, random_state=seed
    )
    model.fit(hasher.transform(rows), [tag for of_row in tags for tag in of_row])

    weights, bias = model.coef_.T, model.intercept_
    if len(model.classes_) == 2:  # scikit-learn has one column, for the second class
        weights, bias = np.hstack([-weights, weights]), np.hstack([-bias, bias])
    # Its own prediction copies the weights for each sentence.
    weights = np.ascontiguousarray(weights)

    def tag(tokens: Sequence[str]) -> list[str]:
        if not len(tokens):
            return []
        scores = hasher.transform(token_features(tokens)) @ weights + bias
        return [str(model.classes_[best]) for best in scores.argmax(axis=1)]

    return tag


def token_features(tokens: Sequence[str]) -> list[list[str]]:
    """The features of each token for `linear_tagger`.

    Example:
        >>> token_features(["In", "Rome"])[0]
        ['-2=', '-1=', '0=in', '1=rome', '2=', '<i', '<in', 'n>', 'in>', '-1~', '0~Xx', '1~Xx']
    """
    lower = ["", "", *(token.lower() for token in tokens), "", ""]
    shapes = ["", *map(_shape, tokens), ""]
    found = []
    for place in range(len(tokens)):
        word = lower[place + 2]
        ends = range(1, min(_LONGEST, len(word)) + 1)
        found.append(
            [
                *(f"{step}={lower[place + 2 + step]}" for step in range(-2, 3)),
                *(f"<{word[:length]}" for length in ends),
                *(f"{word[-length:]}>" for length in ends),
                *(f"{step}~{shapes[place + 1 + step]}" for step in (-1, 0, 1)),
            ]
        )
    return found


def _shape(token: str) -> str:
    """X for capitals, x for other letters, 0 for digits; of equal ones in a row the first."""
    letters = re.sub(r"[^\W\d_]", lambda found: "X" if found[0].isupper() else "x", token)
    return re.sub(r"(.)\1+", r"\1", re.sub(r"\d", "0", letters))


def most_frequent_tag(sentences: Sequence[Sequence[str]], tags: Sequence[Sequence[str]]) -> Tagger:
    """Learn the most frequent tag of each word; unseen words get the most frequent tag overall.

    Args:
        sentences: the tokens of each training sentence; case-sensitive.
        tags: the tags of each training sentence.

    Returns:
        A function from the tokens of a sentence to their tags. Of equally frequent tags it takes
        the first in alphabetical order.

    Raises:
        ValueError: no token, or a sentence with different numbers of tags and tokens.

    Example:
        >>> tag = most_frequent_tag([["Bob", "sings"], ["Ann", "sings"]], [["N", "V"], ["N", "V"]])
        >>> tag(["Ann", "sings", "tunes"])
        ['N', 'V', 'N']
    """
    of_word: dict[str, Counter[str]] = defaultdict(Counter)
    of_all: Counter[str] = Counter()
    for number, (words, word_tags) in enumerate(zip(sentences, tags, strict=True)):
        if len(words) != len(word_tags):
            raise ValueError(
                f"every token must have a tag; received {counted(len(words), 'token')} and "
                f"{counted(len(word_tags), 'tag')} in sentence {number}."
            )
        of_all.update(word_tags)
        for word, tag in zip(words, word_tags, strict=True):
            of_word[word][tag] += 1
    if not of_all:
        raise ValueError("sentences must hold at least one token; received none.")
    best = {word: _most_frequent(counts) for word, counts in of_word.items()}
    otherwise = _most_frequent(of_all)
    return lambda tokens: [best.get(token, otherwise) for token in tokens]


def _most_frequent(counts: Counter[str]) -> str:
    return min(counts, key=lambda tag: (-counts[tag], tag))
