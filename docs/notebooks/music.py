# %% [markdown]
# # Music: canons
#
# Rounds of three voices over a bass, as piano rolls: which of the 88 keys of a
# piano sound in each frame. The network predicts each frame from the frames
# before it, and composes by drawing one frame after the other.

# %%
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

import keras_rnn_recipes as krr
from keras_rnn_recipes.config.music import MusicDataConfig
from keras_rnn_recipes.evaluation.music_baselines import FrameNGrams
from keras_rnn_recipes.families import music

epochs = int(os.environ.get("EPOCHS", "12"))
steps = int(os.environ.get("STEPS", "20"))
krr.set_seeds(0)
parts = music.load(MusicDataConfig(source="canons"))
print(music.describe(parts))

# %%
figure, panel = plt.subplots(figsize=(8, 2.5))
panel.imshow(parts.train[0].roll.T, aspect="auto", origin="lower", cmap="Blues")
panel.set(xlabel="frame", ylabel="key", ylim=(10, 65))

# %% [markdown]
# ## Two heads
#
# With independent keys, a frame is 88 separate decisions: nothing keeps two
# voices in harmony. NADE decides key by key from the lowest; each decision sees
# the keys that sound below.

# %%
nats, models = {}, {}


def batches(pieces, **options):
    """Padded piano rolls, which are both what is read and what is predicted."""
    rolls = [piece.roll for piece in pieces]
    return music.roll_batches(rolls, batch_size=16, **options)


for head in ("nade", "independent"):
    models[head] = music.music_model(
        units=96, head=head, hidden=64, repeats=(12, 16), dropout=0.2
    )
    models[head].compile(keras.optimizers.Adam(0.005), music.frame_loss())
    history = models[head].fit(
        batches(parts.train, repeat=True),
        validation_data=batches(parts.valid, shuffle=False),
        steps_per_epoch=steps,
        shuffle=False,
        epochs=epochs,
        verbose=0,
    )
    scores = music.score_pieces(music.Pipeline(models[head]), parts.test[:40])
    nats[head] = music.score({head: scores})[head]["nats_per_frame"]
krr.plot_history(history.history)

# %%
ngrams = FrameNGrams([piece.roll for piece in parts.train], 4)
test = [piece.roll for piece in parts.test[:40]]
nats["4-gram"] = float(
    np.concatenate([ngrams.nats(roll) for roll in test]).mean()
)
for name, value in nats.items():
    print(f"{name:12} {value:.2f} nats a frame")

# %% [markdown]
# ## A new piece

# %%
served = music.Pipeline(models["nade"])


@tf.function(autograph=False)
def compose(seed):
    """A piece of 96 frames from nothing."""
    state = served.begin(tf.zeros([1, 0, 88]), tf.constant([0]))
    return served.compose(state, 96, 0.9, seed[None])[0]


roll = compose(tf.constant(1)).numpy()[0]
figure, panel = plt.subplots(figsize=(8, 2.5))
panel.imshow(roll.T, aspect="auto", origin="lower", cmap="Blues")
panel.set(xlabel="frame", ylabel="key", ylim=(10, 65))
