"""A recipe of sequence to sequence as data: what each key of its sections may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from keras_rnn_recipes.config.base import (
    Cell,
    Count,
    Names,
    Section,
    Share,
    Skips,
    TextExperiment,
    TrainingConfig,
    Widths,
    listed,
    tupled,
)
from keras_rnn_recipes.data.text.preparation import Preparation
from keras_rnn_recipes.evaluation.metric_info import metrics_of

if TYPE_CHECKING:
    PairMetric = str
else:  # a new metric is an entry there, and nothing here
    PairMetric = Literal[metrics_of("texts")]

PairBaseline = Literal["copy", "nearest_word"]


class PairDataConfig(Section):
    """Where pairs of texts come from, how they are divided, and how they are cut into tokens.

    ``source`` is the name of a data set, or a table with columns ``source`` and ``target`` of which
    ``valid_share`` and ``test_share`` are held out; or ``train``, and ``valid`` and ``test`` where
    there are, name two files each, whose lines belong together: ``["train.de", "train.en"]``. Parts
    that are not there are cut from the training part. ``unit`` and ``lower`` are those of
    `Preparation`, for both sides; pairs longer than ``max_length`` tokens are left out of training.
    Each side has its own vocabulary of at most ``max_vocabulary`` tokens that occur ``min_count``
    times.
    """

    source: str | None = None
    train: Annotated[tuple[str, str] | None, BeforeValidator(tupled)] = None
    valid: Annotated[tuple[str, str] | None, BeforeValidator(tupled)] = None
    test: Annotated[tuple[str, str] | None, BeforeValidator(tupled)] = None
    valid_share: Share = 0.05
    test_share: Share = 0.1
    unit: Literal["words", "characters", "whitespace"] = "words"
    lower: bool = False
    max_length: Annotated[int, Field(ge=3)] = 60
    max_vocabulary: Annotated[int, Field(ge=5)] | None = 10_000
    min_count: Count = 1

    def preparation(self) -> Preparation:
        """How both sides are cut into tokens, [START] and [END] around them."""
        return Preparation(unit=self.unit, lower=self.lower, ends=True)


class EncoderDecoderConfig(Section):
    """Which network: the options of `encoder_decoder`."""

    cell: Cell = "lstm"
    units: Widths = (256,)
    encoder_units: Widths | None = None
    embedding_size: Count = 256
    attention: Literal["multiplicative", "additive", "relative"] = "multiplicative"
    reach: Count = 4
    bidirectional: bool = True
    tied: bool = True
    dropout: Share = 0.0
    embedding_dropout: Share | None = None
    variational: bool = False
    residual: bool = False
    layer_norm: bool = False
    recurrent_skips: Skips = ()

    def options(self) -> dict[str, Any]:
        """The builder's options, ready to pass on as keywords."""
        return self.model_dump()


class PairFitConfig(TrainingConfig):
    """How it is trained; ``label_smoothing`` is the share given to all tokens but the right one."""

    label_smoothing: Share = 0.0


class PairEvaluateConfig(Section):
    """How it is judged: texts decoded with ``beam_width`` and ``length_penalty``, by ``metrics``.

    The first metric decides. ``word_list`` is for spelling: the answer is the best hypothesis that
    is a known word, where the beam holds one. It names where words are known from: "training", the
    targets there; a data set of running text; a file, a word a line.
    """

    beam_width: Count = 5
    length_penalty: Annotated[float, Field(ge=0)] = 0.6
    max_length: Count = 60
    metrics: Annotated[tuple[PairMetric, ...], BeforeValidator(listed), Field(min_length=1)] = (
        "bleu",
        "chrf",
        "accuracy_at_1",
    )
    baselines: Annotated[tuple[PairBaseline, ...], BeforeValidator(listed)] = ("copy",)
    word_list: Names = ()

    @property
    def deciding(self) -> str:
        """The metric by which the model is compared with its baselines: the first."""
        return self.metrics[0]


class PairConfig(TextExperiment):
    """One experiment of sequence to sequence.

    Example:
        >>> PairConfig(data=PairDataConfig(source="multi30k")).evaluate.beam_width
        5
    """

    family: Literal["encoder_decoder"] = "encoder_decoder"
    data: PairDataConfig
    model: EncoderDecoderConfig = EncoderDecoderConfig()
    fit: PairFitConfig = PairFitConfig(epochs=10)
    evaluate: PairEvaluateConfig = PairEvaluateConfig()

    @property
    def headline(self) -> str:
        """What the experiment is, in a few words."""
        source = self.data.source or " and ".join(self.data.train or ())
        return f"{self.model.cell} encoder and decoder, on {source}"
