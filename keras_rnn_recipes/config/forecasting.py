"""Schema of a recipe for forecasting."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

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
    tupled,
)
from keras_rnn_recipes.config.pretrained import check_pretrained, require_epochs
from keras_rnn_recipes.config.shapes import Shape
from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.evaluation.levels import check_levels
from keras_rnn_recipes.evaluation.metric_info import metrics_of


def _listed_numbers(value: object) -> object:
    """Numbers from a list or from text: ``evaluate.levels=80,95`` is not TOML."""
    values = listed(value)
    if not (isinstance(value, str) and isinstance(values, tuple)):
        return values
    return tuple(float(x) if re.fullmatch(r"[+-]?\d+(\.\d*)?", x) else x for x in values)


def _ascending(levels: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(sorted(levels))


def _iso_date(value: object) -> object:
    return value.isoformat() if isinstance(value, (datetime.date, datetime.datetime)) else value


Seasons = Annotated[
    Count | Annotated[tuple[Count, ...], Field(min_length=1)], BeforeValidator(tupled)
]

Offsets = Annotated[Count | tuple[Annotated[int, Field(ge=0)], ...], BeforeValidator(tupled)]

Date = Annotated[str | int, BeforeValidator(_iso_date)]

Preset = Literal[Cell, "deep_rnn", "dense", "conv", "linear", "pretrained"]

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
    "naive",
    "seasonal_naive",
    "drift",
    "ridge",
    "croston",
    "tsb",
    "zero",
    "auto_ets",
    "auto_arima",
    "auto_theta",
]

if TYPE_CHECKING:
    Metric = str
else:  # a new metric is an entry there, and nothing here
    Metric = Literal[metrics_of("series")]

Aggregate = Literal["sum", "mean", "median", "min", "max", "first", "last", "count"]

Level = Annotated[float, Field(gt=0, lt=100)]

Levels = Annotated[tuple[Level, ...], BeforeValidator(_listed_numbers), AfterValidator(_ascending)]

Loss = Literal["mae", "mae_log", "mse", "huber", "smape", "tweedie", "pinball", "nll"]


class DataConfig(Section):
    """Where the series come from and how they are split in time.

    Attributes:
        source: name of a data set, or a file.
        id_col: column with the name of the series; None to infer it.
        time_col: column with the dates; None to infer it.
        target_col: column to forecast; None to infer it.
        past_cols: covariates known up to the last observation.
        future_cols: covariates also known for the time steps to forecast.
        static_cols: covariates that are constant in each series.
        wide: whether every column of numbers without another role is a series.
        date_format: format of the dates as in ``strptime``; None to infer it.
        day_first: whether the day stands before the month where both fit; None to infer it.
        decimal: decimal sign; None to infer it.
        thousands: separator between thousands; None to infer it.
        aggregate: summary of all rows of a series in one step of ``freq``; None for no summary.
        updates: files of further rows, in the format of the source. For the same step of a series
            the later file counts. `krr update` adds them.
        future_file: file with ``future_cols`` for the steps ahead; None: the data have them.
        calendar: covariates computed from the dates.
        holidays: code of the country whose public holidays become a covariate.
        freq: pandas alias of the frequency; None to infer it.
        season_length: time steps in a season, or in several, the first of which is used by metrics
            and baselines; None to infer it.
        start: first date to read.
        end: last date to read.
        valid_size: time steps of each series for validation; None to choose it from the data, as
            `choose_defaults` does.
        test_size: time steps at the end of each series for testing; None likewise. 0 leaves the
            forecast of a pretrained network without scores, for series that are too short.
        drop_last: time steps at the end of each series that are removed before anything else, as
            if they were not known yet.
    """

    source: str
    id_col: str | None = None
    time_col: str | None = None
    target_col: str | None = None
    past_cols: Names = ()
    future_cols: Names = ()
    static_cols: Names = ()
    wide: bool = False
    date_format: str | None = None
    day_first: bool | None = None
    decimal: Literal[".", ","] | None = None
    thousands: str | None = None
    aggregate: Aggregate | None = None
    updates: Annotated[tuple[str, ...], BeforeValidator(tupled)] = ()
    future_file: str | None = None
    calendar: Annotated[tuple[Feature, ...], BeforeValidator(listed)] = ()
    holidays: str | None = None
    freq: str | None = None
    season_length: Seasons | None = None
    start: Date | None = None
    end: Date | None = None
    valid_size: Annotated[int, Field(ge=0)] | None = None
    test_size: Annotated[int, Field(ge=0)] | None = None
    drop_last: Annotated[int, Field(ge=0)] = 0

    @property
    def main_season(self) -> int | None:
        """The season that metrics and baselines use, if one is given."""
        season = self.season_length
        return season[0] if isinstance(season, tuple) else season

    @property
    def longest_season(self) -> int:
        """The longest of the seasons; 1 if none is given."""
        season = self.season_length or 1
        return max(season) if isinstance(season, tuple) else season

    @property
    def held_out(self) -> int:
        """Time steps at the end of each series for validation and testing."""
        return (self.valid_size or 0) + (self.test_size or 0)

    def reading(self) -> dict[str, Any]:
        """The options of `read_panel` that the recipe gives."""
        ours = {"source", "updates", "valid_size", "test_size", "drop_last", "calendar", "holidays"}
        given = self.model_dump(exclude=ours, exclude_defaults=True)
        return given | ({"season_length": self.main_season} if self.main_season else {})


class ModelConfig(Section):
    """The forecaster: a preset, a strategy, a horizon, and options of the builder.

    An option that is None is not passed to the builder, so the preset's default holds.

    Attributes:
        preset: name of the network; ``"pretrained"`` is the one that comes with the package, for
            any season.
        strategy: multi-step strategy.
        horizon: time steps to forecast.
        lookback: time steps of history in a window; None to choose it from the data.
        seasonal: whether the network corrects a repetition of the last seasons.
        seasons: memory, in seasons, with which the repeated season is smoothed.
        recurrent_skips: lags of additional recurrent connections.
        quantiles: levels, in percent, of the intervals that the network learns.
        distribution: distribution whose parameters the network learns.
        point: the forecast that a distribution gives, median or mean; None for the median. Of
            counts with many zeros the median is zero.
        scaling: how the graph scales each history; ``"change"`` is for levels that are large
            against the changes, such as those of a meter, and computes in float64.
        members: networks that are trained together, each on its share of every batch.
        series_embedding: length of a learned vector for each series.
    """

    preset: Preset = "lstm"
    strategy: Strategy = "direct"
    horizon: Count
    lookback: Count | None = None
    units: Widths | None = None
    lags: Offsets | None = None
    scaling: Literal["none", "last", "mean", "standard", "robust", "change"] | None = None
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
    point: Literal["median", "mean"] | None = None
    members: Count | None = None
    series_embedding: Count | None = None

    def options(self, *, season_length: int | tuple[int, ...] = 1) -> dict[str, Any]:
        """The builder's options that the recipe gives, as keyword arguments.

        Args:
            season_length: time steps in a season, or in each of several; passed on if
                ``seasonal``, and to the pretrained network.

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
        if self.preset == "pretrained":
            return {"season_length": season_length, **options}
        seasonal = self.seasons is not None if self.seasonal is None else self.seasonal
        if seasonal and season_length not in (1, (1,)):
            options |= {"season_length": season_length, "seasons": self.seasons or 1}
        return options


