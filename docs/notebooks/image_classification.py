# %% [markdown]
# # Image classification: handwritten digits
#
# An image is one input, its class one answer. A dense network and a
# convolutional one read all pixels at once; a recurrent network can read the
# image as well, with a row of pixels at each step.

# %%
import os
from functools import partial

import numpy as np
import pandas as pd

import keras_rnn_recipes as krr
from keras_rnn_recipes.config.base import TrainingConfig
from keras_rnn_recipes.config.image_classification import (
    ImageClassifierConfig,
    ImageDataConfig,
)
from keras_rnn_recipes.families import image_classification as images

epochs = int(os.environ.get("EPOCHS", "20"))
krr.set_seeds(0)
parts = images.load(ImageDataConfig(source="digits"))
classes = images.class_names(parts)
print(images.describe(parts, classes))

# %% [markdown]
# ## One image
#
# Eight rows of eight pixels, as numbers from 0 to 255. For the recurrent
# network this is a sequence of eight steps.

# %%
print(f"This is a {parts.train.labels[0]}:")
pd.DataFrame(parts.train.images[0, :, :, 0])

# %% [markdown]
# ## Three networks

# %%
numbers = {
    name: images.number_labels(part.labels, classes, name)
    for name, part in (("train", parts.train), ("valid", parts.valid))
}
batches = partial(
    images.image_batches, parts.train.images, numbers["train"], repeat=True
)
watched = images.image_batches(
    parts.valid.images, numbers["valid"], shuffle=False
)


def trained(**options):
    """A network and the history of its training."""
    model = images.build(parts, classes, ImageClassifierConfig(**options))
    history = krr.fit(
        model,
        batches,
        watched,
        num_windows=len(parts.train),
        config=TrainingConfig(epochs=epochs, watch_gradients=False),
        loss=images.loss(),
    )
    return model, history


networks = {
    "dense": trained(preset="dense", units=(64,)),
    "convolutions": trained(preset="conv", filters=(16, 32)),
    "LSTM over rows": trained(preset="lstm", units=(64,)),
}
krr.plot_history(networks["LSTM over rows"][1])

# %% [markdown]
# ## Answers
#
# The pipeline takes images of any size, in grey or color. It is what
# `images.save_pipeline` writes as a SavedModel.

# %%
truth = np.array(parts.test.labels)
rows = {}
for name, (model, _) in networks.items():
    answers = images.Pipeline(model, classes)(parts.test.images)
    right = np.array(classes)[answers.argmax(axis=1)] == truth
    rows[name] = {
        "accuracy": right.mean().round(3),
        "parameters": model.count_params(),
    }
pd.DataFrame(rows).T

# %% [markdown]
# ## How far back does the LSTM learn?
#
# A lag of 7 is the first row of the image.

# %%
pixels, labels = next(iter(watched))
model = networks["LSTM over rows"][0]
krr.plot_gradient_flow(
    krr.gradient_flow(model, pixels, labels, loss=images.loss())
)
