"""A recipe of language modelling as data: what each key of its sections may be."""

from __future__ import annotations

from typing import Annotated, Any, Literal

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
    recurrent_skips: Skips = ()

    def options(self) -> dict[str, Any]:
        """The builder's options, ready to pass on as keywords."""
        return self.model_dump()


class LanguageFitConfig(TrainingConfig):
    """How it is trained: ``batch_size`` rows of contiguous text, ``window`` tokens at a time.

    The states go on from window to window; the gradient goes back to the start of one. Before a
    share ``reset_rate`` of the windows a row's states are forgotten: a network that hardly ever
    began in states of zeros may not find its way from them into a text.
    """

    window: Count = 64
    reset_rate: Share = 0.05


class LanguageEvaluateConfig(Section):
    """How it is judged: beside n-grams of these lengths, and by samples in the report.

    ``samples`` texts of ``sample_length`` tokens are drawn at ``temperature``.
    """

    ngrams: Annotated[tuple[Count, ...], BeforeValidator(listed)] = (1, 3, 5)
    samples: Annotated[int, Field(ge=0)] = 4
    sample_length: Count = 300
    temperature: Annotated[float, Field(ge=0)] = 0.8


class LanguageConfig(TextExperiment):
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
