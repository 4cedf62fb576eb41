"""Evaluation: metrics, baselines, prediction intervals and rolling-origin backtests.

Nothing here imports TensorFlow or Keras: a forecaster is any function from histories to forecasts.
"""
