# %% [markdown]
# # Encoder and decoder: digits in reverse
#
# A recipe learns to reverse strings of 3 to 8 digits and is tested on 9 to 40.
# A network that attends by distance does it; here the recipe runs from Python,
# for fewer epochs than it is recorded with.

# %%
import os

import pandas as pd

import keras_rnn_recipes as krr
from keras_rnn_recipes.config.catalogue import recipe_path

epochs = os.environ.get("EPOCHS", "8")
smoke = epochs == "1"
print(recipe_path("encoder_decoder/digit_reversal_gru").read_text())

# %% [markdown]
# ## Run the recipe
#
# `run` loads the pairs, trains, decodes the test part with a beam search,
# exports the SavedModel and writes a report. What it prints is that of `krr
# run`.

# %%
result = krr.run(
    "encoder_decoder/digit_reversal_gru",
    "digits",
    overrides=[f"fit.epochs={epochs}"],
    smoke=smoke,
)

# %%
result

# %% [markdown]
# ## Learning

# %%
krr.plot_history(pd.read_csv("digits/history.csv"))

# %% [markdown]
# ## Answers
#
# `predict` takes a file of texts, a line each. The SavedModel answers, not the
# Keras model.

# %%
with open("words.txt", "w", encoding="utf-8") as file:
    file.write("12345\n90210\n314159265358979\n")
krr.predict("digits", "words.txt")
