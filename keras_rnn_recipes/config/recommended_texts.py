"""The recipe that ``krr classify`` recommends for a table of texts and labels.

It was chosen on five public sets: sentences on products (cr), 2,000 tweets, short phrases (mpqa),
sentences on objectivity (subj), and 2,000 film reviews (imdb). A fourth of the training texts was
held out to compare on; the test parts were not read. The first table shows accuracy and log loss
there of linear classifiers with naive Bayes scaling, the mean of two divisions:

    ======================  ==========  ==========  ==========  ==========  ==========
    n-grams of              cr          tweets      mpqa        subj        imdb
    ======================  ==========  ==========  ==========  ==========  ==========
    words                   .783  .462  .915  .228  .807  .433  .904  .236  .847  .362
    words and pairs         .788  .463  .905  .254  .807  .430  .912  .227  .856  .333
    and 3 to 5 characters   .797  .444  .915  .221  .848  .372  .917  .211  .859  .336
    ======================  ==========  ==========  ==========  ==========  ==========

The second shows networks, those n-grams, and mixtures in which the n-grams have half of the weight,
on another division:

    ======================  ==========  ==========  ==========  ==========  ==========
    classifier              cr          tweets      mpqa        subj        imdb
    ======================  ==========  ==========  ==========  ==========  ==========
    bidirectional LSTM      .804  .429  .914  .255  .808  .442  .931  .199  .784  .466
    averaged embeddings     .812  .414  .884  .296  .817  .426  .919  .197  .836  .460
    n-grams                 .802  .418  .902  .245  .827  .393  .927  .197  .882  .315
    LSTM and n-grams        .814  .397  .918  .223  .833  .396  .937  .175  .882  .321
    averages and n-grams    .804  .386  .904  .238  .836  .382  .934  .178  .872  .333
    ======================  ==========  ==========  ==========  ==========  ==========

Neither network is better on all sets. On a third division the mixture of all three was the most
accurate of all on cr (.792), on the tweets (.920) and, with another one, on mpqa (.826). The best
weight of the n-grams on such small validation parts differs from a half by chance more often than
not, and so it stays a half unless another one is clearly better.

With several classes the same steps teach too little. The third table shows accuracy and log loss of
the network on captions of Multi30k and sentences of the Penn Treebank in which one of so many
frequent words is left out and is the class; a fifth of the texts was held out to compare on:

    =======================  ============  ============  ============  =============
    training                 6 classes     20 classes    50 classes    50 (Treebank)
    texts                    5,452         2,000         5,452         5,000
    =======================  ============  ============  ============  =============
    8 or 10 epochs at 0.001  .487  1.228   .360  2.337   .245  3.102   .111  3.620
    30 epochs at 0.003       .550  1.005   .465  1.895   .438  1.998   .205  3.274
    30 epochs at 0.006       .558  0.969   .568  1.532   .473  1.831   .257  3.061
    12 epochs at 0.006       .557  0.956   .570  1.596   .475  1.823
    n-grams alone            .570  1.019   .603  1.430   .403  2.307   .258  3.089
    =======================  ============  ============  ============  =============
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
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
from keras_rnn_recipes.writing_systems import word_pattern, written_without_spaces

# Addresses and markup are replaced if at least this share of the texts has some.
_OFTEN = 0.02
_ADDRESS, _MARKUP = r"https?://\S+", r"<[A-Za-z/][^<>]*>"

# Words and pairs of words; of letters that are words on their own up to four.
_NGRAMS, _NGRAMS_OF_LETTERS, _CHARACTERS = 2, 4, 5

# Texts from which words of a single text are left out, and the vocabulary that is enough.
_MANY_TEXTS, _MAX_VOCABULARY = 5_000, 30_000

# Tokens of long texts that are read.
_LONG, _LONGEST = 1_000, 1_000

# Texts that are enough to count on.
_MANY_TO_COUNT = 20_000

# Below this many texts, a larger share watches the training.
_FEW_TEXTS = 3_000


@dataclass(frozen=True)
class TextFacts:
    """What the choices depend on.

    Attributes:
        texts: their number, before parts are held out.
        classes: number of classes.
        words: mean number of words in a text.
        script: the script without spaces that the texts are written in; None for others.
        addresses, markup: share of the texts with addresses of web pages, and with HTML tags.
    """

    texts: int
    classes: int
    words: float
    script: str | None
    addresses: float
    markup: float


def text_facts(texts: Sequence[str], labels: Sequence[str]) -> TextFacts:
    """Count what the choices depend on, of many texts on a part.

    Example:
        >>> text_facts(["see https://a.org/b", "fine"], ["x", "y"])
        TextFacts(texts=2, classes=2, words=3.0, script=None, addresses=0.5, markup=0.0)
    """
    word, address, markup = map(re.compile, (word_pattern(), _ADDRESS, _MARKUP))
    number, texts = len(texts), texts[:: max(1, len(texts) // _MANY_TO_COUNT)]
    return TextFacts(
        texts=number,
        classes=len(Counter(labels)),
        words=fmean(len(word.findall(text)) for text in texts),
        script=written_without_spaces(texts),
        addresses=fmean(bool(address.search(text)) for text in texts),
        markup=fmean(bool(markup.search(text)) for text in texts),
    )


def recommend_classifier(facts: TextFacts) -> list[Choice]:
    """The choices for a table of texts, in the order in which they are told.

    Args:
        facts: of `text_facts`.
    """
    return [
        *_of_parts(facts),
        _unit(facts),
        *_replaced(facts),
        *_of_length(facts),
        _vocabulary(facts),
        _network(),
        _ngrams(facts),
        *_of_training(facts),
    ]


def _of_parts(facts: TextFacts) -> list[Choice]:
    few = facts.texts < _FEW_TEXTS
    return choose_parts(
        "the texts",
        "the other texts",
        valid_share=0.15 if few else 0.1,
        why_valid=(
            "of few texts a larger share" if few else "they choose the epoch and the mixture"
        ),
    )


def _unit(facts: TextFacts) -> Choice:
    why = "the texts are written with spaces between words"
    if facts.script:
        why = (
            f"each {facts.script} letter is one, since the texts are written without spaces; "
            "words of other scripts stay whole"
        )
    return Choice(
        {"data.unit": "words", "data.lower": True},
        lambda config: f"Tokens: {UNITS[config.data.unit]}{', in lower case' * config.data.lower}",
        why,
        "--unit",
    )


def _replaced(facts: TextFacts) -> list[Choice]:
    """Replacements of what is no language, where it is frequent."""
    found = {
        "addresses of web pages by 'url'": (facts.addresses, [_ADDRESS, " url "]),
        "HTML tags by spaces": (facts.markup, [_MARKUP, " "]),
    }
    often = {words: pair for words, (share, pair) in found.items() if share >= _OFTEN}
    if not often:
        return []
    shares = [share for share in (facts.addresses, facts.markup) if share >= _OFTEN]
    listed = " and ".join(f"{share:.0%}" for share in shares)
    words = f"Replaced: {' and '.join(often)}"
    return [
        Choice(
            {"data.replace": list(often.values())},
            lambda config: words if config.data.replace else "Nothing is replaced",
            f"{listed} of the texts have some",
            "data.replace",
        )
    ]


def _of_length(facts: TextFacts) -> list[Choice]:
    if facts.words < _LONG:
        return []
    return [
        Choice(
            {"data.max_length": _LONGEST},
            lambda config: f"Of each text the {config.data.keep} {config.data.max_length:,} tokens",
            f"texts have {facts.words:,.0f} words on average, and time grows with their length",
            "data.max_length",
        )
    ]


def _vocabulary(facts: TextFacts) -> Choice:
    many = facts.texts >= _MANY_TEXTS
    why = "so that the network learns what an unknown token means"
    return choose_vocabulary(
        2 if many else 1,
        _MAX_VOCABULARY,
        why if many else "with few texts, rare tokens count too",
    )


def _network() -> Choice:
    """The recurrent network; the same for all sets, since none other was better on most."""
    values: dict[str, Any] = {
        "model.cell": "lstm",
        "model.units": [64],
        "model.bidirectional": True,
        "model.pooling": "max",
        "model.embedding_size": 64,
        "model.embedding_dropout": 0.5,
        "model.dropout": 0.5,
    }

    def words(config: Any) -> str:
        model = config.model
        both = "bidirectional " * model.bidirectional
        widths = " and ".join(map(str, model.units))
        return (
            f"Network: {both}{model.cell.upper()} of {widths} units with {model.pooling} pooling, "
            f"dropout {model.dropout:g}"
        )

    return Choice(values, words, "small, and strongly regularized", "model.cell, model.units")


def _ngrams(facts: TextFacts) -> Choice:
    longest = _NGRAMS_OF_LETTERS if facts.script else _NGRAMS
    characters = 0 if facts.script else _CHARACTERS

    def words(config: Any) -> str:
        model = config.model
        if not model.ngrams:
            return "No n-grams next to the network"
        parts = f" and of 3 to {model.character_ngrams} characters" * bool(model.character_ngrams)
        averaged = "averaged embeddings and " * model.averaged
        return (
            f"Mixed with {averaged}a linear classifier of n-grams of up to {model.ngrams} tokens"
            f"{parts}"
        )

    return Choice(
        {
            "model.ngrams": longest,
            "model.character_ngrams": characters,
            "model.averaged": True,
        },
        words,
        "each is better on some sets, and the mixture on most",
        "model.ngrams",
    )


def _of_training(facts: TextFacts) -> list[Choice]:
    large, several = facts.texts >= _LARGE, facts.classes > 2
    epochs, why = by_size(facts.texts, _EPOCHS), f"by the number of texts, {facts.texts:,}"
    if several:
        epochs, why = max(epochs, _FOR_SEVERAL[0]), f"{facts.classes} classes take longer than two"
    rate = 0.002 if large else 0.001
    return [
        choose_epochs(epochs, why),
        choose_stopping(2, "texts", "more epochs only memorize the texts"),
        choose_steps(
            _FOR_SEVERAL[1] if several else rate,
            64 if large else 32,
            "large batches are faster" if large else "small batches give few texts many steps",
        ),
    ]


# Epochs by the number of texts below which they hold.
_EPOCHS = ((3_000, 10), (10_000, 8), (30_000, 6), (float("inf"), 4))

# Epochs, at least, and learning rate for more than two classes.
_FOR_SEVERAL = (12, 0.006)

_LARGE = 20_000
