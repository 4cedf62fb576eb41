"""The figures of a tagging run, its loss, and the table of its answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import pandas as pd

from keras_rnn_recipes.data.text.column_files import Sentence
from keras_rnn_recipes.data.text.tags import spans
from keras_rnn_recipes.evaluation.entities import entity_scores, token_accuracy
from keras_rnn_recipes.evaluation.tagging_baselines import most_frequent_tag
from keras_rnn_recipes.layers.crf import crf_loss
from keras_rnn_recipes.running.tagging.data import TaggedParts
from keras_rnn_recipes.running.tagging.served import given_back
from keras_rnn_recipes.running.token_loss import token_loss

Tags = Sequence[Sequence[str]]
SentenceTagger = Callable[[Sequence[Sequence[str]]], Tags]


def loss_of_tagger(model: keras.Model) -> Any:
    """The loss that goes with a model of `sequence_tagger`."""
    return crf_loss if len(model.output.shape) == 4 else token_loss(padding=-1)


def describe_tagged(parts: TaggedParts) -> str:
    """What was read, in a few lines for the terminal."""
    uses = (("to learn from", parts.train), ("to watch", parts.valid), ("to test on", parts.test))
    counts = ", ".join(f"{len(part):,} {use}" for use, part in uses)
    kind = f"tags of spans, learnt in {parts.scheme}" if parts.of_spans else "tags of single tokens"
    return f"{parts.name}: sentences {counts}\n{len(parts.tags)} {kind}"


def fit_tagging_baselines(parts: TaggedParts, *, names: Sequence[str]) -> dict[str, SentenceTagger]:
    """Fit what a tagger has to beat: "most_frequent_tag", what each word alone tells."""
    if "most_frequent_tag" not in names:
        return {}
    sentences = [row.tokens for row in parts.train]
    tag = most_frequent_tag(sentences, [row.tags for row in parts.train])

    def answer(rows: Sequence[Sequence[str]]) -> Tags:
        return [[given_back(one) for one in tag(tokens)] for tokens in rows]

    return {"most_frequent_tag": answer}


def score_taggers(
    sentences: Sequence[Sentence], answers: Mapping[str, Tags], *, of_spans: bool
) -> dict[str, dict[str, float]]:
    """Figures of taggers by name.

    Args:
        sentences: with the true tags.
        answers: by name, tags of each sentence.
        of_spans: whether they mark spans.

    Returns:
        ``token_accuracy``; of spans before it ``entity_f1``, ``entity_precision`` and
        ``entity_recall``, strict and over all types together, as shares of 1.
    """
    truth = [[given_back(tag) for tag in row.tags] for row in sentences]
    found: dict[str, dict[str, float]] = {}
    for name, tags in answers.items():
        figures: dict[str, float] = {}
        if of_spans:
            scores = entity_scores([spans(row) for row in truth], [spans(row) for row in tags])
            figures = {f"entity_{key}": scores[key] for key in ("f1", "precision", "recall")}
        found[name] = {**figures, "token_accuracy": token_accuracy(truth, tags)}
    return found


def tags_table(sentences: Sequence[Sentence], answers: Mapping[str, Tags]) -> pd.DataFrame:
    """A row for each token: ``sentence`` (from 1), ``token``, ``tag``, and by model its answer."""
    columns: dict[str, Any] = {
        "sentence": [n for n, row in enumerate(sentences, start=1) for _ in row.tokens],
        "token": [token for row in sentences for token in row.tokens],
        "tag": [given_back(tag) for row in sentences for tag in row.tags],
    }
    columns |= {name: [tag for row in tags for tag in row] for name, tags in answers.items()}
    return pd.DataFrame(columns)
