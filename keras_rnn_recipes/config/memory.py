"""A recipe of memory as data: what each key of its sections may be."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from keras_rnn_recipes.config.base import (
    Count,
    Experiment,
    Section,
    TrainingConfig,
    Widths,
    listed,
)
from keras_rnn_recipes.errors import UserError

# The remedies for a short memory, by the network that has them.
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


def _ascending(lags: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(set(lags)))


class MemoryDataConfig(Section):
    """What has to be remembered, and for how long.

    ``problem`` and ``lags`` are those of `MemoryProblem`, and so is ``symbols``, which copying has.
    """

    problem: Literal["adding", "copying", "reversing"]
    lags: Annotated[
        tuple[Annotated[int, Field(ge=2)], ...],
        BeforeValidator(listed),
        AfterValidator(_ascending),
        Field(min_length=1),
    ] = (10, 20, 50, 100, 200, 500)
    symbols: Count = 10

    @property
    def source(self) -> None:
        """None: the sequences are made, and neither a file nor a data set."""


class MemoryModelConfig(Section):
    """Which networks: ``cells`` are names of `memory_network`, all with the same ``units``."""

    cells: Annotated[tuple[CellName, ...], BeforeValidator(listed), Field(min_length=1)] = (
        "lstm",
        "gru",
        "simple_rnn_skips",
        "simple_rnn_clipped",
        "simple_rnn",
    )
    units: Widths = (64,)


class MemoryFitConfig(TrainingConfig):
    """How they are trained: ``epochs`` times ``steps_per_epoch`` steps at most, then given up.

    Every epoch has sequences of its own; after each it is seen whether the problem is solved.
    """

    epochs: Count = 20
    steps_per_epoch: Count | None = 100
    learning_rate: Annotated[float, Field(gt=0)] = 0.001
    schedule: Literal["constant"] = "constant"


class MemoryEvaluateConfig(Section):
    """When a problem counts as solved: at an error (`MemoryProblem.error`) up to ``solved``.

    The error is that on ``size`` sequences that are never trained on.
    """

    solved: Annotated[float, Field(ge=0, lt=1)] = 0.06
    size: Count = 500


class MemoryConfig(Experiment):
    """One experiment of memory: a problem, lags and networks.

    Example:
        >>> MemoryConfig(data=MemoryDataConfig(problem="adding", lags=(50, 10))).data.lags
        (10, 50)
    """

    family: Literal["memory"] = "memory"
    data: MemoryDataConfig
    model: MemoryModelConfig = MemoryModelConfig()
    fit: MemoryFitConfig = MemoryFitConfig()
    evaluate: MemoryEvaluateConfig = MemoryEvaluateConfig()

    @property
    def headline(self) -> str:
        """What the experiment is, in a few words."""
        lags = f"lags {self.data.lags[0]} to {self.data.lags[-1]}"
        return f"{len(self.model.cells)} networks on the {self.data.problem} problem, {lags}"

    def check(self, where: str) -> None:
        """Refuse symbols in a problem that copies none."""
        data = self.data
        left_out = type(data).model_fields["symbols"].default
        if data.problem != "copying" and data.symbols != left_out:
            raise UserError(
                f"{where} has data.symbols {data.symbols} and data.problem {data.problem!r}.",
                "symbols to copy: the other problems have none.",
                "leave data.symbols out, or choose data.problem copying.",
            )
