"""A recipe of tagging as data: what each key of its sections may be."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from keras_rnn_recipes.config.base import (
    Cell,
    Count,
    Section,
    Share,
    Skips,
    TextExperiment,
    TrainingConfig,
    Widths,
    listed,
)
from keras_rnn_recipes.data.text.preparation import Preparation


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

    @property
    def headline(self) -> str:
        """What the experiment is, in a few words."""
        return f"{self.model.cell} tagger, on {self.data.source or self.data.train}"