class FitConfig(TrainingConfig):
    """How a forecaster is trained: `TrainingConfig`, and the keys below.

    The members of an ensemble share ``batch_size``.

    Attributes:
        epochs: largest number of epochs; 0 uses a pretrained network as it is.
        loss: ``"mae_log"`` (absolute error of the logarithm) and ``"tweedie"`` need values of at
            least 0; ``"pinball"`` trains ``model.quantiles`` and ``"nll"`` (negative
            log-likelihood) trains ``model.distribution``.
        weights: ``"scale"`` divides the loss of a window by the scale of its series. It has no
            effect on ``"smape"`` and ``"mae_log"``, which have no units.
        stride: time steps between the starts of windows.
        burn_in: time steps at the start of a window that carry no loss.
        balanced: whether windows are drawn from every series equally often, however long it is.
        refit: whether a new network is trained on all time steps after the test, for as many
            epochs as were best before; it makes the forecasts and the SavedModel.
        start_from: folder of a finished run whose weights the network begins with, as `krr update`
            does; None for random weights.
    """

    epochs: Annotated[int, Field(ge=0)] = 100
    loss: Loss = "mae"
    weights: Literal["none", "scale"] = "scale"
    stride: Count = 1
    burn_in: Annotated[int, Field(ge=0)] = 0
    balanced: bool = False
    refit: bool = False
    start_from: str | None = None

    @property
    def window_weights(self) -> Literal["none", "scale"]:
        """The option ``weights`` of `window_dataset`: none for a loss without units.

        Example:
            >>> FitConfig(loss="smape").window_weights
            'none'
        """
        return "none" if self.loss in ("smape", "mae_log") else self.weights


