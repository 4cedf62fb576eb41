# %% [markdown]
# # Text classification: word order
#
# Every sentence of this data set has a twin of the same words with the other
# label. Whoever counts words is right half of the time; a recurrent network
# reads them in order.

# %%
import os

import keras
import numpy as np
import pandas as pd

import keras_rnn_recipes as krr
from keras_rnn_recipes.families import text_classification

epochs = int(os.environ.get("EPOCHS", "8"))
krr.set_seeds(0)
parts = krr.load_text("word_order")
pd.DataFrame({"text": parts.train.texts[:4], "label": parts.train.labels[:4]})

# %% [markdown]
# ## From text to batches
#
# The tokenizer is built from the training texts. Texts of similar length share
# a batch.

# %%
tokenizer = krr.fit_tokenizer(parts.train.texts, krr.Preparation())
classes = sorted(set(parts.train.labels))


def batches(part, **options):
    """Ids and numbers of classes."""
    ids = [tokenizer([text]).numpy()[0] for text in part.texts]
    labels = np.array([classes.index(label) for label in part.labels], "int32")
    return krr.bucketed_batches(ids, labels, batch_size=32, **options)


len(tokenizer.vocabulary), classes

# %% [markdown]
# ## Model

# %%
model = krr.text_classifier(
    len(tokenizer.vocabulary),
    len(classes),
    cell="gru",
    units=32,
    embedding_size=32,
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
#
# The pipeline takes raw strings. It is what `krr.export_text_model` writes.

# %%
pipeline = text_classification.Pipeline(tokenizer, model, classes)
answers = pipeline(parts.test.texts)
right = np.array(classes)[answers.argmax(axis=1)] == np.array(parts.test.labels)
print(f"accuracy on the test part: {right.mean():.3f}")

# %%
sentences = [
    "Bob is stronger than Tom",
    "Tom is stronger than Bob",
    "the hotel was not good but the food was great",
]
pd.DataFrame(pipeline(sentences).round(3), index=sentences, columns=classes)

# %% [markdown]
# ## How far back does it learn?

# %%
x, y = next(iter(batches(parts.train, seed=0)))[:2]
flow = krr.gradient_flow(
    model, x, y, loss=keras.losses.SparseCategoricalCrossentropy(True)
)
krr.plot_gradient_flow(flow)
