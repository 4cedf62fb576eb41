"""``krr forecast``: choose a recipe for a table, and explain the choices."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from keras_rnn_recipes.config.choices import reason
from keras_rnn_recipes.config.defaults import check_calibration, choose_parts, choose_scaling
from keras_rnn_recipes.config.files import config_from_dict
from keras_rnn_recipes.config.forecasting import (
    Config,
    EvaluateConfig,
    Feature,
    Preset,
    Strategy,
    added_baselines,
)
from keras_rnn_recipes.config.recommended import (
    is_long_panel,
    is_panel,
    kind_of_demand,
    recommend,
    recommend_pretrained,
)
from keras_rnn_recipes.errors import UserError, check_choice, counted, first_names
from keras_rnn_recipes.evaluation.levels import parse_levels
from keras_rnn_recipes.extras import has_extra
from keras_rnn_recipes.families.forecasting.covariates import code_covariates
from keras_rnn_recipes.pretrained.card import LARGEST_LEVEL
from keras_rnn_recipes.shards.manifest import has_manifest
from keras_rnn_recipes.workflows.choose_model import AUTO, ModelChoice, choose_model
from keras_rnn_recipes.workflows.planning import Plan, parse_numbers, without_none

if TYPE_CHECKING:
    from keras_rnn_recipes.data.frames import Panel


_DATA_OPTIONS = (
    "id_col",
    "time_col",
    "target_col",
    "past_cols",
    "future_cols",
    "static_cols",
    "wide",
    "date_format",
    "day_first",
    "decimal",
    "thousands",
    "aggregate",
    "future_file",
    "calendar",
    "holidays",
    "freq",
)

# Options of covariates, and of the layers of a new network.
_OF_NEW_NETWORKS = (
    *("past_cols", "future_cols", "static_cols", "future_file", "calendar", "holidays"),
    *("cell", "strategy", "units"),
)

# Networks that --cell names; --model names the pretrained one.
CELLS = tuple(name for name in get_args(Preset) if name != "pretrained")

# Baselines that are shown for a single series where their extra is installed.
OF_ONE_SERIES = ("auto_ets", "auto_theta")

_STRATEGY_REASONS = {
    "direct": "the network forecasts all steps at once, so errors do not accumulate",
    "recursive": "each forecast is an input of the next one",
    "seq2seq": "the network learns a forecast at every time step, so each window has many targets",
}


@dataclass(frozen=True)
class ForecastOptions:
    """The options of the command line; None for those that were not given."""

    file: Path
    horizon: int
    id_col: str | None = None
    time_col: str | None = None
    target_col: str | None = None
    past_cols: str | None = None
    future_cols: str | None = None
    static_cols: str | None = None
    wide: bool = False
    date_format: str | None = None
    day_first: bool | None = None
    decimal: str | None = None
    thousands: str | None = None
    aggregate: str | None = None
    future_file: str | None = None
    calendar: str | None = None
    holidays: str | None = None
    freq: str | None = None
    season_length: str | None = None
    model: str = "auto"
    cell: str | None = None
    strategy: str | None = None
    units: str | None = None
    levels: str | None = None
    baselines: str | None = None
    refit: bool | None = None
    seed: int = 0


def plan_forecast(options: ForecastOptions) -> Plan:
    """Read the file and choose the configuration; nothing is written.

    Args:
        options: the options of the command line.

    Raises:
        UserError: a mistake in the options or the file, or too little data for the horizon.
    """
    from keras_rnn_recipes.data.frames import read_panel

    _refuse_shards(options.file)
    config = _config_as_asked(options)
    panel = read_panel(options.file, **config.data.reading())
    lengths = _lengths(panel)
    demand = kind_of_demand(panel.frame["y"].dropna().to_numpy())
    choice = choose_model(
        options.model,
        lengths,
        horizon=options.horizon,
        season_length=panel.season_length,
        asked=_asked_for(options),
        demand=demand is not None,
    )
    if choice.model == "train":
        return _as_plan(choice, *_plan_training(options, config, panel, lengths, demand), panel)
    return _as_plan(*_plan_pretrained(options, config, panel, lengths, choice), panel)


def _refuse_shards(file: Path) -> None:
    """Refuse a folder of krr shard, which only a recipe can train on."""
    if has_manifest(file):
        raise UserError(
            f"{file} is a folder of krr shard, which need not fit into memory.",
            "one table; a recipe trains on such a folder.",
            f'set data.source = "{file}/" in a recipe (krr cp forecasting/nn5_lstm_seq2seq DIR '
            f"copies one to change) and train it with krr run RECIPE --run-dir RUN_DIR; then krr "
            f"predict RUN_DIR --input {file} --output DIR forecasts all series.",
        )


def _as_plan(choice: ModelChoice, config: Config, reasons: list[str], panel: Panel) -> Plan:
    """The plan, with what is told of the model first."""
    reasons = [choice.reason, *reasons]
    if panel.frame["y"].min() >= 0:
        reasons.append(
            "No value is below 0: forecasts of the network and of the baselines are kept at or "
            "above 0."
        )
    return Plan(config, tuple(reasons))


def _plan_training(
    options: ForecastOptions,
    config: Config,
    panel: Panel,
    lengths: dict[str, int],
    demand: str | None,
) -> tuple[Config, list[str]]:
    """The recipe of a new network, and the reasons for its values."""
    _refuse_too_little(options, max(lengths.values()), max(lengths.values()) - options.horizon)
    if is_panel(lengths) and not config.evaluate.levels:
        # Neither the epoch nor intervals need a validation part, so it is trained on.
        data = config.data.model_copy(update={"valid_size": 0})
        config = config.model_copy(update={"data": data})
    config = choose_parts(config, panel)
    trained = _training_lengths(config, lengths)
    _refuse_too_little(options, max(lengths.values()), max(trained.values()))
    positive = bool(panel.frame["y"].min() > 0)  # in all rows: training ends before the last ones
    if demand is None:
        config = choose_scaling(config, panel)
    config = recommend(config, trained, panel.season_length, positive=positive, demand=demand)
    check_calibration(config, panel)
    if options.refit is None and not is_long_panel(trained, panel.season_length):
        refit = config.fit.model_copy(update={"refit": True})
        config = config.model_copy(update={"fit": refit})
    code_covariates(panel, config)  # refuses missing future values before any work
    return config, _reasons(options, config, lengths)


def _plan_pretrained(
    options: ForecastOptions,
    config: Config,
    panel: Panel,
    lengths: dict[str, int],
    choice: ModelChoice,
) -> tuple[ModelChoice, Config, list[str]]:
    """The choice, which may change, the recipe of the pretrained network, and the reasons."""
    longest = max(lengths.values())
    if choice.model == "finetune":
        _refuse_too_little(options, longest, longest - options.horizon)
        tuned = recommend_pretrained(config, panel, finetune=True)
        if tuned.data.valid_size or options.model != AUTO:
            _refuse_too_little(options, longest, max(_training_lengths(tuned, lengths).values()))
            fit = tuned.fit.model_copy(update={"refit": options.refit is not False})
            tuned = tuned.model_copy(update={"fit": fit})
            return choice, tuned, _reasons_of_pretrained(options, tuned, lengths)
        choice = ModelChoice(
            "pretrained",
            "The pretrained network forecasts as it is: the series are too short for a validation "
            "part, which would show whether training it on helps (--model).",
        )
    config = recommend_pretrained(config, panel, finetune=False)
    if len(lengths) == 1 and has_extra("baselines"):  # each takes its time for every series
        names = dict.fromkeys([*config.evaluate.baselines, *OF_ONE_SERIES])
        evaluate = config.evaluate.model_copy(update={"baselines": tuple(names)})
        config = config.model_copy(update={"evaluate": evaluate})
    return choice, config, _reasons_of_pretrained(options, config, lengths)


def _config_as_asked(options: ForecastOptions) -> Config:
    if options.horizon < 1:
        raise UserError(
            f"--horizon is {options.horizon}.",
            "a whole number of time steps, at least 1.",
            "raise --horizon to 1 or more.",
        )
    if options.units is not None and options.cell == "linear":
        raise UserError(
            "--units is given, but a linear forecaster has no hidden layers.",
            "--cell linear without --units.",
            "remove --units, or choose another --cell.",
        )
    if options.seed < 0:
        raise UserError(
            f"--seed is {options.seed}.", "a whole number of at least 0.", "give another --seed."
        )
    for feature in options.calendar.split(",") if options.calendar else ():
        check_choice(feature.strip(), get_args(Feature), "--calendar")
    data = {name: getattr(options, name) for name in _DATA_OPTIONS}
    seasons = parse_numbers(options.season_length, "--season-length", "the steps in each season")
    data["season_length"] = seasons[0] if seasons and len(seasons) == 1 else seasons
    model: dict[str, Any] = {
        "preset": check_choice(options.cell or "lstm", CELLS, "--cell"),
        "strategy": check_choice(options.strategy or "seq2seq", get_args(Strategy), "--strategy"),
        "horizon": options.horizon,
        "units": parse_numbers(options.units, "--units", "the width of each layer"),
    }
    given: dict[str, Any] = {
        "data": {"source": str(options.file), **without_none(data)},
        "model": without_none(model),
        "fit": {"seed": options.seed, "refit": bool(options.refit)},
        "evaluate": {"levels": parse_levels(options.levels)},
    }
    if options.baselines is not None:
        usual = EvaluateConfig().baselines
        given["evaluate"]["baselines"] = list(added_baselines(options.baselines, usual))
    return config_from_dict(given, where="the command line")


def _refuse_too_little(options: ForecastOptions, longest: int, trained: int) -> None:
    """Refuse a file without room for a test horizon and one training window (horizon + 1 steps)."""
    horizon = options.horizon
    if trained > horizon:
        return
    fits = (longest - 1) // 2
    also = "" if _asked_for(options) else ", or use --model pretrained, which trains nothing"
    shorter = f"lower --horizon to at most {fits}" if fits else "forecast another file"
    raise UserError(
        f"The longest series in {options.file} has {counted(longest, 'step')}, too few for a "
        f"horizon of {horizon}.",
        f"at least {2 * horizon + 1} steps: {horizon} to test on and {horizon + 1} to train on.",
        f"{shorter}, or give longer series{also}.",
    )


def _asked_for(options: ForecastOptions) -> list[str]:
    """The options that were given and that the pretrained network has no part for."""
    given = [name for name in _OF_NEW_NETWORKS if getattr(options, name)]
    return [f"--{name.replace('_', '-')}" for name in given]


def _lengths(panel: Panel) -> dict[str, int]:
    sizes = panel.frame.groupby("unique_id", sort=False).size()
    return {str(name): int(size) for name, size in sizes.items()}


def _training_lengths(config: Config, lengths: dict[str, int]) -> dict[str, int]:
    """Time steps to train on, by series; a series too short for a test part is used completely."""
    held_out = config.data.held_out
    return {name: n - held_out if n > held_out else n for name, n in lengths.items()}


def _reasons(options: ForecastOptions, config: Config, lengths: dict[str, int]) -> list[str]:
    """Explain what was inferred and chosen, one sentence each."""
    model = config.model
    reasons = [
        *_of_time(options, config),
        f"Lookback of {counted(model.lookback or 1, 'step')}; at each, the network reads the last "
        f"{model.lags} value{'s' * (model.lags != 1)}.",
        f"Strategy {model.strategy}: {_STRATEGY_REASONS[model.strategy]} (--strategy).",
    ]
    if covariates := _describe_covariates(config):
        reasons.append(covariates)
    if model.seasonal:
        memory = f", smoothed with a memory of {model.seasons}" if model.seasons != 1 else ""
        reasons.append(f"The network corrects a repetition of the season{memory}.")
    reasons.append(
        f"{model.members} networks with layers of {_joined(model.units)} units, trained together; "
        "their median is the forecast."
    )
    if model.transform == "log":
        reasons.append("All values are above 0: the network works on logarithms.")
    if model.distribution == "negative_binomial" and model.point == "mean":
        reasons.append(
            "Whole numbers, many of them zero: the network learns a negative binomial distribution "
            "and forecasts its mean. Scores are of squared errors: absolute errors favor a forecast"
            " of zero."
        )
    if model.scaling == "change":
        reasons.append(
            "The values are large against their changes: the network reads each history relative "
            "to its last value, in float64."
        )
    if config.fit.loss == "tweedie":
        reasons.append(
            "Values of at least 0, many of them zero: the network forecasts their mean (loss "
            "tweedie). Scores are of squared errors: absolute errors favor a forecast of zero."
        )
    return [*reasons, *_about_training(options, config, lengths)]


def _of_time(options: ForecastOptions, config: Config) -> list[str]:
    data, season = config.data, config.data.season_length
    inferred = "inferred from the dates and values"
    return [
        reason(f"Frequency {data.freq}", inferred, "--freq", given=options.freq),
        reason(
            f"Season of {_joined(season)} step{'s' * (season != 1)}",
            inferred,
            "--season-length",
            given=options.season_length,
        ),
    ]


def _reasons_of_pretrained(
    options: ForecastOptions, config: Config, lengths: dict[str, int]
) -> list[str]:
    """Explain what was inferred, what the pretrained network reads, and how it is scored."""
    reasons = _of_time(options, config)
    steps = counted(config.model.lookback or 0, "step")
    reasons.append(f"It reads the last {steps} of each series, or all of a shorter one.")
    if config.calibrates:
        reasons.append(
            f"It has learned intervals up to {LARGEST_LEVEL:g} %: these are calibrated on its "
            "errors before the test part."
        )
    if config.trains and config.data.valid_size:
        reasons.append(
            "Kept is the epoch with the lowest error on the last "
            f"{counted(config.data.valid_size, 'step')} before the test part; epoch 0 is the "
            "network before the training."
        )
    if config.trains:
        return [*reasons, *_about_training(options, config, lengths)]
    if not config.data.test_size:
        reasons.append("No series has two steps more than the horizon, so it is not scored.")
    short = [name for name, n in lengths.items() if n <= config.data.held_out]
    if config.data.test_size and short:
        reasons.append(
            f"{len(short)} of {len(lengths)} series are too short to be scored; they are forecast "
            f"nevertheless: {first_names(short)}."
        )
    return reasons


def _about_training(options: ForecastOptions, config: Config, lengths: dict[str, int]) -> list[str]:
    """Which rows are trained on, and by which network they are forecast."""
    reasons, pretrained = [], config.model.preset == "pretrained"
    if not config.data.valid_size and is_panel(lengths) and not pretrained:
        reasons.append(
            "With this many series, training needs no validation part and ends at the test part."
        )
    elif not config.data.valid_size:
        reasons.append("The series are too short for a validation part: training runs all epochs.")
    if config.fit.refit:
        reasons.append(
            f"After the test, {'the pretrained' if pretrained else 'a new'} network is trained on "
            "all data and makes the forecast (--no-refit: the tested network makes it)."
        )
    elif options.refit is None:
        reasons.append(
            "The series are long, so the tested network makes the forecast (--refit: a new one, "
            "trained on all data, in twice the time)."
        )
    trained = _training_lengths(config, lengths)
    short = [name for name, n in trained.items() if n <= config.model.horizon]
    if short:
        are = "is" if len(short) == 1 else "are"
        reasons.append(
            f"{len(short)} of {len(lengths)} series {are} too short to train on, and {are} "
            f"forecast nevertheless: {first_names(short)}."
        )
    return reasons


def _joined(numbers: int | tuple[int, ...] | None) -> str:
    return " and ".join(map(str, numbers)) if isinstance(numbers, tuple) else str(numbers)


def _describe_covariates(config: Config) -> str:
    """The covariates, and from when on their values are known."""
    data = config.data
    derived = (*data.calendar, *([f"holidays ({data.holidays})"] if data.holidays else []))
    parts = {
        "known up to now": data.past_cols,
        "known ahead": data.future_cols,
        "derived from the dates": derived,
        "constant in each series": data.static_cols,
    }
    told = "; ".join(f"{kind} {', '.join(names)}" for kind, names in parts.items() if names)
    return f"Covariates: {told}." if told else ""
