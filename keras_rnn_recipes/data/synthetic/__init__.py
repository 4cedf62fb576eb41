"""Synthetic series for pretraining, tests and teaching: one function per generator, and mixtures.

NumPy and SciPy alone; a seed always gives the same series.
"""

from keras_rnn_recipes.data.synthetic.arima import seasonal_arima
from keras_rnn_recipes.data.synthetic.counts import intermittent_counts
from keras_rnn_recipes.data.synthetic.effects import with_gaps, with_level_shifts, with_outliers
from keras_rnn_recipes.data.synthetic.kernels import gaussian_process
from keras_rnn_recipes.data.synthetic.mixing import mixup
from keras_rnn_recipes.data.synthetic.mixture import GENERATORS, synthetic_series
from keras_rnn_recipes.data.synthetic.smoothing import exponential_smoothing
from keras_rnn_recipes.data.synthetic.structure import StructuralOptions, structural
from keras_rnn_recipes.data.synthetic.trend_season import trend_season_noise

__all__ = [
    "GENERATORS",
    "StructuralOptions",
    "exponential_smoothing",
    "gaussian_process",
    "intermittent_counts",
    "mixup",
    "seasonal_arima",
    "structural",
    "synthetic_series",
    "trend_season_noise",
    "with_gaps",
    "with_level_shifts",
    "with_outliers",
]
