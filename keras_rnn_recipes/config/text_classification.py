"""A recipe of text classification as data: what each key of its sections may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from keras_rnn_recipes.config.base import (
    Cell,
    Count,
    Pairs,
    Section,
    Share,
    Skips,
    TextExperiment,
    TrainingConfig,
    Widths,
    listed,
)
from keras_rnn_recipes.data.text.preparation import Preparation
from keras_rnn_recipes.evaluation.metric_info import metrics_of

TextBaseline = Literal["majority", "tfidf", "averaged_embeddings"]

if TYPE_CHECKING:
    TextMetric = str
else:  # a new metric is an entry there, and nothing here
    TextMetric = Literal[metrics_of("classes")]


class TextDataConfig(Section):
    """Where the texts come from, how they are divided, and how they are cut into tokens.

    ``source`` is the name of a data set, or a file of which ``valid_share`` and ``test_share`` are
    held out; ``train``, ``valid`` and ``test`` are files of the user's own instead, of which those
    left out are cut from the training part. ``text_col`` and ``label_col`` name a table's columns.
    ``unit``, ``lower``, ``punctuation``, ``replace``, ``max_length`` and ``keep`` are those of
    `Preparation`; the vocabulary are the ``max_vocabulary`` most frequent tokens of the training
    part that occur ``min_count`` times there.
    """

    source: str | None = None
    train: str | None = None
    valid: str | None = None
    test: str | None = None
    text_col: str = "text"
    label_col: str = "label"
    valid_share: Share = 0.1
    test_share: Share = 0.2
    unit: Literal["words", "characters", "whitespace"] = "words"
    lower: bool = True
    punctuation: bool = True
    replace: Pairs = ()
    max_length: Count | None = None
    keep: Literal["first", "last"] = "first"
    max_vocabulary: Annotated[int, Field(ge=5)] | None = 30_000
    min_count: Count = 1

    def preparation(self, **more: Any) -> Preparation:
        """How texts are cut into tokens."""
        names = ("unit", "lower", "punctuation", "replace", "max_length", "keep")
        return Preparation(**{name: getattr(self, name) for name in names}, **more)


class ClassifierConfig(Section):
    """Which classifier: the options of `text_classifier`.

    ``vectors`` is a file of pretrained word vectors, whose width ``embedding_size`` then is;
    ``members`` networks are trained together, each on its share of every batch.
    """

    cell: Cell = "lstm"
    units: Widths = (64,)
    embedding_size: Count = 64
    vectors: str | None = None
    train_embeddings: bool = True
    embedding_dropout: Share = 0.0
    bidirectional: bool = False
    pooling: Literal["last", "max", "mean", "attention"] = "max"
    residual: bool = False
    layer_norm: bool = False
    dropout: Share = 0.0
    l2: Annotated[float, Field(ge=0)] = 0.0
    recurrent_skips: Skips = ()
    members: Count = 1

    def options(self) -> dict[str, Any]:
        """The builder's options, ready to pass on as keywords.

        Example:
            >>> ClassifierConfig(units=(8,)).options()["units"]
            (8,)
        """
        return self.model_dump(exclude={"vectors"})


class TextFitConfig(TrainingConfig):
    """How a text network is trained, beside what `TrainingConfig` says.

    ``class_weights`` "balanced": every class counts the same, however many examples it has.
    """

    class_weights: Literal["none", "balanced"] = "none"


class ClassificationEvaluateConfig(Section):
    """How it is judged: ``metrics``, the first of which decides, and ``baselines``."""

    metrics: Annotated[tuple[TextMetric, ...], BeforeValidator(listed), Field(min_length=1)] = (
        "accuracy",
        "macro_f1",
        "log_loss",
        "calibration_error",
    )
    baselines: Annotated[tuple[TextBaseline, ...], BeforeValidator(listed)] = (
        "majority",
        "averaged_embeddings",
        "tfidf",
    )

    @property
    def deciding(self) -> str:
        """The metric by which the model is compared with its baselines: the first."""
        return self.metrics[0]


class ClassificationConfig(TextExperiment):
    """One experiment of text classification.

    Example:
        >>> config = ClassificationConfig(data=TextDataConfig(source="word_order"))
        >>> config.model.cell, config.fit.batch_size
        ('lstm', 32)
    """

    family: Literal["text_classification"] = "text_classification"
    data: TextDataConfig
    model: ClassifierConfig = ClassifierConfig()
    fit: TextFitConfig = TextFitConfig(epochs=10)
    evaluate: ClassificationEvaluateConfig = ClassificationEvaluateConfig()

    @property
    def headline(self) -> str:
        """What the experiment is, in a few words."""
        return f"{self.model.cell} classifier, on {self.data.source or self.data.train}"
