# %% [markdown]
# # Captioning: scenes of colored shapes
#
# A picture is one input, a sentence many answers. A convolutional encoder
# describes each place of the picture; an LSTM writes the sentence word by word
# and attends to these places. The pictures are generated.

# %%
import os
import textwrap
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import keras_rnn_recipes as krr
from keras_rnn_recipes.builders.captioner import place_shape
from keras_rnn_recipes.config.captioning import CaptionConfig
from keras_rnn_recipes.families import captioning

epochs = int(os.environ.get("EPOCHS", "5"))
steps = int(os.environ.get("STEPS", "188"))
krr.set_seeds(0)
config = CaptionConfig(
    data={"source": "scenes"},
    model={"embedding_size": 64, "dropout": 0.1, "embedding_dropout": 0.2},
    fit={"epochs": epochs, "batch_size": 32, "watch_gradients": False},
)
parts = captioning.load(config.data)
# Some of the test pictures, to save time.
parts = replace(parts, test=parts.test.rows(range(200)))
print(captioning.describe(parts))

# %% [markdown]
# ## A scene and its sentences
#
# Each sentence of a picture is correct. Training draws one of them each time
# that it shows the picture.

# %%
figure, panel = plt.subplots(figsize=(2.5, 2.5))
panel.imshow(parts.train.images[0])
panel.set_axis_off()
for sentence in parts.train.captions[0]:
    print(sentence)

# %% [markdown]
# ## Training
#
# The decoder gets the words so far and learns to predict the next one.

# %%
tokenizer = krr.fit_tokenizer(parts.train.texts(), config.data.preparation())
batches, watched, num_images = captioning.batches(parts, tokenizer, config)
model = captioning.build(parts.size, tokenizer, config.model)
history = krr.fit(
    model,
    batches,
    watched,
    num_windows=min(num_images, 32 * steps),
    config=config.fit,
    loss=captioning.loss(),
)
krr.plot_history(history)

# %% [markdown]
# ## Sentences for unseen combinations
#
# Every test picture shows a combination of size, color and shape that no
# training picture shows. The network is compared with the sentence of the most
# similar training picture.

# %%
search = captioning.choose_search(config.evaluate)
served = captioning.Pipeline(tokenizer, model, search)
answers = {
    "network": served(parts.test.images),
    "nearest_image": captioning.fit_baselines(parts, served, config)[
        "nearest_image"
    ](),
}
scores = captioning.score(parts.test.captions, answers, metrics=["exact_match"])
pd.DataFrame(scores).T.round(3)

# %%
figure, panels = plt.subplots(2, 3, figsize=(8, 5))
for row, panel in enumerate(panels.flat):
    panel.imshow(parts.test.images[row])
    panel.set_title(textwrap.fill(answers["network"][row], 26), fontsize=9)
    panel.set_axis_off()

# %% [markdown]
# ## Attention
#
# `beams` returns the attention weights of each word: their sum over the places
# of the picture is 1. Bright places have a large weight.

# %%
height, width = place_shape(model)
beams = served.beams(
    parts.test.images[:3].astype("float32"), places=height * width
)
figure, panels = plt.subplots(3, 9, figsize=(9, 3.6))
for row, of_image in enumerate(panels):
    tokens = np.trim_zeros(np.array(beams.tokens)[row, 0])
    words = [tokenizer.vocabulary[token] for token in tokens]
    weights = np.array(beams.attention)[row, 0].reshape(-1, height, width)
    of_image[0].imshow(parts.test.images[row])
    for panel, word, at_word in zip(of_image[1:], words, weights, strict=False):
        panel.imshow(at_word, cmap="Greys_r")
        panel.set_title(word, fontsize=8)
    for panel in of_image:
        panel.set_axis_off()
figure.tight_layout()
