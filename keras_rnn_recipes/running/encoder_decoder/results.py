"""The figures of texts that were made of other texts, the baselines, and the table of answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import pandas as pd

from keras_rnn_recipes.data.text.catalogue import TextParts, load_text
from keras_rnn_recipes.data.text.reading import ParallelTexts, read_lines
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.correction_baselines import copy, nearest_word
from keras_rnn_recipes.evaluation.translation import score_texts
from keras_rnn_recipes.running.encoder_decoder.config import PairEvaluateConfig
from keras_rnn_recipes.running.encoder_decoder.served import Search
from keras_rnn_recipes.running.sources import is_file_name

Answer = Callable[[Sequence[str]], Sequence[str]]


def search_of(config: PairEvaluateConfig, targets: Sequence[str]) -> Search:
    """How a recipe wants texts to be decoded.

    Args:
        config: its section.
        targets: of the training part, which are the words that are known if the recipe says so.

    Raises:
        UserError: a list of words that cannot be read, or no such data set.
    """
    words = {word for source in config.word_list for word in _words_of(source, targets)}
    return Search(config.beam_width, config.length_penalty, config.max_length, tuple(sorted(words)))


def _words_of(source: str, targets: Sequence[str]) -> Iterable[str]:
    if source == "training":
        return targets
    if is_file_name(source):
        return read_lines(source)
    parts = load_text(source)
    if parts.task != "language_model":
        raise UserError(
            f"evaluate.word_list names {source}, a data set for {parts.task}.",
            'one of running text, such as "ptb", a file with a word a line, or "training".',
            "choose another (krr ls datasets).",
        )
    return (word for word in parts.train.split() if word.isalpha())


def fit_pair_baselines(
    parts: TextParts, search: Search, *, names: Sequence[str]
) -> dict[str, Answer]:
    """Fit what an encoder and decoder has to beat.

    Args:
        parts: from `load_pairs`.
        search: whose words, if it has some, are known too.
        names: "copy", the text as it is; "nearest_word", the known word with the smallest edit
            distance, the more frequent one of two.
    """
    known = Counter(parts.train.targets) + Counter(search.words)
    makers: dict[str, Callable[[], Answer]] = {
        "copy": lambda: copy,
        "nearest_word": lambda: nearest_word(known),
    }
    return {name: makers[name]() for name in names}


def score_pairs(
    wanted: Sequence[str], answers: Mapping[str, Sequence[str]], *, metrics: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Figures by name of who answered, see `score_texts`.

    Example:
        >>> score_pairs(["ab"], {"copy": ["ba"]}, metrics=["accuracy_at_1"])
        {'copy': {'accuracy_at_1': 0.0}}
    """
    return {name: score_texts(texts, wanted, metrics=metrics) for name, texts in answers.items()}


def pairs_table(part: ParallelTexts, answers: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """A row for each pair: ``source, target``, and by name of who answered the answer."""
    columns = {"source": list(part.sources), "target": list(part.targets)}
    return pd.DataFrame({**columns, **{name: list(texts) for name, texts in answers.items()}})
