"""The training loop: compile, ``keras.Model.fit``, keep the best weights, resume after a stop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import keras
import pandas as pd
import tensorflow as tf

from keras_rnn_recipes.builders.intervals import levels_of_model
from keras_rnn_recipes.builders.to_forecaster import distribution_of_model
from keras_rnn_recipes.config.base import TrainingConfig
from keras_rnn_recipes.config.forecasting import FitConfig
from keras_rnn_recipes.diagnostics.gradient_flow import GradientFlow
from keras_rnn_recipes.diagnostics.gradient_health import gradient_record
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.layers.replay import all_layers
from keras_rnn_recipes.runs.directory import RunDirectory
from keras_rnn_recipes.training.again import FirstTraining, first_training
from keras_rnn_recipes.training.callbacks import GradientWatch, TensorBoardLog, progress_bar
from keras_rnn_recipes.training.data_parallel import data_parallel
from keras_rnn_recipes.training.kernels import training_kernels
from keras_rnn_recipes.training.losses import (
    OWN_LOSSES,
    WEIGHTED_BY_KERAS,
    loss_function,
    prepare,
)
from keras_rnn_recipes.training.state import (
    Arrays,
    Progress,
    StateFile,
    TrainingState,
    assign,
    check_fits,
    copy_weights,
    values_of,
    variables_of,
)
from keras_rnn_recipes.training.weight_dropout import weight_dropout

MAX_STEPS_PER_EXECUTION = 32

Batches = Callable[..., tf.data.Dataset]


@dataclass(frozen=True)
class Steps:
    """The number of training steps in one call of the compiled function, in an epoch and a pass.

    Attributes:
        per_execution: training steps in one call of the compiled function.
        per_epoch: steps in one epoch, a multiple of ``per_execution``.
        per_pass: batches in one pass over all windows.
    """

    per_execution: int
    per_epoch: int
    per_pass: int


def plan_steps(num_windows: int, batch_size: int, steps_per_epoch: int | None) -> Steps:
    """Divide an epoch into equal executions of at most 32 steps.

    If the number of steps is not divisible, the epoch has a few steps more. The windows continue
    from epoch to epoch, so training uses all windows equally often.

    Args:
        num_windows: windows in one pass.
        batch_size: windows in one batch.
        steps_per_epoch: wanted steps in one epoch; None: one pass.

    Example:
        >>> plan_steps(1000, 32, None)
        Steps(per_execution=32, per_epoch=32, per_pass=32)
        >>> plan_steps(1000, 10, 37)
        Steps(per_execution=19, per_epoch=38, per_pass=100)
    """
    per_pass = math.ceil(num_windows / batch_size)
    wanted = steps_per_epoch or per_pass
    executions = math.ceil(wanted / MAX_STEPS_PER_EXECUTION)
    per_execution = math.ceil(wanted / executions)
    return Steps(per_execution, executions * per_execution, per_pass)


def fit(
    model: keras.Model,
    train: Batches,
    valid: tf.data.Dataset | None = None,
    *,
    num_windows: int,
    config: TrainingConfig | None = None,
    run: RunDirectory | None = None,
    last_epoch: int | None = None,
    loss: Any = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    keep_untrained: bool = False,
) -> pd.DataFrame:
    """Train a model in place; it ends with the weights of its best (or last) epoch.

    Args:
        model: an uncompiled ``keras.Model``; this function compiles it.
        train: ``train(first_epoch=k)`` returns endless batches ``(x, y, w)`` from the k-th pass
            over all windows on, such as ``functools.partial(window_dataset, frame, spec,
            shuffle=True, repeat=True)``. The same k must give the same batches.
        valid: finite batches of the same shapes. If given, `fit` keeps the epoch with the lowest
            validation loss, and stops after ``config.patience`` epochs without a lower one. With
            ``config.keep="last"`` and with ``config.average`` the validation loss is only recorded.
        num_windows: windows in one pass over the training part, from ``count_windows``.
        config: training options; None: ``FitConfig()``.
        run: where to write ``history.csv``, ``tensorboard/`` and, in ``checkpoints/``, the state
            from which a run opened with ``resume=True`` continues. On a CPU a resumed run ends with
            the same weights, bit for bit, as an uninterrupted one. Its ``gradient_pool`` computes
            the gradients, if it has one.
        last_epoch: stop after this epoch, with the learning rates of the schedule over all
            ``config.epochs``; None: train all epochs.
        loss: as `keras.Model.compile` takes it, or ``"nll"``, ``"pinball"``, ``"mae_log"``,
            ``"smape"`` or ``"tweedie"`` for a forecaster; None: the loss of a forecaster that
            ``config``, a ``FitConfig``, names.
        callbacks: called before those of this function.
        keep_untrained: whether the model as it is given, such as a pretrained one, counts as epoch
            0, whose weights are kept if no epoch has a lower validation loss.

    Returns:
        One row per epoch: ``epoch`` (from 1), ``loss``, ``val_loss``, ``learning_rate``,
        ``seconds``; before them that of epoch 0, if it counts, without a ``loss``. The unit of the
        losses follows from the weights: with ``weights="scale"`` it is the mean absolute step of a
        series.

    Raises:
        UserError: there is no window to train on, the loss does not fit the model or is no longer
            finite, the saved state is of another experiment, or a file cannot be written.

    Example:
        >>> from functools import partial
        >>> from keras_rnn_recipes.builders import lstm
        >>> from keras_rnn_recipes.data.windows import WindowSpec, count_windows, window_dataset
        >>> frame = pd.DataFrame({"unique_id": "a", "ds": range(40), "y": range(40)})
        >>> spec = WindowSpec(lookback=8, horizon=2)
        >>> train = partial(window_dataset, frame, spec, shuffle=True, repeat=True)
        >>> model, config = lstm("direct", 2, units=4), FitConfig(epochs=2)
        >>> history = fit(model, train, num_windows=count_windows(frame, spec), config=config)
        >>> history["epoch"].tolist()
        [1, 2]
    """
    config = config or FitConfig()
    asked, training = loss, first_training(model)
    if loss is None or loss in OWN_LOSSES:
        train, valid, loss = _of_forecaster(model, train, valid, config, loss)
    steps = _checked_steps(num_windows, config)
    options = (config.model_dump(), steps.per_execution, steps.per_epoch, asked)
    if not training.begin(model, options):
        _compile(model, config, steps, loss)
        training.compiled(model)
    if isinstance(config, FitConfig) and config.start_from is not None:
        copy_weights(model, config.start_from)
    last = last_epoch or config.epochs
    plan = {"num_windows": num_windows, "last_epoch": last, **config.model_dump(mode="json")}
    keeper = _Keeper(config, run, plan=plan, monitor=valid is not None)
    keeper.restore(model)
    first = keeper.state.epoch
    watch = None
    if first < last and not keeper.state.stopped:
        batches = _from(train, first, steps)
        watch = _watch(model, batches, loss, config, run, training.flow)
        watching = () if watch is None else (watch,)
        parts, shown = (batches, valid), [*callbacks, *watching]
        if keep_untrained and valid is not None and not keeper.state.rows:
            keeper.judge_untrained(model, valid)
        pool = None if run is None else run.gradient_pool
        with data_parallel(model, loss, batches, pool, **_kernels(batches, config)):
            _run_epochs(model, parts, keeper, config, steps, last, shown, training)
        training.flow = None if watch is None else watch.flow
    keeper.finish(model)
    history = keeper.history()
    if watch is not None and run is not None:
        watch.measure(best_epoch(history, config))
        clipped = config.clip_norm is not None
        run.write_json("gradients.json", gradient_record(watch.flows, model, clipped=clipped))
    return history


def best_epoch(history: pd.DataFrame, config: TrainingConfig) -> int:
    """The epoch, from 1, whose weights `fit` kept; 0 for those before the training.

    Args:
        history: from `fit`.
        config: the training options.

    Example:
        >>> history = pd.DataFrame({"epoch": [1, 2, 3], "val_loss": [0.5, 0.2, 0.3]})
        >>> best_epoch(history, FitConfig()), best_epoch(history, FitConfig(keep="last"))
        (2, 3)
    """
    if config.keeps_last or "val_loss" not in history:
        return int(history["epoch"].iloc[-1])
    return int(history["epoch"].iloc[int(history["val_loss"].argmin())])


def _watch(
    model: keras.Model,
    batches: tf.data.Dataset,
    loss: Any,
    config: TrainingConfig,
    run: RunDirectory | None,
    flow: GradientFlow | None,
) -> GradientWatch | None:
    """A callback for the gradient flow on the first batch, if the run measures it."""
    recurrent = any(isinstance(layer, keras.layers.RNN) for layer in all_layers(model))
    if run is None or not config.watch_gradients or not recurrent:
        return None
    folder = run.folder("tensorboard")
    return GradientWatch(next(iter(batches)), loss, folder=folder, flow=flow)


def _run_epochs(
    model: keras.Model,
    parts: tuple[tf.data.Dataset, tf.data.Dataset | None],
    keeper: _Keeper,
    config: TrainingConfig,
    steps: Steps,
    last_epoch: int,
    callbacks: Sequence[keras.callbacks.Callback],
    training: FirstTraining,
) -> None:
    (batches, valid), bars = parts, progress_bar(steps.per_epoch)
    try:
        kernels = training_kernels(model, **_kernels(batches, config))
        with kernels, weight_dropout(model, config.weight_dropout, seed=config.seed):
            training.give(model)
            model.fit(
                batches,
                validation_data=valid,
                initial_epoch=keeper.state.epoch,
                epochs=last_epoch,
                steps_per_epoch=steps.per_epoch,
                callbacks=[*callbacks, keeper, *bars],
                shuffle=False,  # the batches are shuffled already; Keras would warn
                verbose=0,
            )
            training.keep(model)
    finally:
        keeper.log.close()
        for bar in bars:
            bar.close()


@final
class _Keeper(keras.callbacks.Callback):
    """Keep the history, the best weights and the state to resume from."""

    def __init__(
        self,
        config: TrainingConfig,
        run: RunDirectory | None,
        *,
        plan: dict[str, Any],
        monitor: bool,
    ) -> None:
        super().__init__()
        self._config, self._run, self._monitor = config, run, monitor
        self.state = Progress(plan=plan)
        self._kept: Arrays = []
        self._file = StateFile(run.folder("checkpoints")) if run else None
        self.log = TensorBoardLog(run.folder("tensorboard") if run else None)
        self._started = time.perf_counter()

    def restore(self, model: keras.Model) -> None:
        """Continue from the saved state, if this run is resumed."""
        state = self._file.load() if self._file and self._run and self._run.resumed else None
        if state is None:
            return
        check_fits(state, self.state.plan, model)
        assign(variables_of(model), state.model)
        assign(model.optimizer.variables, state.optimizer)
        self.state, self._kept = state.progress, state.best

    def judge_untrained(self, model: keras.Model, valid: tf.data.Dataset) -> None:
        """Record the validation loss of the model before its training, as that of epoch 0."""
        started = time.perf_counter()
        loss = float(model.evaluate(valid, verbose=0, return_dict=True)["loss"])
        seconds = time.perf_counter() - started
        unknown = {"loss": math.nan, "val_loss": loss, "learning_rate": math.nan}
        self.state.rows.append({"epoch": 0, **unknown, "seconds": seconds})
        if math.isfinite(loss):
            self.state.best_loss = loss
            if not self._config.keeps_last:
                self._kept = values_of(model.weights)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        row = {"epoch": epoch + 1, **{name: float(value) for name, value in logs.items()}}
        _check_finite(row)
        row["learning_rate"] = float(
            keras.ops.convert_to_tensor(self.model.optimizer.learning_rate)
        )
        row["seconds"] = time.perf_counter() - self._started
        self.state.rows.append(row)
        self.state.epoch = epoch + 1
        if self._monitor:
            self._compare(row)
        if self._config.average > 1:
            self._average()
        self.log.write(epoch, {k: v for k, v in row.items() if k not in ("epoch", "seconds")})
        if self._file and self._file.due():
            self._save(self.model)
        if self._run is not None and self._run.watcher is not None:
            self._run.watcher("epoch", row)

    def finish(self, model: keras.Model) -> None:
        """Save the last state, then set the weights to keep."""
        if self._file:
            self._save(model)
        if self._kept:
            assign(model.weights, self._kept)

    def history(self) -> pd.DataFrame:
        """One row per epoch."""
        return pd.DataFrame(self.state.rows)

    def _compare(self, row: dict[str, float]) -> None:
        if self.state.best_loss is None or row["val_loss"] < self.state.best_loss:
            self.state = replace(self.state, best_loss=row["val_loss"], best_epoch=self.state.epoch)
            if not self._config.keeps_last:
                self._kept = values_of(self.model.weights)
        elif self._config.keeps_last:
            return
        elif 0 < self._config.patience <= self.state.epoch - self.state.best_epoch:
            self.state.stopped = self.model.stop_training = True

    def _average(self) -> None:
        """Update the mean of the weights after the last epochs, which are the ones to keep."""
        number = self.state.epoch - max(0, self._config.epochs - self._config.average)
        if number < 1:
            return
        now = values_of(self.model.weights)
        means = self._kept if number > 1 else now
        self._kept = [mean + (one - mean) / number for mean, one in zip(means, now, strict=True)]

    def _save(self, model: keras.Model) -> None:
        if self._file is None or self._run is None:
            return
        state = TrainingState(
            self.state,
            values_of(variables_of(model)),
            values_of(model.optimizer.variables),
            self._kept,
        )
        with self._file.timed():
            self._file.save(state)
            self._run.write_csv("history.csv", self.history())


def _of_forecaster(
    model: keras.Model,
    train: Batches,
    valid: tf.data.Dataset | None,
    config: TrainingConfig,
    name: str | None,
) -> tuple[Batches, tf.data.Dataset | None, Any]:
    """The loss of a name or of a recipe, and batches with their weights prepared for it."""
    if name is None:
        assert isinstance(config, FitConfig)
        name = config.loss
    weight_col = getattr(train, "keywords", {}).get("weight_col")
    if weight_col is not None and name not in WEIGHTED_BY_KERAS:
        raise UserError(
            f"The windows have the weights {weight_col!r}, and the loss is {name!r}, which weights "
            "the errors instead of the loss.",
            f"one of the losses {', '.join(WEIGHTED_BY_KERAS)}.",
            "choose one of them, or compile the model with a loss of Keras and call model.fit.",
        )

    def prepared(first_epoch: int) -> tf.data.Dataset:
        return prepare(train(first_epoch=first_epoch), name)

    loss = loss_function(name, levels_of_model(model), distribution_of_model(model))
    return prepared, None if valid is None else prepare(valid, name), loss


def _compile(model: keras.Model, config: TrainingConfig, steps: Steps, loss: Any) -> None:
    model.compile(
        optimizer=keras.optimizers.Adam(
            _learning_rate(config, steps.per_epoch * config.epochs),
            global_clipnorm=config.clip_norm,
        ),
        loss=loss,
        steps_per_execution=steps.per_execution,
        jit_compile=False,  # XLA is slower for recurrent networks on a CPU, and excludes cuDNN
    )
    model.optimizer.build(model.trainable_variables)


def _learning_rate(config: TrainingConfig, num_steps: int) -> Any:
    """A linear warmup over a share of the steps, then cosine decay to zero, or a constant."""
    if config.schedule == "constant" and not config.warmup:
        return config.learning_rate
    warmup = int(config.warmup * num_steps)
    rate = config.learning_rate
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=rate / (warmup + 1) if warmup else rate,
        decay_steps=num_steps - warmup,
        alpha=0.0 if config.schedule == "cosine" else 1.0,
        warmup_target=rate if warmup else None,
        warmup_steps=warmup,
    )


def _from(train: Batches, epoch: int, steps: Steps) -> tf.data.Dataset:
    """The batches of an uninterrupted run from an epoch on."""
    passes, batches = divmod(epoch * steps.per_epoch, steps.per_pass)
    dataset = train(first_epoch=passes)
    return dataset.skip(batches) if batches else dataset


def _kernels(batches: tf.data.Dataset, config: TrainingConfig) -> dict[str, Any]:
    """The options of `training_kernels`."""
    named = {"unroll": config.unroll, "precision": config.precision}
    return {"lookback": _lookback(batches), **named}


def _lookback(batches: tf.data.Dataset) -> int | None:
    """The number of time steps of a training window, if it is known."""
    inputs = batches.element_spec[0]
    history = inputs.get("history") if isinstance(inputs, dict) else inputs
    steps: int | None = history.shape[1] if history is not None else None
    return steps


def _checked_steps(num_windows: int, config: TrainingConfig) -> Steps:
    if num_windows < 1:
        raise UserError(
            "There is no window to train on: every series is shorter than one window.",
            "at least one series with room for lookback, gap and horizon before its "
            "validation and test part.",
            "lower model.lookback, model.horizon, data.valid_size or data.test_size.",
        )
    return plan_steps(num_windows, config.batch_size, config.steps_per_epoch)


def _check_finite(row: dict[str, float]) -> None:
    if not math.isfinite(row["loss"]):
        raise UserError(
            f"The training loss became {row['loss']} in epoch {row['epoch']:.0f}.",
            "a finite loss.",
            "lower fit.learning_rate, or set fit.clip_norm, or choose another "
            "model.scaling or model.transform for values of very different size.",
        )
