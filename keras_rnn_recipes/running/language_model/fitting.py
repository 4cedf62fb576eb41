"""Train a language model on running text: states go on from window to window."""

from __future__ import annotations

from functools import partial
from typing import Any, final

import keras
import numpy as np
import pandas as pd

from keras_rnn_recipes.builders.language_model import carrying_twin, give_back
from keras_rnn_recipes.data.text.contiguous import contiguous_batches, count_windows_of_text
from keras_rnn_recipes.running.fitting import fit
from keras_rnn_recipes.running.language_model.config import LanguageFitConfig
from keras_rnn_recipes.running.run_directory import RunDirectory
from keras_rnn_recipes.running.token_loss import token_loss


def fit_on_text(
    model: keras.Model,
    train: np.ndarray,
    valid: np.ndarray,
    *,
    config: LanguageFitConfig | None = None,
    run: RunDirectory | None = None,
) -> pd.DataFrame:
    """Train a language model in place by truncated back-propagation through contiguous text.

    Args:
        model: from `language_model`. A `carrying_twin` is trained in its place, and the weights it
            ends with are given back.
        train, valid: ids from `text_ids`.
        config: how to train; ``LanguageFitConfig()`` when left out.
        run: as in `fit`.

    Returns:
        As `fit`; losses in nats per token.

    Raises:
        UserError: as `fit` and `contiguous_batches`.
    """
    config = config or LanguageFitConfig()
    shape: dict[str, Any] = {"batch_size": config.batch_size, "window": config.window}
    twin = carrying_twin(model, config.batch_size)
    batches = partial(
        contiguous_batches,
        train,
        shuffle=True,
        reset_rate=config.reset_rate,
        seed=config.seed,
        repeat=True,
        **shape,
    )
    history = fit(
        twin,
        batches,
        contiguous_batches(valid, **shape),
        num_windows=config.batch_size * count_windows_of_text(len(train), **shape),
        config=config,
        run=run,
        loss=token_loss(),
        callbacks=[_BeginAnew()],
    )
    give_back(twin, model)
    return history


@final
class _BeginAnew(keras.callbacks.Callback):
    """States of zeros at the beginning of every epoch: one that is resumed begins in no others."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        for layer in self.model.layers:
            if isinstance(layer, keras.layers.RNN):
                layer.reset_state()
