# %% [markdown]
# # Sequence classification: gestures
#
# Paths of a pen, six classes. Two pairs of classes are opposites in time: a
# circle in either direction, a spiral from inside or from outside. Statistics
# without the order of the points cannot tell them apart.

# %%
import os
from functools import partial

import keras
import matplotlib.pyplot as plt
import numpy as np

import keras_rnn_recipes as krr
from keras_rnn_recipes.config.sequence_classification import SequenceDataConfig
from keras_rnn_recipes.families import sequence_classification

epochs = int(os.environ.get("EPOCHS", "12"))
krr.set_seeds(0)
parts = sequence_classification.load(SequenceDataConfig(source="gestures"))
classes = sequence_classification.class_names(parts.train.labels)
print(sequence_classification.describe(parts, classes))

# %%
figure, panels = plt.subplots(2, 3, figsize=(8, 5))
for panel, name in zip(panels.flat, classes, strict=True):
    path = parts.train.values[parts.train.labels.index(name)]
    panel.plot(*path.T, linewidth=1)
    panel.plot(*path[0], "o")
    panel.set_title(name, fontsize=9)
    panel.set_axis_off()

# %% [markdown]
# ## Batches
#
# Sequences of similar length share a batch, padded with NaN on the right. The
# network finds the real steps by itself.

# %%
number = partial(sequence_classification.number_labels, classes=classes)


def batches(part, **options):
    """Padded values and numbers of classes."""
    return krr.bucketed_batches(
        part.values, number(part), padding=np.nan, batch_size=32, **options
    )


values, labels = next(iter(batches(parts.train, seed=0)))
values.shape, labels.shape

# %% [markdown]
# ## Model
#
# The scaling is a layer of the network: place and size of a gesture are
# subtracted and divided out, its proportions stay.

# %%
model = sequence_classification.sequence_classifier(
    2,
    len(classes),
    cell="gru",
    units=32,
    bidirectional=True,
    convolutions=(32, 32),
    stride=2,
    pooling="attention",
    scaling="sequence",
)
model.compile(
    keras.optimizers.Adam(0.005),
    keras.losses.SparseCategoricalCrossentropy(True),
)
history = model.fit(
    batches(parts.train, seed=0),
    validation_data=batches(parts.valid, shuffle=False),
    shuffle=False,
    epochs=epochs,
    verbose=0,
)
krr.plot_history(history.history)

# %% [markdown]
# ## Answers

# %%
pipeline = sequence_classification.Pipeline(model, classes, ("x", "y"))
answers = pipeline(parts.test.values)
right = answers.argmax(axis=1) == number(parts.test)
print(f"accuracy on the test part: {right.mean():.3f}")

# %% [markdown]
# The same gesture drawn from its end to its start is the opposite one.

# %%
path = parts.test.values[parts.test.labels.index("circle_clockwise")]
for one in pipeline([path, path[::-1]]):
    print(f"{classes[one.argmax()]:24} {one.max():.3f}")