class EvaluateConfig(Section):
    """How the forecaster is evaluated.

    Attributes:
        stride: time steps between forecast origins.
        levels: levels of the prediction intervals, in percent.
        metrics: metrics in the table of results.
        baselines: croston, tsb and zero are for intermittent demand. auto_ets, auto_arima and
            auto_theta need the extra ``baselines`` and are slow, since they are fitted to every
            series at every origin; a large ``stride`` helps.
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
    """One experiment of forecasting.

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

    @field_validator("fit")
    @classmethod
    def _trained(cls, fit: FitConfig, info: ValidationInfo) -> FitConfig:
        if "model" in info.data:  # else it has errors of its own
            require_epochs(info.data["model"].preset, fit.epochs)
        return fit

    @property
    def shape(self) -> Shape:
        """How many inputs and answers the task has: a history, and one step ahead or several."""
        return "many-to-one" if self.model.horizon == 1 else "many-to-many-different"

    @property
    def headline(self) -> str:
        """A short description of the experiment."""
        model = self.model
        ahead = f"{counted(model.horizon, 'step')} ahead"
        return f"{model.preset}, {model.strategy}, {ahead}, on {self.data.source}"

    @property
    def trains(self) -> bool:
        """Whether a run trains a network; otherwise a pretrained one forecasts as it is."""
        return self.fit.epochs > 0

    @property
    def calibrates(self) -> bool:
        """Whether intervals are calibrated on errors, since the network has not learned them."""
        return bool(self.evaluate.levels) and not self.model.quantiles

    def check(self, where: str) -> None:
        """Check that the values of different keys fit together; the message names the keys."""
        check_levels(self.evaluate.levels, f"evaluate.levels, in {where},")
        check_pretrained(self, where)
        _check_quantiles(self, where)
        _check_distribution(self, where)
        _check_strategy(self, where)
        _check_scaling(self, where)

    def require_extras(self) -> None:
        """Check that the extras of the baselines are installed."""
        from keras_rnn_recipes.evaluation.baselines import require_baselines

        require_baselines(self.evaluate.baselines)


def added_baselines(text: str | None, before: Sequence[str]) -> tuple[str, ...]:
    """Add the baselines that ``--baselines`` names to those of a recipe.

    Args:
        text: comma-separated names; None for none.
        before: the baselines of the recipe.

    Returns:
        All of them, each once.

    Raises:
        UserError: a baseline is unknown or needs an extra that is not installed.

    Example:
        >>> added_baselines("drift, ridge", ["naive", "drift"])
        ('naive', 'drift', 'ridge')
    """
    from keras_rnn_recipes.evaluation.baselines import require_baselines

    names = [part.strip() for part in (text or "").split(",") if part.strip()]
    require_baselines(names)
    return tuple(dict.fromkeys([*before, *names]))


