"""Train each network at longer and longer lags until it fails at one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from keras_rnn_recipes.builders.memory_network import REMEDIES, memory_network
from keras_rnn_recipes.config.memory import MemoryConfig
from keras_rnn_recipes.data.memory_problems import Draw, MemoryProblem
from keras_rnn_recipes.data.prefetching import prefetched
from keras_rnn_recipes.diagnostics.gradient_flow import gradient_flow
from keras_rnn_recipes.errors import counted
from keras_rnn_recipes.runs.directory import RunDirectory
from keras_rnn_recipes.serving.keras_model import load_model
from keras_rnn_recipes.storage import read_table
from keras_rnn_recipes.training.kernels import training_kernels
from keras_rnn_recipes.training.state import set_seeds

_MOST_IN_ONE_CALL, _ROWS_OF_FLOW = 25, 32


@dataclass(frozen=True)
class Trial:
    """The result of one network at one lag.

    Attributes:
        cell: a name of `memory_network`.
        lag: of the problem.
        solved: whether the error fell below the threshold.
        error: the final error, see `MemoryProblem.error`.
        steps: of training, until then.
        gradient: norm of the loss gradient with respect to the hidden state at the first step, at
            the end of training.
        reach: its ratio to the norm at the last step; 1 if nothing decays.
        reach_before: the same before training.
        seconds: of training.
    """

    cell: str
    lag: int
    solved: bool
    error: float
    steps: int
    gradient: float
    reach: float
    reach_before: float
    seconds: float


def climb(
    config: MemoryConfig,
    run: RunDirectory | None = None,
    *,
    told: Callable[[str], None] | None = None,
) -> tuple[pd.DataFrame, Any]:
    """Train every network at the lags in ascending order until it fails at one.

    Args:
        config: the recipe.
        run: directory for ``model.keras`` and ``trials.csv``, written after each trial; a
            resumed run continues after the last trial.
        told: function called with a line after each trial.

    Returns:
        A row for each `Trial`; and the first network, trained at the longest lag that it solved,
        or at the shortest lag if it solved none.

    Example:
        >>> from keras_rnn_recipes.config.memory import MemoryDataConfig
        >>> data = MemoryDataConfig(problem="adding", lags=(10, 20))
        >>> climb(MemoryConfig(data=data))[0]["lag"].max()  # doctest: +SKIP
        20
    """
    known = read_table(run.path / "trials.csv") if run is not None and run.resumed else None
    rows: list[dict[Any, Any]] = []
    if known is not None and not known.empty:
        rows = known.to_dict("records")
    done, first = {(row["cell"], row["lag"]): row for row in rows}, None
    for name in config.model.cells:
        for lag in config.data.lags:
            row = done.get((name, lag), {})
            if not row:
                trial, model = attempt(name, lag, config)
                row = asdict(trial)
                rows.append(row)
                if told is not None:
                    told(_line(trial))
                if run is not None:
                    run.write_csv("trials.csv", pd.DataFrame(rows))
                if name == config.model.cells[0] and (trial.solved or first is None):
                    first = model
                    if run is not None:
                        run.write_model(model)
            if not row["solved"]:
                break
    if first is None and run is not None:  # all of its trials were made before
        first = load_model(run.path)
    return pd.DataFrame(rows), first


def attempt(name: str, lag: int, config: MemoryConfig) -> tuple[Trial, keras.Model]:
    """Train one network at one lag until it solves the problem or uses up its steps.

    Args:
        name: of `memory_network`.
        lag: of the problem.
        config: the recipe.
    """
    fit, judged = config.fit, config.evaluate
    set_seeds(fit.seed)
    problem = MemoryProblem(config.data.problem, lag, config.data.symbols)
    model = memory_network(
        name,
        channels=problem.channels,
        width=problem.width,
        asked=problem.asked,
        units=config.model.units,
        seed=fit.seed,
    )
    per_epoch = fit.steps_per_epoch or 100
    model.compile(
        keras.optimizers.Adam(
            fit.learning_rate, global_clipnorm=fit.clip_norm if REMEDIES[name].clipped else None
        ),
        loss(problem),
        steps_per_execution=min(per_epoch, _MOST_IN_ONE_CALL),
        jit_compile=False,
    )
    unseen = problem.draw(judged.size, seed=fit.seed, unseen=True)
    shown_first = problem.draw(_ROWS_OF_FLOW, seed=fit.seed, unseen=True, first=0)
    before, started = _reach(model, problem, shown_first)[1], time.perf_counter()
    error, steps = np.inf, 0
    with training_kernels(
        model, lookback=unseen.inputs.shape[1], unroll=fit.unroll, precision=fit.precision
    ):
        for drawn in _epochs(problem, config, per_epoch * fit.batch_size):
            rows = tf.data.Dataset.from_tensor_slices(tuple(drawn))
            model.fit(prefetched(rows.batch(fit.batch_size)), shuffle=False, verbose=0)
            answers = model.predict_on_batch(unseen.inputs)
            error, steps = problem.error(unseen.answers, answers), steps + per_epoch
            if not np.isfinite(answers).all() or error <= judged.solved:
                break
    seconds = time.perf_counter() - started
    gradient, reach = _reach(model, problem, shown_first)
    figures = (error, steps, gradient, reach, before, round(seconds, 1))
    return Trial(name, lag, bool(error <= judged.solved), *figures), model


def _epochs(problem: MemoryProblem, config: MemoryConfig, size: int) -> Iterator[Draw]:
    for epoch in range(config.fit.epochs):
        yield problem.draw(size, seed=config.fit.seed * 100_003 + epoch + 1)


def loss(problem: MemoryProblem) -> Any:
    """The loss of a problem, as a Keras loss.

    Example:
        >>> loss(MemoryProblem("adding", 20)).name
        'mean_squared_error'
    """
    return {
        "mse": keras.losses.MeanSquaredError(),
        "categorical": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "binary": keras.losses.BinaryCrossentropy(from_logits=True),
    }[problem.loss]


def _reach(model: keras.Model, problem: MemoryProblem, drawn: Draw) -> tuple[float, float]:
    """The gradient norm at the first step, and its ratio to the norm at the last step."""
    flow = gradient_flow(model, *drawn, loss=loss(problem))
    norms = flow[flow["layer"] == flow["layer"].iloc[-1]].set_index("lag")["norm"]
    last, first = float(norms.loc[0]), float(norms.iloc[-1])
    return first, first / last if last else float("nan")


def _line(trial: Trial) -> str:
    what = "solved" if trial.solved else "not solved"
    return (
        f"{trial.cell:<20} lag {trial.lag:>4}  {what} after {counted(trial.steps, 'step')}, "
        f"error {trial.error:.4f}, {trial.seconds:.0f} s"
    )
