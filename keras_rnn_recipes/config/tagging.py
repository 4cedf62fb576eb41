"""Schema of a recipe for sequence tagging."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from keras_rnn_recipes.config.base import (
    Cell,
    Count,
    Section,
    Share,
    Skips,
    TableSource,
    TextExperiment,
    TrainingConfig,
    Widths,
    listed,
    require_plain_start,
)
from keras_rnn_recipes.config.shapes import Shape
from keras_rnn_recipes.text.preparation import Preparation


class TagDataConfig(TableSource):
    """Where the tagged sentences come from, and how their words are looked up.

    Attributes:
        train: column file with the training part, in place of ``source``.
        valid: column file for validation; None to hold out ``valid_share`` of the training part.
        test: column file for testing; None to hold out ``test_share`` of the training part.
        token_column: column of the tokens, from 0, or from -1 backwards.
        tag_column: column of the tags, counted likewise.
        valid_share: share of the training part that is held out for validation.
        test_share: share of the training part that is held out for testing.
        lower: whether words are looked up in lower case. Digits are looked up as 0.
        min_count: occurrences below which a word is unknown.
        max_characters: characters of a word that the network reads, as they are.
        scheme: scheme in which the tags of spans are learned.
    """

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
        """How a text is split into words, and a word into characters."""
        digits = (("[0-9]", "0"),)
        words = Preparation(unit="whitespace", lower=self.lower, replace=digits)
        spelling = Preparation(unit="characters", lower=False, max_length=self.max_characters)
        return words, spelling


class TaggerConfig(Section):
    """The tagger: options of `sequence_tagger`; vectors as in `ClassifierConfig`.

    Attributes:
        start: as in `ClassifierConfig`.
        vectors: file of pretrained word vectors, whose width replaces ``embedding_size``.
        vector_words: most words of that file that join the vocabulary though training does not
            contain them.
        members: networks that are trained together, each on its share of every batch.
    """

    cell: Cell = "lstm"
    units: Widths = (100,)
    embedding_size: Count = 100
    start: str | None = None
    vectors: str | None = None
    vector_words: Annotated[int, Field(ge=0)] = 50_000
    character_cell: Literal["none", "conv", Cell] = "conv"
    character_units: Count = 50
    character_embedding_size: Count = 25
    crf: bool = True
    residual: bool = False
    layer_norm: bool = False
    dropout: Share = 0.5
    word_dropout: Share = 0.2
    l2: Annotated[float, Field(ge=0)] = 0.0
    recurrent_skips: Skips = ()
    members: Count = 1

    def options(self, num_characters: int) -> dict[str, Any]:
        """The builder's options as keyword arguments.

        Args:
            num_characters: size of the vocabulary of characters.
        """
        options = self.model_dump(exclude={"start", "vectors", "vector_words", "character_cell"})
        if self.character_cell == "none":
            return options
        return {
            **options,
            "character_cell": self.character_cell,
            "num_characters": num_characters,
        }


TagBaseline = Literal["most_frequent_tag", "linear_tagger"]


class TaggingEvaluateConfig(Section):
    """How the tagger is evaluated.

    Attributes:
        baselines: ``"most_frequent_tag"`` of each word; ``"linear_tagger"``, a logistic regression
            on the words around a token, its spelling and shape.
    """

    baselines: Annotated[tuple[TagBaseline, ...], BeforeValidator(listed)] = ("most_frequent_tag",)


class TaggingConfig(TextExperiment):
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

    def check(self, where: str) -> None:
        """Check that the vectors come from one place."""
        super().check(where)
        require_plain_start(self.model, where)

    @property
    def shape(self) -> Shape:
        """How many inputs and answers the task has."""
        return "many-to-many-equal"

    @property
    def kind(self) -> str:
        """What the model is, for the headline."""
        return "tagger"