def _check_strategy(config: Config, where: str) -> None:
    model = config.model
    if model.strategy == "recursive" and config.data.past_cols:
        raise UserError(
            f"{where} combines model.strategy 'recursive' with data.past_cols.",
            "no past covariates: a recursive forecast needs their values at later time steps.",
            "set model.strategy to direct or seq2seq, or remove data.past_cols.",
        )
    if model.recurrent_skips and model.preset in ("dense", "conv", "linear"):
        raise UserError(
            f"{where} combines model.recurrent_skips with model.preset {model.preset!r}.",
            "a recurrent preset: the others have no state to connect.",
            "choose another model.preset, or remove model.recurrent_skips.",
        )
    if model.bidirectional and model.strategy != "direct":
        raise UserError(
            f"{where} combines model.bidirectional with model.strategy {model.strategy!r}.",
            "strategy direct: the others must not read later time steps.",
            "set model.strategy to direct, or remove model.bidirectional.",
        )


def _check_scaling(config: Config, where: str) -> None:
    """Refuse what needs the level of a series together with a scaling that removes it."""
    model, loss = config.model, config.fit.loss
    if model.scaling != "change":
        return
    for key, value, unfit in (
        ("model.transform", model.transform, ("log", "asinh")),
        ("model.distribution", model.distribution, ("negative_binomial",)),
        ("fit.loss", loss, ("smape", "mae_log", "tweedie")),
    ):
        if value in unfit:
            raise UserError(
                f"{where} combines model.scaling 'change' with {key} {value!r}.",
                "another scaling: this one knows the changes of a series, not its level.",
                f"choose another {key}, or another model.scaling.",
            )


def _check_quantiles(config: Config, where: str) -> None:
    levels = config.model.quantiles or ()
    if levels and config.model.distribution:
        raise UserError(
            f"{where} has model.quantiles {list(levels)} and model.distribution "
            f"{config.model.distribution!r}.",
            "one of them: a distribution has its own quantiles.",
            "remove model.quantiles; evaluate.levels gives the intervals.",
        )
    if (config.fit.loss == "pinball") != bool(levels):
        raise UserError(
            f"{where} has model.quantiles {list(levels)} and fit.loss {config.fit.loss!r}.",
            "model.quantiles together with the loss 'pinball', which trains them, or neither.",
            "set fit.loss to pinball and model.quantiles to the levels, or remove both.",
        )
    if levels and (config.model.strategy == "recursive" or levels != config.evaluate.levels):
        raise UserError(
            f"{where} has model.quantiles {list(levels)}, model.strategy "
            f"{config.model.strategy!r} and evaluate.levels {list(config.evaluate.levels)}.",
            "the same levels in both keys, and strategy direct or seq2seq.",
            "set evaluate.levels to the levels of model.quantiles and model.strategy to direct or "
            "seq2seq, or remove model.quantiles.",
        )


def _check_distribution(config: Config, where: str) -> None:
    model = config.model
    if model.point and not model.distribution:
        raise UserError(
            f"{where} has model.point {model.point!r} without model.distribution.",
            "a distribution, whose mean or median is the forecast.",
            "set model.distribution, or remove model.point.",
        )
    if (config.fit.loss == "nll") != (model.distribution is not None):
        raise UserError(
            f"{where} has model.distribution {model.distribution!r} and fit.loss "
            f"{config.fit.loss!r}.",
            "model.distribution together with the loss 'nll', which trains it, or neither.",
            "set fit.loss to nll and model.distribution to its name, or remove both.",
        )
    if model.distribution and (model.transform or "none") != "none":
        raise UserError(
            f"{where} combines model.distribution {model.distribution!r} with model.transform "
            f"{model.transform!r}.",
            "transform none: transformed values have another distribution.",
            "remove model.transform, or use model.quantiles instead.",
        )
