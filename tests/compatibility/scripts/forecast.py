"""Forecast one series or thousands with a recurrent network, beside honest baselines.

Run by `krr run RECIPE`, or by itself: `python forecast.py --config my.toml`.
"""

from __future__ import annotations

from functools import partial

import keras_rnn_recipes as krr


def main(config, run):
    """Fit, evaluate, forecast and save what ``config`` describes, into the folder ``run``."""
    # The series, regular in time. What the recipe leaves open is chosen from them and kept.
    panel = krr.load_panel(config.data)
    config = krr.choose_defaults(config, panel)
    data, network, name = config.data, config.model, config.model.preset
    print(krr.describe_data(panel, config))
    # What is beside the values, as numbers: of categories, those that the training part knows.
    panel = krr.code_covariates(panel, config)
    run.write_config(config, panel.covariates)

    # The past trains, the part after it tells when to stop, the last part is scored once.
    split = krr.split_by_time(
        panel.frame, valid_size=data.valid_size, test_size=data.test_size, lookback=network.lookback
    )
    model, history = learn(split.train, split.valid, panel, config, run)
    run.write_model(model)

    # Whatever the strategy, a forecaster goes from a history to a whole forecast.
    forecaster = krr.to_forecaster(model, config.evaluate.levels)
    baselines = krr.fit_baselines(
        split.train,
        horizon=network.horizon,
        season_length=panel.season_length,
        names=config.evaluate.baselines,
        seed=config.fit.seed,
    )
    # Asked for levels, each gets intervals as wide as its errors on the validation part.
    forecaster, baselines = krr.add_intervals(forecaster, baselines, panel, config, run=run)

    # Forecast the test part from many origins, as one would have done then. A series too
    # short to hold anything out was trained on as a whole, so it may not be scored.
    seen = {"lookback": network.lookback, "horizon": network.horizon, **panel.columns}
    seen["levels"] = config.evaluate.levels
    tested = krr.backtest(
        panel.frame[~panel.frame["unique_id"].isin(split.skipped)],
        {name: forecaster.predict_on_batch, **baselines},
        test_size=data.test_size,
        stride=config.evaluate.stride,
        **seen,
    )
    scores = krr.score(
        tested, panel.frame, season_length=panel.season_length, metrics=config.evaluate.metrics
    )
    record = krr.results_record(krr.summarise(scores), model, history, name=name)
    run.write_csv("backtest.csv", tested)
    run.write_csv("scores.csv", scores)
    run.write_json("metrics.json", record)

    # Judged, it may learn from the last steps too, for as long as served it best before.
    if config.fit.refit:
        epochs = krr.best_epoch(history, config.fit)
        model, _ = learn(panel.frame, None, panel, config, run.part("refit"), epochs)
        run.write_model(model)
        judged, forecaster = forecaster, krr.to_forecaster(model, config.evaluate.levels)
        forecaster = krr.refit_intervals(forecaster, judged, panel, config, run=run)

    # The forecast that is wanted: the steps after the last observation of every series.
    future = krr.forecast_future(
        panel.frame,
        {name: forecaster.predict_on_batch},
        freq=panel.freq,
        future=panel.future,
        **seen,
    )
    run.write_csv("forecasts.csv", future)

    # To serve, without this package; and to read.
    krr.export_saved_model(forecaster, run.path / "saved_model")
    run.write_environment(config.fit.seed)
    krr.write_report(run.path, panel.frame, notes=panel.notes)
    print(krr.results_table(record, name=name, num_series=panel.num_series))
    print(krr.describe_artefacts(run.path))


def learn(train, valid, panel, config, run, last_epoch=None):
    """Train a new network on one part of the series, watched on another."""
    network, training = config.model, config.fit
    # Windows are cut while training; no table of them is ever made.
    cut = {"stride": training.stride, "burn_in": training.burn_in}
    spec = krr.WindowSpec(network.lookback, network.horizon, strategy=network.strategy, **cut)
    options = {"batch_size": training.batch_size, "weights": training.window_weights}
    options |= panel.columns
    drawn = {"shuffle": True, "repeat": True, "balanced": training.balanced, "seed": training.seed}
    batches = partial(krr.window_dataset, train, spec, **drawn, **options)
    watched = krr.validation_windows(valid, spec, **options)

    # From the seed on, whatever was drawn before.
    krr.set_seeds(training.seed)
    # The network takes raw numbers and gives raw numbers: scaling is part of it.
    model = krr.build_forecaster(
        network.preset,
        network.strategy,
        network.horizon,
        **panel.sizes,
        **network.options(season_length=config.data.season_length),
    )
    krr.adapt_covariates(model, train, panel)
    count = krr.count_windows(train, spec)
    history = krr.fit(
        model, batches, watched, num_windows=count, config=training, run=run, last_epoch=last_epoch
    )
    return model, history


if __name__ == "__main__":
    krr.run_from_command_line(main)
