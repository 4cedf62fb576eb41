"""Text recipes as data: what each key of their sections may be.

Reads neither TensorFlow nor Keras, as `config` does not.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from keras_rnn_recipes.data.text.preparation import Preparation
from keras_rnn_recipes.running.config_sections import (
    Cell,
    Count,
    Experiment,
    Section,
    Share,
    TrainingConfig,
    Widths,
    listed,
)


def _pairs(value: object) -> object:
    """TOML has lists where Python has tuples."""
    if not isinstance(value, list):
        return value
    return tuple(tuple(pair) if isinstance(pair, list) else pair for pair in value)


Pairs = Annotated[tuple[tuple[str, str], ...], BeforeValidator(_pairs)]
TextBaseline = Literal["majority", "tfidf", "averaged_embeddings"]
TextMetric = Literal["accuracy", "macro_f1", "log_loss", "calibration_error", "roc_auc"]


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

    ``vectors`` is a file of pretrained word vectors, whose width ``embedding_size`` then is.
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


class ClassificationConfig(Experiment):
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


class TagDataConfig(Section):
    """Where the tagged sentences come from, and how their words are looked up.

    ``source`` is the name of a data set, or a column file of which ``valid_share`` and
    ``test_share`` are held out; ``train``, ``valid`` and ``test`` are column files of one's own
    instead. ``token_column`` and ``tag_column`` number their columns, from 0, or from -1 backwards.
    Words are looked up in lower case, digits as 0, if they occur ``min_count`` times; characters as
    they are, up to ``max_characters`` of a word. ``scheme`` is what tags of spans are learnt in.
    """

    source: str | None = None
    train: str | None = None
    valid: str | None = None
    test: str | None = None
    token_column: int = 0
    tag_column: int = -1
    valid_share: Share = 0.1
    test_share: Share = 0.2
    lower: bool = True
    min_count: Count = 1
    max_characters: Count = 20
    scheme: Literal["IOB2", "IOBES"] = "IOBES"

    def preparations(self) -> tuple[Preparation, Preparation]:
        """How a text is cut into words, and a word into characters."""
        digits = (("[0-9]", "0"),)
        words = Preparation(unit="whitespace", lower=self.lower, replace=digits)
        spelling = Preparation(unit="characters", lower=False, max_length=self.max_characters)
        return words, spelling


class TaggerConfig(Section):
    """Which tagger: the options of `sequence_tagger`; ``vectors`` as in `ClassifierConfig`."""

    cell: Cell = "lstm"
    units: Widths = (100,)
    embedding_size: Count = 100
    vectors: str | None = None
    character_cell: Literal["none", "conv", "simple_rnn", "lstm", "gru"] = "conv"
    character_units: Count = 50
    character_embedding_size: Count = 25
    crf: bool = True
    residual: bool = False
    layer_norm: bool = False
    dropout: Share = 0.5
    word_dropout: Share = 0.2
    l2: Annotated[float, Field(ge=0)] = 0.0

    def options(self, num_characters: int) -> dict[str, Any]:
        """The builder's options, ready to pass on as keywords.

        Args:
            num_characters: of the vocabulary of characters.
        """
        options = self.model_dump(exclude={"vectors", "character_cell"})
        if self.character_cell == "none":
            return options
        return {
            **options,
            "character_cell": self.character_cell,
            "num_characters": num_characters,
        }


class TaggingEvaluateConfig(Section):
    """How it is judged: beside the most frequent tag of each word."""

    baselines: Annotated[tuple[Literal["most_frequent_tag"], ...], BeforeValidator(listed)] = (
        "most_frequent_tag",
    )


class TaggingConfig(Experiment):
    """One experiment of sequence tagging.

    Example:
        >>> TaggingConfig(data=TagDataConfig(source="people_places")).model.crf
        True
    """

    family: Literal["tagging"] = "tagging"
    data: TagDataConfig
    model: TaggerConfig = TaggerConfig()
    fit: TrainingConfig = TrainingConfig(epochs=10)
    evaluate: TaggingEvaluateConfig = TaggingEvaluateConfig()

    @property
    def headline(self) -> str:
        """What the experiment is, in a few words."""
        return f"{self.model.cell} tagger, on {self.data.source or self.data.train}"


class LanguageDataConfig(Section):
    """Where the text comes from, how it is divided, and how it is cut into tokens.

    ``source`` is the name of a data set, or a plain text whose end is held out (``valid_share``,
    then ``test_share``); ``train``, ``valid`` and ``test`` are files of one's own instead.
    ``unit``, ``lower`` and ``replace`` are those of `Preparation`, the vocabulary as elsewhere.
    """

    source: str | None = None
    train: str | None = None
    valid: str | None = None
    test: str | None = None
    valid_share: Share = 0.05
    test_share: Share = 0.1
    unit: Literal["words", "characters", "whitespace"] = "characters"
    lower: bool = False
    replace: Pairs = ()
    max_vocabulary: Annotated[int, Field(ge=5)] | None = None
    min_count: Count = 1

    def preparation(self) -> Preparation:
        """How the text is cut into tokens."""
        names = ("unit", "lower", "replace")
        return Preparation(**{name: getattr(self, name) for name in names})


class LanguageModelConfig(Section):
    """Which language model: the options of `language_model`."""

    cell: Cell = "lstm"
    units: Widths = (256,)
    embedding_size: Count = 128
    tied: bool = True
    dropout: Share = 0.0
    embedding_dropout: Share | None = None
    variational: bool = False
    residual: bool = False
    layer_norm: bool = False

    def options(self) -> dict[str, Any]:
        """The builder's options, ready to pass on as keywords."""
        return self.model_dump()


