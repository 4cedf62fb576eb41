"""Forecast one series or thousands with a recurrent network, and compare it with baselines.

Run by `krr run RECIPE`, or by itself: `python forecast.py --config my.toml`.
"""

from __future__ import annotations

from functools import partial

import keras_rnn_recipes as krr
from keras_rnn_recipes.families import forecasting


def main(config, run):
    """Fit, evaluate, forecast and save what ``config`` describes, into the folder ``run``."""
    # Load the series at regular time steps, and choose the options that the recipe leaves open.
    panel = forecasting.load(config.data, scratch=run.path)
    config = forecasting.choose_defaults(config, panel)
    data, network, name = config.data, config.model, config.model.preset
    print(forecasting.describe(panel, config))
    # Encode covariates as numbers; the known categories are those of the training part.
    panel = forecasting.code_covariates(panel, config)
    run.write_config(config, panel.covariates)
    # What is assumed about the data is kept with the run, and is part of the served graph.
    served = forecasting.serving_options(panel, config, run=run)

    # Train on the past, validate on the part after it, and score the last part once.
    split = krr.split_by_time(
        panel.frame, valid_size=data.valid_size, test_size=data.test_size, lookback=network.lookback
    )
    if config.trains:
        train, valid = forecasting.parts_to_learn(split, panel, config)
        model, history = learn(train, valid, panel, config, run)
        run.write_model(model)
        print(end=forecasting.note_on_epoch_0(history, config))
        # With every strategy, a forecaster maps a history to a whole forecast.
        point = krr.to_forecaster(model, config.evaluate.levels, **served)
    else:  # the pretrained network as it is, in NumPy
        history, nonnegative = None, served["nonnegative"]
        model = point = forecasting.zero_shot_forecaster(config, nonnegative=nonnegative)
    asked = {"names": config.evaluate.baselines, "seed": config.fit.seed}
    baselines = forecasting.fit_baselines(
        split.train, horizon=network.horizon, season_length=panel.season_length, **asked
    )
    # If the recipe asks for levels, calibrate intervals on the errors of the validation part.
    forecaster, baselines = forecasting.add_intervals(point, baselines, panel, config, run=run)

    seen = {"lookback": network.lookback, "horizon": network.horizon, **panel.columns}
    seen |= {"levels": config.evaluate.levels, "season_length": served["season_length"]}
    summary, totals, notes = {name: {}}, None, ()
    if data.test_size:  # the pretrained network also forecasts series too short to be scored
        compared = {name: forecaster.predict_on_batch, **baselines}
        summary, totals, notes = forecasting.test(compared, split, panel, config, run, **seen)
    record = forecasting.results_record(summary, model, history, name=name, totals=totals)
    run.write_json("metrics.json", record)

    # Refit: train the network anew on all steps, for as many epochs as were best before. Errors on
    # data that it has not seen are those of the tested network, so its intervals come first.
    if config.fit.refit:
        epochs = forecasting.best_epoch(history, config.fit)
        forecaster = forecasting.refit_intervals(point, forecaster, panel, config, run=run)
        if epochs:  # else the pretrained network as it is was best
            part, steps = run.part("refit"), forecasting.all_steps(panel)
            learn(steps, None, panel, config, part, epochs, again=model)
        run.write_model(model)

    # Forecast the steps after the last observation of every series.
    served_by, ahead = {name: forecaster.predict_on_batch}, {"future": panel.future}
    future = krr.forecast_future(panel.frame, served_by, freq=panel.freq, **ahead, **seen)
    future = forecasting.leave_closed_out(future, panel)
    run.write_csv("forecasts.csv", future)

    # Export the model to serve it without this package, and write the report.
    if config.trains:
        krr.export_saved_model(forecaster, run.path / "saved_model")
    run.write_environment(config.fit.seed)
    forecasting.write_report(run.path, panel.frame, notes=(*panel.notes, *notes))
    table = forecasting.results_table(record, name=name, num_series=panel.num_series)
    print(table, *notes, sep="\n")
    print(run.describe())
    if not config.trains:
        print(f"A SavedModel or an ONNX file to serve: krr export {run.path} --to DIR")


def learn(train, valid, panel, config, run, last_epoch=None, again=None):
    """Train a network on one part of the series and validate it on another.

    That is a new network, or the one ``again`` from its first weights, as a new one would be.
    """
    network, training = config.model, config.fit
    # Windows are cut from the series batch by batch during training.
    cut = {"stride": training.stride, "burn_in": training.burn_in}
    spec = krr.WindowSpec(network.lookback, network.horizon, strategy=network.strategy, **cut)
    options = dict(panel.columns, batch_size=training.batch_size, weights=training.window_weights)
    if network.scaling == "change":  # the level would use up the digits of float32
        train, valid = (forecasting.without_level(part) for part in (train, valid))
    if network.preset == "pretrained":  # it reads histories of any length
        train, valid = forecasting.with_earlier_rows(train, valid, config)
    drawn = {"shuffle": True, "repeat": True, "balanced": training.balanced, "seed": training.seed}
    batches = partial(krr.window_dataset, train, spec, **drawn, **options)
    watched = forecasting.validation_windows(valid, spec, **options)

    # Set the seeds here, so that the result does not depend on earlier random numbers.
    krr.set_seeds(training.seed)
    # The network takes and returns raw values: scaling is part of the graph.
    named = (network.preset, network.strategy, network.horizon)
    sizes = {**panel.sizes, **network.options(season_length=config.data.season_length)}
    model = forecasting.untrained(again) if again else krr.build_forecaster(*named, **sizes)
    forecasting.adapt_covariates(model, train, panel)
    count = forecasting.count_windows(train, spec)
    shown = {"num_windows": count, "last_epoch": last_epoch}
    shown |= {"keep_untrained": network.preset == "pretrained"}
    return model, krr.fit(model, batches, watched, config=training, run=run, **shown)


if __name__ == "__main__":
    krr.run_from_command_line(main)
