"""The name under which every layer of this package is saved; it never changes."""

from __future__ import annotations

import keras

registered = keras.saving.register_keras_serializable(package="keras_rnn_recipes")
