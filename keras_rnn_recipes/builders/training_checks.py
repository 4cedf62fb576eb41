"""Checks of a forecaster that Keras trains: its loss, the shape of its targets, and its metrics.

Keras broadcasts targets and forecasts of different shapes without a word, and leaves sample weights
out of ``metrics``, so a missing target, which has the weight 0, would count as the value 0.
"""

from __future__ import annotations

from typing import Any

import keras

from keras_rnn_recipes.errors import UserError


def check_training(model: keras.Model, num_targets: int, parameters: str | None) -> keras.Model:
    """Add checks to ``compile`` and ``compute_loss`` of a forecaster.

    The metrics given to ``compile`` are weighted as the loss is. With ``window_dataset`` a missing
    target has the weight 0, so that no metric counts it.

    Args:
        model: the forecaster, which is changed; saved files do not contain the checks.
        num_targets: number of values that it forecasts for each step.
        parameters: what the last axis of the output holds instead of forecasts, in words; None: the
            forecasts of the targets.

    Returns:
        The same model.

    Example:
        >>> inputs = keras.Input((2,))
        >>> model = check_training(keras.Model(inputs, keras.layers.Dense(2)(inputs)), 2, None)
        >>> model.compile("sgd", "mae")
        >>> try:
        ...     model.evaluate(keras.ops.ones((4, 2)), keras.ops.ones((4, 1)), verbose=0)
        ... except ValueError as error:
        ...     print(error.what)
        The targets have the shape (None, 1), and the forecasts (None, 2).
    """
    compile_of_keras, loss_of_keras = model.compile, model.compute_loss

    def compile(*args: Any, metrics: Any = None, weighted_metrics: Any = None, **more: Any) -> None:
        loss = args[1] if len(args) > 1 else more.get("loss")
        _check_loss([loss, metrics, weighted_metrics], parameters)
        compile_of_keras(*args, weighted_metrics=_together(metrics, weighted_metrics), **more)

    def compute_loss(
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        try:
            _check_shapes(y, y_pred, num_targets, parameters)
        except UserError:
            # Keras keeps the function that it began to trace, and could not use it again.
            model.train_function = model.test_function = None
            raise
        return loss_of_keras(x, y, y_pred, sample_weight, training=training)

    model.compile, model.compute_loss = compile, compute_loss
    return model


def _together(metrics: Any, weighted_metrics: Any) -> list[Any] | None:
    """One list of metrics; a model with one output may also name them in a dict."""
    return [*keras.tree.flatten(metrics or []), *keras.tree.flatten(weighted_metrics or [])] or None


def _check_loss(losses: Any, parameters: str | None) -> None:
    """Refuse losses and metrics of Keras for an output that is no forecast of the targets."""
    if parameters is None:
        return
    for one in keras.tree.flatten(losses):
        if isinstance(one, str) or _is_of_keras(one):
            raise UserError(
                f"The loss or metric {getattr(one, 'name', one)!r} compares targets with forecasts,"
                f" and the model outputs {parameters}.",
                "the loss that belongs to the output.",
                "train with krr.fit(..., loss='nll') for a distribution or loss='pinball' for "
                "quantiles, or compile with training.losses.forecast_loss(model).",
            )


def _is_of_keras(one: Any) -> bool:
    """Whether a loss or metric is an object, a class or a function of Keras."""
    modules = (type(one).__module__, getattr(one, "__module__", None))
    return any(str(module).startswith("keras.") for module in modules)


def _check_shapes(y: Any, y_pred: Any, num_targets: int, parameters: str | None) -> None:
    """Refuse targets that Keras would broadcast to the forecasts."""
    if getattr(y.shape, "rank", 0) is None:
        return  # Keras traces again for a last batch of another size, which hides the shape
    given, wanted = tuple(y.shape), tuple(y_pred.shape)
    if parameters is not None:
        wanted = (*wanted[:-1], num_targets)
    if num_targets == 1 and len(given) == len(wanted) - 1:
        wanted = wanted[:-1]
    # Some losses of this package have the weights concatenated to the targets.
    packed = (*wanted[:-1], 2 * num_targets) if len(given) == len(y_pred.shape) else wanted
    if _fits(given, wanted) or _fits(given, packed):
        return
    raise UserError(
        f"The targets have the shape {given}, and the forecasts {tuple(y_pred.shape)}.",
        f"targets of the shape {wanted}: {num_targets} of each step.",
        "give window_dataset the strategy and horizon of the model, and target_cols with "
        f"{num_targets} column{'s' if num_targets > 1 else ''}.",
    )


def _fits(given: tuple[int | None, ...], wanted: tuple[int | None, ...]) -> bool:
    known = zip(given, wanted, strict=False)
    same = all(None in (size, other) or size == other for size, other in known)
    return len(given) == len(wanted) and same
