# %% [markdown]
# # Language model: Python's language reference
#
# A small LSTM reads the manual character by character and learns the
# probability of the next one. Then it writes.

# %%
import os

import pandas as pd
import tensorflow as tf

import keras_rnn_recipes as krr
from keras_rnn_recipes.config.language_model import (
    LanguageDataConfig,
    LanguageFitConfig,
)
from keras_rnn_recipes.families import language_model

epochs = int(os.environ.get("EPOCHS", "4"))
length = int(os.environ.get("CHARACTERS", "120000"))
krr.set_seeds(0)
data = LanguageDataConfig(source="language_reference")
text = language_model.load(data)
print(text.train[2000:2300])

# %% [markdown]
# ## Train
#
# The network reads the text in windows of 64 characters. Its states continue
# from window to window; the gradient goes back to the start of a window.

# %%
tokenizer = krr.fit_tokenizer([text.train], data.preparation())
train = language_model.text_ids(tokenizer, text.train[:length])
valid = language_model.text_ids(tokenizer, text.valid[:20000])
test = language_model.text_ids(tokenizer, text.test[:20000])
model = krr.language_model(
    len(tokenizer.vocabulary), units=128, embedding_size=64
)
config = LanguageFitConfig(
    epochs=epochs, batch_size=16, window=64, learning_rate=0.01
)
history = language_model.fit(model, train, valid, config=config)
krr.plot_history(history)

# %% [markdown]
# ## How good is it?
#
# The loss on the test part, next to counts of the characters that followed the
# last one, three or five.

# %%
pipeline = language_model.Pipeline(tokenizer, model)
ngrams = language_model.fit_baselines(
    train, (1, 3, 5), len(tokenizer.vocabulary)
)
nats = {
    name: judge.nats(test)
    for name, judge in {"lstm": pipeline, **ngrams}.items()
}
scores = language_model.score(nats, len(text.test[:20000]))
pd.DataFrame(scores).T.round(3)

# %% [markdown]
# After a few epochs on a part of the text, counting five characters is still
# better. The recipe `language_model/language_reference_lstm`, with all of the
# text, beats the counts.

# %% [markdown]
# ## What does it write?
#
# A low temperature keeps to the most probable characters.

# %%
for temperature in (0.3, 0.8):
    written = pipeline.generate(
        tf.constant(["The while statement"]),
        tf.constant(150),
        tf.constant(temperature),
        tf.constant(0),
    )
    print(f"temperature {temperature}:", written.numpy()[0].decode(), "\n")
