"""Schema of a recipe for language modeling."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from keras_rnn_recipes.config.base import (
    Cell,
    Count,
    Pairs,
    Section,
    Share,
    Skips,
    TextExperiment,
    TextSource,
    TrainingConfig,
    Widths,
    listed,
    with_fewer_pieces,
)
from keras_rnn_recipes.config.shapes import Shape
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.text.preparation import Preparation

Adaptation = Literal["ngram", "cache", "dynamic"]


class LanguageDataConfig(TextSource):
    """Where the text comes from, how it is split, and how it is tokenized.

    ``unit``, ``lower``, ``normalize`` and ``replace`` are options of `Preparation`.

    Attributes:
        train: plain text with the training part, in place of ``source``.
        valid: plain text for validation; None to hold out ``valid_share`` of the training part.
        test: plain text for testing; None to hold out ``test_share`` of the training part.
        valid_share: share at the end of the text, before the test share, for validation.
        test_share: share at the end of the text for testing.
        max_vocabulary: largest number of tokens, the most frequent ones; None for no limit. Of
            pieces it is 4,000 unless it is set.
        min_count: occurrences in the training part below which a token is unknown.
    """

    train: str | None = None
    valid: str | None = None
    test: str | None = None
    valid_share: Share = 0.05
    test_share: Share = 0.1
    unit: Literal["words", "characters", "whitespace", "pieces"] = "characters"
    lower: bool = False
    normalize: Literal["NFC", "NFKC", "none"] = "NFC"
    replace: Pairs = ()
    max_vocabulary: Annotated[int, Field(ge=5)] | None = None
    min_count: Count = 1

    _fewer_pieces = model_validator(mode="before")(with_fewer_pieces)

    def preparation(self) -> Preparation:
        """How the text is tokenized."""
        names = ("unit", "lower", "normalize", "replace")
        return Preparation(**{name: getattr(self, name) for name in names}, reversible=True)


class LanguageModelConfig(Section):
    """The language model: options of `language_model`.

    Attributes:
        members: networks that are trained together, each on its share of every batch.
    """

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
    members: Count = 1

    def options(self) -> dict[str, Any]:
        """The builder's options as keyword arguments."""
        return self.model_dump()


class LanguageFitConfig(TrainingConfig):
    """How the model is trained: on ``batch_size`` rows of contiguous text.

    States continue from window to window, while gradients stop at the start of a window.

    Attributes:
        window: tokens of each row in a training step.
        reset_rate: share of windows before which a row's states are reset to zeros. Without
            resets the model would rarely see the states of zeros in which every text begins.
        sampled: logits that a training step computes for each token, half of them of the most
            frequent tokens and half of drawn ones; None: all. It saves time with vocabularies of
            several thousand tokens; validation and scores always use all.
        whole: last epochs that are trained with all logits even so.
    """

    window: Count = 64
    reset_rate: Share = 0.05
    sampled: Annotated[int, Field(ge=2)] | None = None
    whole: Annotated[int, Field(ge=0)] = 1


class LanguageEvaluateConfig(Section):
    """How the model is evaluated: against n-gram models, and by samples in the report.

    Attributes:
        ngrams: lengths of the n-grams of the baselines.
        adapt: further scores of the network, which are told apart from its own: ``"ngram"``, mixed
            with the longest n-gram; ``"cache"``, mixed with a cache of the tokens just read;
            ``"dynamic"``, a gradient step after every few tokens. The last two use the text that
            they are scored on.
        cache_size: tokens in the cache.
        samples: texts that are drawn for the report.
        sample_length: tokens in each of them.
        temperature: randomness of the draws; 0 takes the most probable token.
    """

    ngrams: Annotated[tuple[Count, ...], BeforeValidator(listed)] = (1, 3, 5)
    adapt: Annotated[tuple[Adaptation, ...], BeforeValidator(listed)] = ()
    cache_size: Count = 2000
    samples: Annotated[int, Field(ge=0)] = 4
    sample_length: Count = 300
    temperature: Annotated[float, Field(ge=0)] = 0.8


class LanguageConfig(TextExperiment):
    """One experiment of language modeling.

    Example:
        >>> LanguageConfig(data=LanguageDataConfig(source="language_reference")).fit.window
        64
    """

    family: Literal["language_model"] = "language_model"
    data: LanguageDataConfig
    model: LanguageModelConfig = LanguageModelConfig()
    fit: LanguageFitConfig = LanguageFitConfig(epochs=10)
    evaluate: LanguageEvaluateConfig = LanguageEvaluateConfig()

    def check(self, where: str) -> None:
        """Check that the n-gram to mix with and the vectors to sample from are there."""
        super().check(where)
        if self.fit.sampled is not None and not self.model.tied:
            raise UserError(
                f"{where} has fit.sampled and model.tied = false.",
                "an output layer that is the embedding, of whose vectors some are sampled.",
                "remove fit.sampled, or set model.tied to true.",
            )
        if "ngram" in self.evaluate.adapt and not self.evaluate.ngrams:
            raise UserError(
                f"{where} has evaluate.adapt with 'ngram' and no evaluate.ngrams.",
                "the lengths of the n-grams, of which the longest is mixed with the network.",
                "set evaluate.ngrams to [1, 3, 5], or take 'ngram' out of evaluate.adapt.",
            )

    @property
    def shape(self) -> Shape:
        """How many inputs and answers the task has: from a start on, token after token."""
        return "one-to-many"

    @property
    def kind(self) -> str:
        """What the model is, for the headline."""
        return f"of {'words' if self.data.unit == 'whitespace' else self.data.unit}"
