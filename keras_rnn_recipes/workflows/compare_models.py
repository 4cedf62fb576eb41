"""``krr forecast`` on a long series: the pretrained network or a new one, by validation.

Both forecast the steps before the test part from origins that neither has seen beyond, as a fold of
`keras_rnn_recipes.workflows.folds`. The test part stays unread.
"""

from __future__ import annotations

from dataclasses import replace

from keras_rnn_recipes.config.forecasting import Config
from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.reporting.format import deciding_metric, label, number
from keras_rnn_recipes.workflows.fold_score import score_fold
from keras_rnn_recipes.workflows.folds import plan_folds
from keras_rnn_recipes.workflows.forecast import ForecastPlan
from keras_rnn_recipes.workflows.run import read_recipe


def compare_models(plan: ForecastPlan, *, smoke: bool = False) -> ForecastPlan:
    """Score the two models of a plan before the test part, and keep the better one.

    Args:
        plan: of `plan_forecast`; without a rival it is returned as it is.
        smoke: whether to train for a few steps only.

    Returns:
        The plan to carry out, without a rival; its first reason tells both errors.
    """
    rival = plan.rival
    if rival is None:
        return plan
    steps = plan.config.data.test_size or plan.config.model.horizon
    try:
        errors = [_error(one.config, steps, smoke) for one in (plan, rival)]
    except UserError as error:  # such as a series that is constant before the test part
        why = f"The pretrained network forecasts as it is: no new one could be tried: {error.what}"
        return _chosen(plan, why)
    (metric, pretrained), (_, trained) = errors
    told = (
        f"on the {counted(steps, 'step')} before the test part, {label(metric)} of a new one is "
        f"{number(trained)}, of the pretrained one {number(pretrained)} (--model)."
    )
    if trained < pretrained:
        return _chosen(rival, f"A new network is trained: {told}")
    return _chosen(plan, f"The pretrained network forecasts as it is: {told}")


def _error(config: Config, steps: int, smoke: bool) -> tuple[str, float]:
    """The metric that decides, and its value on as many steps before the test part."""
    from keras_rnn_recipes.families import forecasting

    panel = forecasting.load(config.data)
    asked = dict.fromkeys(config.evaluate.metrics, 1.0)
    metric = deciding_metric({str(name): value for name, value in asked.items()}, panel.num_series)
    alone = config.evaluate.model_copy(update={"baselines": ()})
    config = config.model_copy(update={"evaluate": alone})
    (fold,) = plan_folds(config, panel, folds=1, skip=steps, size=steps)
    main, _ = read_recipe(config)
    return metric, score_fold(main, fold, metric, smoke=smoke)


def _chosen(plan: ForecastPlan, why: str) -> ForecastPlan:
    return replace(plan, reasons=(why, *plan.reasons[1:]), rival=None)
