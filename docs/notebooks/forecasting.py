# %% [markdown]
# # Forecasting: CO2 at Mauna Loa
#
# A monthly series with a trend and a season. We forecast a year ahead with an
# LSTM, compare it with baselines, and look at how far back the network learns.

# %%
import os

import keras_rnn_recipes as krr

epochs = int(os.environ.get("EPOCHS", "8"))
krr.set_seeds(0)
panel = krr.load_dataset("co2")
panel.frame.tail(3)

# %% [markdown]
# ## Split and windows
#
# The last five years test, the four years before them validate, the rest
# trains. A window holds 60 months of history; with the strategy `seq2seq` the
# network learns a forecast of 12 months at every one of them.

# %%
split = krr.split_by_time(panel.frame, valid_size=48, test_size=60, lookback=60)
spec = krr.WindowSpec(lookback=60, horizon=12, strategy="seq2seq", burn_in=24)
train = krr.window_dataset(split.train, spec, shuffle=True)
valid = krr.window_dataset(split.valid, spec)

# %% [markdown]
# ## Model
#
# The network takes raw values. With `season_length` it corrects a seasonal
# forecast, smoothed over nine years.

# %%
model = krr.lstm(
    "seq2seq",
    horizon=12,
    units=32,
    lags=24,
    scaling="mean",
    season_length=12,
    seasons=9,
)
model.compile("adam", "mae")
history = model.fit(
    train, validation_data=valid, shuffle=False, epochs=epochs, verbose=0
)
krr.plot_history(history.history)

# %% [markdown]
# ## Backtest
#
# The forecaster and the baselines forecast the test part from every month in
# it. None of them sees what lies after the month that it forecasts from.

# %%
forecaster = krr.to_forecaster(model)
baselines = krr.fit_baselines(split.train, horizon=12, season_length=12)
tested = krr.backtest(
    panel.frame,
    {"lstm": forecaster.predict_on_batch, **baselines},
    lookback=60,
    horizon=12,
    test_size=60,
)
scores = krr.score(tested, panel.frame, season_length=12)
scores[["metric", "lstm", *baselines]].set_index("metric").round(3)

# %% [markdown]
# MASE below 1 is better than repeating the last season. One small LSTM after a
# few epochs does not beat ridge regression on this smooth series; the recipe
# `forecasting/co2_lstm_seq2seq`, an ensemble of five, does. The forecast from
# the last month that has a whole year after it, with the best baseline:

# %%
krr.plot_forecasts(panel, tested, models=["lstm", "ridge"], history=60)

# %% [markdown]
# ## How far back does it learn?
#
# The norm of the gradient of the loss with respect to the hidden state, by
# lag.

# %%
x, y = next(iter(train))[:2]
flow = krr.gradient_flow(model, x, y, loss="mae")
krr.plot_gradient_flow(flow)

# %% [markdown]
# ## Forecast and export
#
# The steps after the last observation, and a SavedModel that needs TensorFlow
# alone.

# %%
future = krr.forecast_future(
    panel.frame,
    {"lstm": forecaster.predict_on_batch},
    freq=panel.freq,
    lookback=60,
    horizon=12,
)
path = krr.export_saved_model(forecaster, "saved_model")
served = krr.load_saved_model(path)
served

# %%
krr.plot_forecasts(panel, future, history=60)