class LanguageFitConfig(TrainingConfig):
    """How it is trained: ``batch_size`` rows of contiguous text, ``window`` tokens at a time.

    The states go on from window to window; the gradient goes back to the start of one.
    """

    window: Count = 64


class LanguageEvaluateConfig(Section):
    """How it is judged: beside n-grams of these lengths, and by samples in the report.

    ``samples`` texts of ``sample_length`` tokens are drawn at ``temperature``.
    """

    ngrams: Annotated[tuple[Count, ...], BeforeValidator(listed)] = (1, 3, 5)
    samples: Annotated[int, Field(ge=0)] = 4
    sample_length: Count = 300
    temperature: Annotated[float, Field(ge=0)] = 0.8


class LanguageConfig(Experiment):
    """One experiment of language modelling.

    Example:
        >>> LanguageConfig(data=LanguageDataConfig(source="language_reference")).fit.window
        64
    """

    family: Literal["language_model"] = "language_model"
    data: LanguageDataConfig
    model: LanguageModelConfig = LanguageModelConfig()
    fit: LanguageFitConfig = LanguageFitConfig(epochs=10)
    evaluate: LanguageEvaluateConfig = LanguageEvaluateConfig()

    @property
    def headline(self) -> str:
        """What the experiment is, in a few words."""
        unit = "characters" if self.data.unit == "characters" else "words"
        return f"{self.model.cell} of {unit}, on {self.data.source or self.data.train}"


class PairDataConfig(Section):
    """Where pairs of texts come from, how they are divided, and how they are cut into tokens.

    ``source`` is the name of a data set; or ``train``, and ``valid`` and ``test`` where there are,
    name two files each, whose lines belong together: ``["train.de", "train.en"]``. Parts that are
    not there are cut from the training part. ``unit`` and ``lower`` are those of `Preparation`, for
    both sides; pairs longer than ``max_length`` tokens are left out of training. Each side has its
    own vocabulary of at most ``max_vocabulary`` tokens that occur ``min_count`` times.
    """

    source: str | None = None
    train: Annotated[tuple[str, str] | None, BeforeValidator(_pairs)] = None
    valid: Annotated[tuple[str, str] | None, BeforeValidator(_pairs)] = None
    test: Annotated[tuple[str, str] | None, BeforeValidator(_pairs)] = None
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
    attention: Literal["multiplicative", "additive"] = "multiplicative"
    bidirectional: bool = True
    tied: bool = True
    dropout: Share = 0.0
    variational: bool = False
    residual: bool = False
    layer_norm: bool = False

    def options(self) -> dict[str, Any]:
        """The builder's options, ready to pass on as keywords."""
        return self.model_dump()


class PairFitConfig(TrainingConfig):
    """How it is trained; ``label_smoothing`` is the share given to all tokens but the right one."""

    label_smoothing: Share = 0.0


PairMetric = Literal["bleu", "chrf", "accuracy_at_1", "character_error_rate", "word_error_rate"]
PairBaseline = Literal["copy", "nearest_word"]


class PairEvaluateConfig(Section):
    """How it is judged: texts decoded with ``beam_width`` and ``length_penalty``, by ``metrics``.

    The first metric decides. ``word_list`` "training": what is decoded is the best hypothesis that
    training knows as a target, where the beam holds one (for spelling).
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
    word_list: Literal["none", "training"] = "none"

    @property
    def deciding(self) -> str:
        """The metric by which the model is compared with its baselines: the first."""
        return self.metrics[0]


class PairConfig(Experiment):
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
