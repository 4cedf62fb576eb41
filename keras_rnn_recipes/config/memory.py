"""Schema of a recipe that measures memory on generated sequences."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from keras_rnn_recipes.config.base import (
    Count,
    Experiment,
    Section,
    TrainingConfig,
    Widths,
    ascending,
    listed,
)
from keras_rnn_recipes.config.shapes import Shape
from keras_rnn_recipes.errors import UserError, counted

# A cell of `config.base.Cell`, and what lengthens its memory.
CellName = Literal[
    "simple_rnn",
    "simple_rnn_clipped",
    "simple_rnn_normal",
    "simple_rnn_identity",
    "simple_rnn_skips",
    "lstm",
    "lstm_closed",
    "lstm_skips",
    "gru",
    "gru_skips",
]


class MemoryDataConfig(Section):
    """What has to be remembered, and for how long: options of `MemoryProblem`.

    Attributes:
        problem: the task.
        lags: time steps to remember for, one training each.
        symbols: symbols to copy, for the problem ``"copying"`` only.
    """

    problem: Literal["adding", "copying", "reversing"]
    lags: Annotated[
        tuple[Annotated[int, Field(ge=2)], ...],
        BeforeValidator(listed),
        AfterValidator(ascending),
        Field(min_length=1),
    ] = (10, 20, 50, 100, 200, 500)
    symbols: Count = 10

    @property
    def source(self) -> None:
        """None: the sequences are generated, so there is neither a file nor a data set."""


class MemoryModelConfig(Section):
    """The networks: ``cells`` are names of `memory_network`, all with the same ``units``."""

    cells: Annotated[tuple[CellName, ...], BeforeValidator(listed), Field(min_length=1)] = (
        "lstm",
        "gru",
        "simple_rnn_skips",
        "simple_rnn_clipped",
        "simple_rnn",
    )
    units: Widths = (64,)


class MemoryFitConfig(TrainingConfig):
    """How the networks are trained: until the problem is solved, ``epochs`` epochs at most.

    Every epoch has new sequences, and the error is measured after each epoch.
    """

    epochs: Count = 20
    steps_per_epoch: Count | None = 100
    learning_rate: Annotated[float, Field(gt=0)] = 0.001
    schedule: Literal["constant"] = "constant"


class MemoryEvaluateConfig(Section):
    """When a problem counts as solved.

    Attributes:
        solved: largest error (`MemoryProblem.error`) of a solved problem.
        size: sequences that the error is measured on; none of them is trained on.
    """

    solved: Annotated[float, Field(ge=0, lt=1)] = 0.06
    size: Count = 500


class MemoryConfig(Experiment):
    """One experiment on memory: a problem, lags and networks.

    Example:
        >>> MemoryConfig(data=MemoryDataConfig(problem="adding", lags=(50, 10))).data.lags
        (10, 50)
    """

    exported: ClassVar[bool] = False

    family: Literal["memory"] = "memory"
    data: MemoryDataConfig
    model: MemoryModelConfig = MemoryModelConfig()
    fit: MemoryFitConfig = MemoryFitConfig()
    evaluate: MemoryEvaluateConfig = MemoryEvaluateConfig()

    @property
    def shape(self) -> Shape:
        """How many inputs and answers the problem has: a sum, or a sequence that was read."""
        return "many-to-one" if self.data.problem == "adding" else "many-to-many-different"

    @property
    def headline(self) -> str:
        """A short description of the experiment."""
        networks = counted(len(self.model.cells), "network")
        lags = f"lags {self.data.lags[0]} to {self.data.lags[-1]}"
        return f"{networks} on the {self.data.problem} problem, {lags}"

    def check(self, where: str) -> None:
        """Check that only the problem that copies symbols has a number of symbols."""
        data = self.data
        left_out = type(data).model_fields["symbols"].default
        if data.problem != "copying" and data.symbols != left_out:
            raise UserError(
                f"{where} has data.symbols {data.symbols} and data.problem {data.problem!r}.",
                "data.symbols with the problem 'copying' only.",
                "remove data.symbols, or set data.problem to copying.",
            )
