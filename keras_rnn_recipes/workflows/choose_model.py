"""The model that ``krr forecast`` uses: the pretrained network, or one that is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from keras_rnn_recipes.config.recommended import MANY_STEPS, is_long_panel, is_panel
from keras_rnn_recipes.errors import UserError, check_choice, counted

Model = Literal["pretrained", "finetune", "train"]

AUTO = "auto"


@dataclass(frozen=True)
class ModelChoice:
    """A model, and one sentence that says why.

    Attributes:
        model: ``"pretrained"`` forecasts without training, ``"finetune"`` trains the pretrained
            network on, ``"train"`` trains a new network.
        reason: for the terminal.
    """

    model: Model
    reason: str


def choose_model(
    wanted: str,
    lengths: Mapping[str, int],
    *,
    horizon: int,
    season_length: int,
    asked: Sequence[str] = (),
    demand: bool = False,
) -> ModelChoice:
    """Choose by what is asked for, and by the number and the length of the series.

    Of 13 single series of 526 to 7,639 steps a new network was better on nine: mean MASE of the
    test parts 0.79, the pretrained one 0.94 (of the nine monthly and daily ones 0.75 and 0.84).
    Choosing by the errors of both on as many steps before the test part gave 0.81 on those nine,
    and trains twice.

    Args:
        wanted: ``"auto"``, or a model of `ModelChoice`.
        lengths: time steps of each series.
        horizon: time steps to forecast.
        season_length: time steps in the main season.
        asked: options of the command that the pretrained network has no part for.
        demand: whether the series are intermittent demand, of which a mean is forecast; the
            pretrained network forecasts a median.

    Raises:
        UserError: an unknown model, or the pretrained network together with such options.

    Example:
        >>> choose_model("auto", {"sales": 120}, horizon=12, season_length=12).model
        'pretrained'
        >>> many = {str(k): 100 for k in range(50)}
        >>> choose_model("auto", many, horizon=12, season_length=12).model
        'finetune'
    """
    if wanted != AUTO:
        return _as_given(check_choice(wanted, (AUTO, *get_args(Model)), "--model"), asked)
    short = max(lengths.values(), default=0) <= 2 * horizon
    number = counted(len(lengths), "series")
    if asked:
        why = f"the pretrained one has no part for {', '.join(asked)}"
        return _chosen("train", f"A new network is trained: {why}")
    if short:
        why = f"{counted(2 * horizon + 1, 'step')} or more are needed to train and test one"
        return _chosen("pretrained", f"The pretrained network forecasts as it is: {why}")
    if demand:
        why = "most values are zero, and the pretrained one forecasts medians"
        return _chosen("train", f"A new network is trained: {why}")
    if not is_panel(lengths):
        teaches = "one series teaches" if len(lengths) == 1 else f"{number} teach"
        if max(lengths.values()) >= MANY_STEPS:
            why = f"{teaches} it enough from {MANY_STEPS} steps on"
            return _chosen("train", f"A new network is trained: {why}")
        why = f"{teaches} a new one too little"
        return _chosen("pretrained", f"The pretrained network forecasts as it is: {why}")
    if is_long_panel(lengths, season_length):
        return _chosen("train", f"A new network is trained: {number} of this length are enough")
    why = "it stays as it was if that does not lower its error on their validation part"
    return _chosen("finetune", f"The pretrained network is trained on with {number}; {why}")


def _as_given(model: str, asked: Sequence[str]) -> ModelChoice:
    if asked and model != "train":
        raise UserError(
            f"--model {model} is combined with {', '.join(asked)}.",
            "the pretrained network alone: it reads the past values of one series, and its layers "
            "are fixed.",
            f"remove {', '.join(asked)}, or use --model train.",
        )
    told = {
        "pretrained": "The pretrained network forecasts as it is",
        "finetune": "The pretrained network is trained on with these series",
        "train": "A new network is trained",
    }
    chosen: Model = model  # type: ignore[assignment]
    return ModelChoice(chosen, f"{told[model]}: as given (--model).")


def _chosen(model: Model, reason: str) -> ModelChoice:
    return ModelChoice(model, f"{reason} (--model).")
