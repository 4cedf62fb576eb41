# %% [markdown]
# # Tagging: people and places
#
# Every name in these generated sentences is that of a person and of a place.
# Its neighbors decide which. A bidirectional LSTM reads words and their
# spelling; a conditional random field learns which tag follows which.

# %%
import os

import keras
import pandas as pd

import keras_rnn_recipes as krr
from keras_rnn_recipes.config.tagging import TagDataConfig
from keras_rnn_recipes.families import tagging

epochs = int(os.environ.get("EPOCHS", "8"))
krr.set_seeds(0)
data = TagDataConfig(source="people_places")
parts = tagging.load(data)
first = parts.train[0]
pd.DataFrame([first.tags], columns=first.tokens, index=["tag"])

# %% [markdown]
# ## Words, spelling, batches

# %%
words, spelling = tagging.fit_tokenizers(parts.train, data)


def batches(sentences, **options):
    """Ids of words and characters, and the numbers of the tags."""
    inputs, targets = tagging.columns(sentences, words, spelling, parts.tags)
    return krr.bucketed_batches(inputs, targets, batch_size=32, **options)


parts.tags

# %% [markdown]
# ## Model
#
# With `crf=True` the network returns scores of tags and of transitions;
# `crf_loss` is the loss of the whole sequence.

# %%
model = krr.sequence_tagger(
    len(words.vocabulary),
    len(parts.tags),
    num_characters=len(spelling.vocabulary),
    units=32,
    embedding_size=32,
    character_units=16,
    dropout=0.3,
    allowed=parts.allowed,
)
model.compile(keras.optimizers.Adam(0.005), tagging.loss(model))
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
#
# Scores of whole entities on the test part, next to the tag that each word has
# most often.

# %%
tagger = tagging.Pipeline(words, spelling, model, parts.tags)
baselines = tagging.fit_baselines(parts, names=["most_frequent_tag"])
sentences = [row.tokens for row in parts.test]
answers = {
    "lstm": tagger(sentences),
    **{name: tag(sentences) for name, tag in baselines.items()},
}
scores = tagging.score(parts.test, answers, of_spans=parts.of_spans)
pd.DataFrame(scores).T.round(3)

# %%
tokens = sentences[0]
pd.DataFrame([tagger([tokens])[0]], columns=tokens, index=["tag"])
