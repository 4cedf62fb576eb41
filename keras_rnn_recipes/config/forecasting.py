"""Forecasting recipes as data: the sections of an experiment and what each key may be.

Reads neither TensorFlow nor Keras, so that listing and validating recipes stay instant.
`config_files` reads these from files and writes them.
"""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from keras_rnn_recipes.config.base import (
    Cell,
    Count,
    Experiment,
    Names,
    Section,
    Share,
    Skips,
    TrainingConfig,
    Widths,
    listed,
)
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.levels import check_levels
from keras_rnn_recipes.evaluation.metric_info import metrics_of


def _tupled(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _listed_numbers(value: object) -> object:
    """``evaluate.levels=80,95`` is no TOML and so comes as text."""
    values = listed(value)
    if not (isinstance(value, str) and isinstance(values, tuple)):
        return values
    return tuple(float(x) if re.fullmatch(r"[+-]?\d+(\.\d*)?", x) else x for x in values)


def _ascending(levels: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(sorted(levels))


def _iso_date(value: object) -> object:
    return value.isoformat() if isinstance(value, (datetime.date, datetime.datetime)) else value


Seasons = Annotated[
    Count | Annotated[tuple[Count, ...], Field(min_length=1)], BeforeValidator(_tupled)
]

Offsets = Annotated[Count | tuple[Annotated[int, Field(ge=0)], ...], BeforeValidator(_tupled)]

Date = Annotated[str | int, BeforeValidator(_iso_date)]

Preset = Literal[Cell, "deep_rnn", "dense", "conv", "linear"]

Strategy = Literal["recursive", "direct", "seq2seq"]

Feature = Literal[
    "minute",
    "hour",
    "day_of_week",
    "day_of_month",
    "day_of_year",
    "week_of_year",
    "month",
    "quarter",
]

Baseline = Literal[
    "naive", "seasonal_naive", "drift", "ridge", "auto_ets", "auto_arima", "auto_theta"
]

if TYPE_CHECKING:
    Metric = str
else:  # a new metric is an entry there, and nothing here
    Metric = Literal[metrics_of("series")]

Level = Annotated[float, Field(gt=0, lt=100)]

Levels = Annotated[tuple[Level, ...], BeforeValidator(_listed_numbers), AfterValidator(_ascending)]

Loss = Literal["mae", "mae_log", "mse", "huber", "smape", "tweedie", "pinball", "nll"]


class DataConfig(Section):
    """Where the series come from and how they are divided in time.

    ``source`` is the name of a dataset or the path of a file; ``start`` and ``end`` are
    dates, both kept; ``season_length`` is one number of steps or several, the first of
    which counts in metrics and baselines; ``valid_size`` and ``test_size`` are steps at the
    end of each series (left out: chosen from the data, see ``choose_defaults``).
    ``drop_last`` steps at the end of each series are taken away before anything else, as if they
    were not known yet.
    ``past_cols`` are known up to now, ``future_cols`` ahead as well, ``static_cols`` are
    constant in each series; ``calendar`` and ``holidays`` (a country's code) derive columns
    from the dates.
    """

    source: str
    id_col: str | None = None
    time_col: str | None = None
    target_col: str | None = None
    past_cols: Names = ()
    future_cols: Names = ()
    static_cols: Names = ()
    calendar: Annotated[tuple[Feature, ...], BeforeValidator(listed)] = ()
    holidays: str | None = None
    freq: str | None = None
    season_length: Seasons | None = None
    start: Date | None = None
    end: Date | None = None
    valid_size: Annotated[int, Field(ge=0)] | None = None
    test_size: Count | None = None
    drop_last: Annotated[int, Field(ge=0)] = 0

    @property
    def main_season(self) -> int | None:
        """The season that metrics and baselines know, if any is given."""
        season = self.season_length
        return season[0] if isinstance(season, tuple) else season

    @property
    def held_out(self) -> int:
        """Steps at the end of each series, to validate and to test on, that do not train."""
        return (self.valid_size or 0) + (self.test_size or 0)

    def reading(self) -> dict[str, Any]:
        """The options for ``read_panel`` that were given."""
        ours = {"source", "valid_size", "test_size", "drop_last", "calendar", "holidays"}
        given = self.model_dump(exclude=ours, exclude_defaults=True)
        return given | ({"season_length": self.main_season} if self.main_season else {})


class ModelConfig(Section):
    """Which forecaster: a preset, a strategy, a horizon, and the builder's own options.

    An option left out is not passed on, so the preset's own choice holds.
    ``lookback`` and ``horizon`` are in steps of the series; ``seasonal`` lets the network
    correct a repetition of the season (the builder's ``season_length``), smoothed with a memory
    of ``seasons``; ``quantiles`` are the levels that it learns, ``distribution`` that whose
    parameters it learns; ``members`` networks are trained together, each on its share of every
    batch; ``recurrent_skips`` are steps further back whose outputs each recurrent layer sees;
    ``series_embedding`` is the length of a learned vector for each series.
    """

    preset: Preset = "lstm"
    strategy: Strategy = "direct"
    horizon: Count
    lookback: Count | None = None
    units: Widths | None = None
    lags: Offsets | None = None
    scaling: Literal["none", "last", "mean", "standard", "robust"] | None = None
    transform: Literal["none", "log", "asinh"] | None = None
    scale_window: Count | None = None
    seasonal: bool | None = None
    seasons: Count | None = None
    dropout: Share | None = None
    residual: bool | None = None
    layer_norm: bool | None = None
    bidirectional: bool | None = None
    l2: Annotated[float, Field(ge=0)] | None = None
    recurrent_skips: Skips | None = None
    quantiles: Levels | None = None
    distribution: Literal["gaussian", "student_t", "negative_binomial"] | None = None
    members: Count | None = None
    series_embedding: Count | None = None

    def options(self, *, season_length: int | tuple[int, ...] = 1) -> dict[str, Any]:
        """The builder's options that were given, ready to pass on as keywords.

        Args:
            season_length: steps in a season, or in each of several, passed on where ``seasonal``
                asks for it.

        Example:
            >>> ModelConfig(horizon=12, units=(8,), seasonal=True).options(season_length=12)
            {'units': (8,), 'season_length': 12, 'seasons': 1}
        """
        ours = {"preset", "strategy", "horizon", "lookback", "seasonal", "seasons"}
        options = {
            name: value
            for name in type(self).model_fields
            if name not in ours and (value := getattr(self, name)) is not None
        }
        seasonal = self.seasons is not None if self.seasonal is None else self.seasonal
        if seasonal and season_length not in (1, (1,)):
            options |= {"season_length": season_length, "seasons": self.seasons or 1}
        return options


class FitConfig(TrainingConfig):
    """How a forecaster is trained, beside what `TrainingConfig` says.

    ``stride`` is the distance between window starts, and in their first ``burn_in`` steps
    nothing is learnt; ``batch_size`` is shared out among the members of an ensemble.
    ``balanced`` draws windows from every series equally often, however long it is.
    ``refit``: once judged, a new network is trained on all steps, those held out included, for as
    many epochs as the first one's best, and makes the forecasts and the SavedModel.
    ``loss`` "smape" is free of units, as is "mae_log", the error of the logarithm, so ``weights``
    do not count for them; "mae_log" and "tweedie" are for values of nought and above; "pinball" and
    "nll" are for the networks of ``model.quantiles`` and ``model.distribution``.
    """

    loss: Loss = "mae"
    weights: Literal["none", "scale"] = "scale"
    stride: Count = 1
    burn_in: Annotated[int, Field(ge=0)] = 0
    balanced: bool = False
    refit: bool = False

    @property
    def window_weights(self) -> Literal["none", "scale"]:
        """The ``weights`` that ``window_dataset`` is to give, none where the loss has no units.

        Example:
            >>> FitConfig(loss="smape").window_weights
            'none'
        """
        return "none" if self.loss in ("smape", "mae_log") else self.weights


class EvaluateConfig(Section):
    """How it is judged: ``stride`` steps between forecast origins, metrics, baselines.

    ``levels``, in percent, ask for intervals beside every forecast.
    The baselines auto_ets, auto_arima and auto_theta need the extra ``baselines`` and are fitted
    to every series anew at every origin, which is slow: a large ``stride`` keeps the origins few.
    """

    stride: Count = 1
    levels: Levels = ()
    metrics: Annotated[tuple[Metric, ...], BeforeValidator(listed), Field(min_length=1)] = (
        "mae",
        "rmse",
        "smape",
        "mase",
    )
    baselines: Annotated[tuple[Baseline, ...], BeforeValidator(listed)] = (
        "naive",
        "seasonal_naive",
        "drift",
        "ridge",
    )


class Config(Experiment):
    """One forecasting experiment: everything its script needs to know.

    Example:
        >>> config = Config(data=DataConfig(source="co2"), model=ModelConfig(horizon=12))
        >>> config.model.preset, config.fit.batch_size
        ('lstm', 32)
    """

    family: Literal["forecasting"] = "forecasting"
    data: DataConfig
    model: ModelConfig
    fit: FitConfig = FitConfig()
    evaluate: EvaluateConfig = EvaluateConfig()

    @property
    def headline(self) -> str:
        """What the experiment is, in a few words."""
        model = self.model
        ahead = f"{model.horizon} steps ahead"
        return f"{model.preset}, {model.strategy}, {ahead}, on {self.data.source}"

    def check(self, where: str) -> None:
        """Refuse options that cannot go together; the message names the keys."""
        check_levels(self.evaluate.levels, f"evaluate.levels, in {where},")
        _check_quantiles(self, where)
        _check_distribution(self, where)
        _check_strategy(self, where)

    def require_extras(self) -> None:
        """Refuse baselines whose extra is not installed."""
        from keras_rnn_recipes.evaluation.baselines import require_baselines

        require_baselines(self.evaluate.baselines)


def _check_strategy(config: Config, where: str) -> None:
    model = config.model
    if model.strategy == "recursive" and config.data.past_cols:
        raise UserError(
            f"{where} combines model.strategy 'recursive' with data.past_cols.",
            "no further columns: their values are not known for the steps that are fed back.",
            "choose model.strategy direct or seq2seq, or leave data.past_cols out.",
        )
    if model.recurrent_skips and model.preset in ("dense", "conv", "linear"):
        raise UserError(
            f"{where} combines model.recurrent_skips with model.preset {model.preset!r}.",
            "a recurrent preset: the others have no state that could be connected.",
            "choose another model.preset, or leave model.recurrent_skips out.",
        )
    if model.bidirectional and model.strategy != "direct":
        raise UserError(
            f"{where} combines model.bidirectional with model.strategy {model.strategy!r}.",
            "strategy direct: the others may not look at later steps.",
            "choose model.strategy direct, or leave model.bidirectional out.",
        )


def _check_quantiles(config: Config, where: str) -> None:
    levels = config.model.quantiles or ()
    if levels and config.model.distribution:
        raise UserError(
            f"{where} has model.quantiles {list(levels)} and model.distribution "
            f"{config.model.distribution!r}.",
            "one of them: the quantiles of a distribution follow from it.",
            "leave model.quantiles out; evaluate.levels asks for the bounds.",
        )
    if (config.fit.loss == "pinball") != bool(levels):
        raise UserError(
            f"{where} has model.quantiles {list(levels)} and fit.loss {config.fit.loss!r}.",
            "quantiles and the loss 'pinball', or neither: the one is learnt by the other.",
            "set both, or leave both out.",
        )
    if levels and (config.model.strategy == "recursive" or levels != config.evaluate.levels):
        raise UserError(
            f"{where} has model.quantiles {list(levels)}, model.strategy "
            f"{config.model.strategy!r} and evaluate.levels {list(config.evaluate.levels)}.",
            "the same levels in both places, and strategy direct or seq2seq.",
            "write evaluate.levels as model.quantiles, or leave model.quantiles out.",
        )


def _check_distribution(config: Config, where: str) -> None:
    model = config.model
    if (config.fit.loss == "nll") != (model.distribution is not None):
        raise UserError(
            f"{where} has model.distribution {model.distribution!r} and fit.loss "
            f"{config.fit.loss!r}.",
            "a distribution and the loss 'nll', or neither: the one is learnt by the other.",
            "set both, or leave both out.",
        )
    if model.distribution and (model.transform or "none") != "none":
        raise UserError(
            f"{where} combines model.distribution {model.distribution!r} with model.transform "
            f"{model.transform!r}.",
            "transform none: after another the values have another distribution.",
            "leave model.transform out, or learn model.quantiles instead.",
        )
