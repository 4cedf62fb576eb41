"""Schema of a recipe for sequence-to-sequence learning."""

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
    TableSource,
    TextExperiment,
    TrainingConfig,
    Widths,
    listed,
    one_or_two_files,
)
from keras_rnn_recipes.config.shapes import Shape
from keras_rnn_recipes.evaluation.metric_info import metrics_of
from keras_rnn_recipes.extras import require_extra
from keras_rnn_recipes.text.preparation import Preparation

if TYPE_CHECKING:
    PairMetric = str
else:  # a new metric is an entry there, and nothing here
    PairMetric = Literal[metrics_of("texts")]

PairBaseline = Literal["copy", "nearest_word"]


class PairDataConfig(TableSource):
    """Where pairs of texts come from, how they are split, and how they are tokenized.

    ``unit``, ``lower`` and ``normalize`` are options of `Preparation`, for sources and targets
    alike. With ``lower``, answers are in lower case, and scores ignore case.

    Attributes:
        source: name of a data set, or a table with a column of sources and one of targets.
        train: a table, or two files whose lines are pairs, ``["train.de", "train.en"]`` or
            ``"train.de,train.en"``, in place of ``source``.
        valid: likewise for validation; None to hold out ``valid_share`` of the training part.
        test: likewise for testing; None to hold out ``test_share`` of the training part.
        source_col: column of the source texts in a table.
        target_col: column of the target texts in a table.
        valid_share: share of the training part that is held out for validation.
        test_share: share of the training part that is held out for testing.
        max_length: tokens above which a pair is left out of training.
        max_vocabulary: largest number of tokens of sources and of targets; None for no limit.
        min_count: occurrences in the training part below which a token is unknown.
    """

    train: Annotated[str | tuple[str, str] | None, BeforeValidator(one_or_two_files)] = None
    valid: Annotated[str | tuple[str, str] | None, BeforeValidator(one_or_two_files)] = None
    test: Annotated[str | tuple[str, str] | None, BeforeValidator(one_or_two_files)] = None
    source_col: str = "source"
    target_col: str = "target"
    valid_share: Share = 0.05
    test_share: Share = 0.1
    unit: Literal["words", "characters", "whitespace"] = "words"
    lower: bool = False
    normalize: Literal["NFC", "NFKC", "none"] = "NFC"
    max_length: Annotated[int, Field(ge=3)] = 60
    max_vocabulary: Annotated[int, Field(ge=5)] | None = 10_000
    min_count: Count = 1

    def preparation(self) -> Preparation:
        """How sources and targets are tokenized, between [START] and [END]."""
        return Preparation(unit=self.unit, lower=self.lower, normalize=self.normalize, ends=True)


class EncoderDecoderConfig(Section):
    """The network: options of `encoder_decoder`."""

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
        """The builder's options as keyword arguments."""
        return self.model_dump()


class PairFitConfig(TrainingConfig):
    """How the network is trained: `TrainingConfig`, and label smoothing.

    Attributes:
        label_smoothing: probability that the target distribution spreads over all other tokens.
    """

    label_smoothing: Share = 0.0


class PairEvaluateConfig(Section):
    """How the network is evaluated: by beam search and ``metrics``, the first of which decides.

    Attributes:
        beam_width: hypotheses that the search keeps.
        length_penalty: exponent that corrects the preference for short texts.
        max_length: largest number of tokens of an answer.
        word_list: for spelling, the known words; the answer is the best hypothesis that is one,
            if the beam holds one. ``"training"`` (the targets of the training part), a data set
            of running text, or a file with one word per line.
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
    """One experiment of sequence-to-sequence learning.

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
    def shape(self) -> Shape:
        """How many inputs and answers the task has."""
        return "many-to-many-different"

    @property
    def kind(self) -> str:
        """What the model is, for the headline."""
        return "encoder and decoder"

    def require_extras(self) -> None:
        """Refuse metrics and baselines of the extra ``text`` where it is not installed."""
        named = [*self.evaluate.metrics, *self.evaluate.baselines]
        if set(named) - {"accuracy_at_1", "copy"}:
            require_extra("text", f"Scoring with {', '.join(named)}")
