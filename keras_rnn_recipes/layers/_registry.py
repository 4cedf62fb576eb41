"""Register layers with Keras under the package name that saved models contain.

That name must never change, or saved models no longer load.
"""

from __future__ import annotations

import keras

registered = keras.saving.register_keras_serializable(package="keras_rnn_recipes")
