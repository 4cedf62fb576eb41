"""What the experiments of every family have in common: kinds of values, and how they train.

Reads neither TensorFlow nor Keras, so that listing and validating recipes stay instant.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from keras_rnn_recipes.errors import UserError


def listed(value: object) -> object:
    """A lone value stands for a list of one; TOML has lists where Python has tuples."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _once(steps: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(set(steps)))


def tupled(value: object) -> object:
    """TOML has lists where Python has tuples, and lists in them."""
    if not isinstance(value, list):
        return value
    return tuple(tuple(one) if isinstance(one, list) else one for one in value)


Count = Annotated[int, Field(ge=1)]

Share = Annotated[float, Field(ge=0, lt=1)]

Names = Annotated[tuple[str, ...], BeforeValidator(listed)]

Widths = Annotated[tuple[Count, ...], BeforeValidator(listed), Field(min_length=1)]

Skips = Annotated[
    tuple[Annotated[int, Field(ge=2)], ...], BeforeValidator(listed), AfterValidator(_once)
]

Cell = Literal["simple_rnn", "lstm", "gru"]

Precision = Literal["float32", "bfloat16"]

Pairs = Annotated[tuple[tuple[str, str], ...], BeforeValidator(tupled)]


class Section(BaseModel):
    """A table of a recipe: unknown keys and values of another type are refused."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class TrainingConfig(Section):
    """How a network is trained, whatever its family.

    ``steps_per_epoch`` left out means every example once; ``warmup`` is the share of all
    steps in which the learning rate rises; ``patience`` counts epochs without a better
    validation loss (0: never stop early); ``keep`` "last": validation is watched but
    chooses nothing (where it is a poor guide, and the rate falls to nought anyway);
    ``watch_gradients``: measure on one batch how far errors reach back, for the report.
    ``precision`` "bfloat16": on a CPU, wide LSTMs and large dense layers multiply matrices in it
    while training, several times as fast on processors that have units for it (AMX), slower on
    others; what is kept, saved and judged is float32 all the same.
    """

    epochs: Count = 100
    batch_size: Count = 32
    steps_per_epoch: Count | None = None
    learning_rate: Annotated[float, Field(gt=0)] = 0.003
    schedule: Literal["constant", "cosine"] = "cosine"
    warmup: Share = 0.0
    clip_norm: Annotated[float, Field(gt=0)] | None = 1.0
    patience: Annotated[int, Field(ge=0)] = 20
    keep: Literal["best", "last"] = "best"
    unroll: bool = False
    precision: Precision = "float32"
    watch_gradients: bool = True
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0


class Experiment(Section):
    """One experiment of some family: what the runner and the run directory know of it."""

    family: str
    data: Any
    model: Any
    fit: TrainingConfig
    evaluate: Any

    @property
    def headline(self) -> str:
        """What the experiment is, in a few words."""
        return f"{self.family}, on {self.data.source}"

    def check(self, where: str) -> None:
        """Refuse options that cannot go together.

        Args:
            where: the name of what the experiment was read from, for the message.

        Raises:
            UserError: the message names the keys.
        """

    def require_extras(self) -> None:
        """Refuse what needs an extra that is not installed.

        Raises:
            UserError: the message names the extra.
        """


class TextExperiment(Experiment):
    """One experiment of a text family."""

    def check(self, where: str) -> None:
        """Refuse a recipe without a source of texts, or with two."""
        given = [name for name in ("source", "train") if getattr(self.data, name) is not None]
        if len(given) != 1:
            both = (
                "both data.source and data.train" if given else "neither data.source nor data.train"
            )
            raise UserError(
                f"{where} has {both}.",
                "one of them: a data set or a table to be divided, or a file of the training part.",
                "write for example data.source=imdb or data.train=reviews.csv.",
            )
