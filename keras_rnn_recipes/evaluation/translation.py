"""Metrics of generated texts: BLEU, chrF, error rates and exact matches.

Each text has one reference, or several of which any may be meant: references are given as strings,
or as sequences of strings. BLEU and chrF use all of them. An exact match equals any of them. Error
rates compare a text with the reference that it is nearest to.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from keras_rnn_recipes.evaluation.metric_info import metrics_of
from keras_rnn_recipes.extras import require_extra
from keras_rnn_recipes.writing_systems import (
    count_characters,
    lower_case,
    written_without_spaces,
)

# For each text one reference, or several.
References: TypeAlias = Sequence[str] | Sequence[Sequence[str]]


class CorpusScore(NamedTuple):
    """Corpus score from 0 to 100, with its sacreBLEU signature."""

    score: float
    signature: str


def bleu(
    hypotheses: Sequence[str],
    references: References,
    *,
    lowercase: bool = False,
    tokenize: str | None = None,
) -> CorpusScore:
    """Corpus BLEU, computed and tokenized by sacreBLEU.

    Args:
        hypotheses: generated texts, detokenized and in their original case.
        references: reference texts, one or several for each hypothesis.
        lowercase: ignore case.
        tokenize: name of sacreBLEU's tokenizer; None: the one that fits the references, see
            `bleu_tokenizer`.

    Returns:
        The score, from 0 to 100, and sacreBLEU's signature. Scores are comparable where their
        signatures are equal.

    Raises:
        ValueError: no texts, or different numbers of hypotheses and references.
        UserError: the extra ``text`` is not installed.

    Source: Papineni et al. 2002; Post 2018, A call for clarity in reporting BLEU scores.

    Example:
        >>> found = bleu(["the cat sat on the mat"], ["the cat sat on the mat"])
        >>> round(found.score), found.signature.split("|")[:2]
        (100, ['nrefs:1', 'case:mixed'])
    """
    _check(hypotheses, references, "BLEU")
    from sacrebleu.metrics import BLEU

    metric = BLEU(lowercase=lowercase, tokenize=tokenize or bleu_tokenizer(references))
    return _corpus_score(metric, hypotheses, references)


def bleu_tokenizer(references: References) -> str:
    """The tokenizer of sacreBLEU that fits the script of some references.

    Returns:
        "zh" for Chinese; "char", single characters, for Japanese, Thai, Lao, Khmer and Burmese,
        which have no spaces between words either; "13a" for others.

    Example:
        >>> bleu_tokenizer(["the cat"]), bleu_tokenizer(["一只猫"]), bleu_tokenizer(["ねこ"])
        ('13a', 'zh', 'char')
    """
    script = written_without_spaces(flat(references))
    return {None: "13a", "Chinese": "zh"}.get(script, "char")


def chrf(
    hypotheses: Sequence[str], references: References, *, lowercase: bool = False
) -> CorpusScore:
    """Corpus chrF2, the F-score of character n-grams, computed by sacreBLEU.

    Args:
        hypotheses, references, lowercase: as in :func:`bleu`.

    Returns:
        The score, from 0 to 100, and sacreBLEU's signature.

    Raises:
        ValueError, UserError: as :func:`bleu`.

    Source: Popovic 2015, chrF: character n-gram F-score for automatic MT evaluation.

    Example:
        >>> round(chrf(["the cat sat on the mat"], ["the cat sat on the mat"]).score)
        100
    """
    _check(hypotheses, references, "chrF")
    from sacrebleu.metrics import CHRF

    return _corpus_score(CHRF(lowercase=lowercase), hypotheses, references)


def character_error_rate(hypotheses: Sequence[str], references: References) -> float:
    """Characters inserted, deleted or substituted, per character of the references.

    Args:
        hypotheses, references: as in :func:`bleu`.

    Returns:
        0 where all texts are equal; it can exceed 1. White space at either end is ignored.

    Raises:
        ValueError: as :func:`bleu`, and where all references are empty.
        UserError: as :func:`bleu`.

    Example:
        >>> character_error_rate(["acress", "the"], ["across", "the"])
        0.1111111111111111
    """
    _check(hypotheses, references, "The character error rate")
    _check_not_empty(references)
    import jiwer

    return float(jiwer.cer(_nearest(hypotheses, references, list), list(hypotheses)))


def word_error_rate(hypotheses: Sequence[str], references: References) -> float:
    """Words inserted, deleted or substituted, per word of the references, split at white space.

    Args:
        hypotheses, references: as in :func:`bleu`.

    Returns:
        0 where all texts are equal; it can exceed 1.

    Raises:
        ValueError: as :func:`bleu`, and where all references are empty.
        UserError: as :func:`bleu`.

    Example:
        >>> word_error_rate(["the cat sat"], ["the dog sat"])
        0.3333333333333333
    """
    _check(hypotheses, references, "The word error rate")
    _check_not_empty(references)
    import jiwer

    return float(jiwer.wer(_nearest(hypotheses, references, str.split), list(hypotheses)))


def phoneme_error_rate(hypotheses: Sequence[str], references: References) -> float:
    """Phonemes inserted, deleted or substituted, per phoneme of the nearest pronunciations.

    Args:
        hypotheses: the phonemes of each word, between spaces.
        references: the pronunciations of each word, one or several.

    Returns:
        0 where all words are right; it can exceed 1.

    Raises:
        ValueError, UserError: as :func:`word_error_rate`.

    Example:
        >>> phoneme_error_rate(["R IY D", "HH AH"], [("R EH D", "R IY D"), "HH AA T"])
        0.3333333333333333
    """
    return word_error_rate(hypotheses, references)


def wrong_words(hypotheses: Sequence[str], references: References) -> float:
    """Share of words whose phonemes equal none of their pronunciations: their word error rate.

    Args:
        hypotheses, references: as in :func:`phoneme_error_rate`.

    Raises:
        ValueError: as :func:`bleu`.

    Example:
        >>> wrong_words(["R IY D", "HH AH"], [("R EH D", "R IY D"), "HH AA T"])
        0.5
    """
    return 1 - accuracy_at_1(hypotheses, references)


def word_accuracy(hypotheses: Sequence[str], references: References) -> float:
    """One minus the word error rate: the share of right words, less the superfluous ones.

    Args:
        hypotheses, references: as in :func:`bleu`.

    Returns:
        1 where all texts are equal; it can be below 0.

    Raises:
        ValueError, UserError: as :func:`word_error_rate`.

    Example:
        >>> word_accuracy(["a small cat"], [("the dog", "a small dog")])
        0.6666666666666667
    """
    return 1 - word_error_rate(hypotheses, references)


class EditCounts(NamedTuple):
    """How hypotheses differ from their references, in characters or words."""

    right: int
    substituted: int
    deleted: int
    inserted: int


def edit_counts(
    hypotheses: Sequence[str], references: Sequence[str], *, words: bool = False
) -> EditCounts:
    """Characters or words that are right, substituted, deleted and inserted, by jiwer.

    Args:
        hypotheses, references: as in :func:`bleu`.
        words: count words in place of characters.

    Raises:
        ValueError, UserError: as :func:`character_error_rate`.

    Example:
        >>> edit_counts(["acress", "th"], ["across", "the"])
        EditCounts(right=7, substituted=1, deleted=1, inserted=0)
    """
    _check(hypotheses, references, "The count of errors")
    _check_not_empty(references)
    import jiwer

    process = jiwer.process_words if words else jiwer.process_characters
    found = process(list(references), list(hypotheses))
    return EditCounts(found.hits, found.substitutions, found.deletions, found.insertions)


def accuracy_at_1(hypotheses: Sequence[str], references: References) -> float:
    """Share of hypotheses that equal a reference, except for white space at either end.

    Args:
        hypotheses, references: as in :func:`bleu`; of several candidates the first.

    Returns:
        From 0 to 1.

    Raises:
        ValueError: as :func:`bleu`.

    Example:
        >>> accuracy_at_1(["across", "teh "], ["across", "the"])
        0.5
    """
    _check(hypotheses, references)
    pairs = zip(hypotheses, _listed(references), strict=True)
    right = (text.strip() in [one.strip() for one in several] for text, several in pairs)
    return sum(right) / len(references)


def score_texts(
    hypotheses: Sequence[str],
    references: References,
    *,
    metrics: Sequence[str] = (),
    lowercase: bool = False,
    normalize: str = "NFC",
) -> dict[str, float]:
    """The metrics of this module by name, for ``metrics.json``.

    White space of any length counts as one space.

    Args:
        hypotheses, references: as in :func:`bleu`.
        metrics: any of ``bleu`` and ``chrf``, from 0 to 100, and ``accuracy_at_1``,
            ``character_error_rate``, ``word_error_rate``, ``word_accuracy`` and ``exact_match``
            (which is ``accuracy_at_1``), ratios; ``phoneme_error_rate`` and ``wrong_words`` of
            pronunciations; by default all that texts have.
        lowercase: ignore case in every metric; where ı is frequent in the references, as in
            Turkish, the lower case of I is ı.
        normalize: the Unicode form in which texts are compared: "NFKC", or else NFC.

    Returns:
        ``{metric: value}``, in the order of ``metrics``.

    Raises:
        ValueError: as :func:`character_error_rate`.
        UserError: the extra ``text`` is not installed, and one of the metrics needs it.

    Example:
        >>> score_texts(["the Cat"], ["the cat"], metrics=["accuracy_at_1"], lowercase=True)
        {'accuracy_at_1': 1.0}
    """
    turkish = lowercase and count_characters(flat(references)).turkish

    def comparable(texts: Sequence[str]) -> list[str]:
        return [_comparable(text, lowercase, turkish, normalize) for text in texts]

    pairs = comparable(hypotheses), [comparable(several) for several in _listed(references)]
    return {
        name: _CORPUS_METRICS[name](*pairs, lowercase=lowercase).score
        if name in _CORPUS_METRICS
        else _METRICS[name](*pairs)
        for name in metrics or metrics_of("texts")
    }


_CORPUS_METRICS: dict[str, Callable[..., CorpusScore]] = {"bleu": bleu, "chrf": chrf}

_METRICS: dict[str, Callable[[Sequence[str], References], float]] = {
    "exact_match": accuracy_at_1,
    "word_accuracy": word_accuracy,
    "accuracy_at_1": accuracy_at_1,
    "character_error_rate": character_error_rate,
    "word_error_rate": word_error_rate,
    "phoneme_error_rate": phoneme_error_rate,
    "wrong_words": wrong_words,
}


def signatures(
    metrics: Sequence[str], references: References = (), *, lowercase: bool = False
) -> dict[str, str]:
    """The sacreBLEU signatures of the metrics that have one, by name.

    Args:
        metrics, references, lowercase: as in :func:`score_texts`.

    Example:
        >>> list(signatures(["accuracy_at_1"]))
        []
    """
    texts = _listed(references) or [("",)]
    # The signature does not depend on the hypotheses.
    empty = [""] * len(texts)
    return {
        name: _CORPUS_METRICS[name](empty, texts, lowercase=lowercase).signature
        for name in metrics
        if name in _CORPUS_METRICS
    }


def describe_signatures(
    metrics: Sequence[str], references: References = (), *, lowercase: bool = False
) -> str:
    """How the metrics are computed, for the terminal: a line with the signature of each.

    Args:
        metrics, references, lowercase: as in :func:`score_texts`.

    Example:
        >>> describe_signatures(["accuracy_at_1"], lowercase=True)
        'Scores ignore case: the answers are in lower case (data.lower).'
    """
    found = signatures(metrics, references, lowercase=lowercase)
    lines = [f"{name}: {text}" for name, text in found.items()]
    if lowercase:
        lines.append("Scores ignore case: the answers are in lower case (data.lower).")
    return "\n".join(lines)


def _comparable(text: str, lowercase: bool, turkish: bool, form: str) -> str:
    text = unicodedata.normalize("NFKC" if form == "NFKC" else "NFC", " ".join(text.split()))
    return lower_case(text, turkish=turkish) if lowercase else text


def _corpus_score(metric: Any, hypotheses: Sequence[str], references: References) -> CorpusScore:
    # sacreBLEU takes the first references of all texts, then the second ones, and None for none.
    streams = [list(one) for one in itertools.zip_longest(*_listed(references))]
    score = float(metric.corpus_score(list(hypotheses), streams).score)
    return CorpusScore(score, str(metric.get_signature()))


def _listed(references: References) -> list[Sequence[str]]:
    """The references of each text as a sequence."""
    return [(one,) if isinstance(one, str) else one for one in references]


def flat(references: References) -> list[str]:
    """All references of all texts.

    Example:
        >>> flat([("a", "an"), "the"])
        ['a', 'an', 'the']
    """
    return [one for several in _listed(references) for one in several]


def _nearest(
    hypotheses: Sequence[str], references: References, split: Callable[[str], Sequence[str]]
) -> list[str]:
    """For each text the reference with the fewest edits, of equals the first."""
    from rapidfuzz.distance import Levenshtein

    def nearest(text: str, several: Sequence[str]) -> str:
        if len(several) == 1:
            return several[0]
        edits = [Levenshtein.distance(split(text), split(one)) for one in several]
        return several[edits.index(min(edits))]

    pairs = zip(hypotheses, _listed(references), strict=True)
    return [nearest(text, several) for text, several in pairs]


def _check(hypotheses: Sequence[str], references: References, what: str = "") -> None:
    if not len(references) or len(hypotheses) != len(references):
        raise ValueError(
            "hypotheses and references must be equally many, at least one; "
            f"received {len(hypotheses)} and {len(references)}."
        )
    if what:
        require_extra("text", what)


def _check_not_empty(references: References) -> None:
    if not any(reference.strip() for reference in flat(references)):
        raise ValueError("all references are empty, and an error rate divides by their length.")
