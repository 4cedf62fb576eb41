# %% [markdown]
# # Speech recognition: Morse code
#
# A sequence in, a shorter sequence out, and nobody has marked where each letter
# is. CTC (connectionist temporal classification) trains a network on such data.
# The recordings here are generated: tones in noise.

# %%
import os
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import keras_rnn_recipes as krr
from keras_rnn_recipes.config.base import TrainingConfig
from keras_rnn_recipes.config.speech_recognition import SpeechModelConfig
from keras_rnn_recipes.families import speech_recognition as speech
from keras_rnn_recipes.families.speech_recognition.decoder import Decoder
from keras_rnn_recipes.families.speech_recognition.report import (
    plot_recognition,
)
from keras_rnn_recipes.media.morse import RATE, keyed_tone
from keras_rnn_recipes.media.sequences import LabelledSequences

epochs = int(os.environ.get("EPOCHS", "12"))
steps = int(os.environ.get("STEPS", "100"))
krr.set_seeds(0)
random = np.random.default_rng(0)


def recordings(count):
    """Groups of one to four letters, of eight, in more or less noise."""
    texts, waveforms = [], []
    for _ in range(count):
        text = "".join(random.choice(list("ETAINMSO"), random.integers(1, 5)))
        tone = keyed_tone(
            text,
            speed=random.uniform(22, 26),
            pitch=random.uniform(580, 620),
            decibels=random.uniform(-3, 9),
            random=random,
        )
        texts.append(text)
        waveforms.append(tone[:, None])
    names = [f"group {number}" for number in range(1, count + 1)]
    return LabelledSequences(
        tuple(waveforms), tuple(texts), tuple(names), ("waveform",), RATE
    )


train, valid, test = (recordings(count) for count in (16 * steps, 100, 200))
characters = speech.characters_of(train.labels)

# %% [markdown]
# ## One recording
#
# The spectrogram shows the strength of each frequency by time. Short and long
# tones, the dots and dashes, stand at the pitch of the sender.

# %%
longest = test.rows([test.lengths.argmax()])
figure, panel = plt.subplots(figsize=(6, 2))
panel.specgram(
    longest.values[0][:, 0],
    NFFT=128,
    Fs=RATE,
    noverlap=64,
    cmap="Greys",
    interpolation="nearest",  # a much smaller picture in the notebook
)
panel.set(title=longest.labels[0], xlabel="seconds", ylabel="Hz")

# %% [markdown]
# ## Model
#
# Mel bands of the waveform, convolutions that keep one of four steps, and a
# bidirectional LSTM. Each step of its output has a logit for each character and
# one for the blank, which stands for no new character.

# %%
network = SpeechModelConfig(
    units=(48,),
    convolutions=(32, 48),
    kernel_size=9,
    stride=4,
    bands=24,
    scaling="sequence",
)
model = speech.speech_recognizer(
    1,
    len(characters),
    front_end=speech.front_end(network, train),
    **network.options(),
)


def batches(part, **options):
    """Padded waveforms and the numbers of their characters."""
    part = speech.trainable(part, characters, model)
    return krr.bucketed_batches(
        part.values,
        speech.targets(part, characters),
        batch_size=16,
        padding=np.nan,
        target_padding=0,
        **options,
    )


history = krr.fit(
    model,
    partial(batches, train, seed=0, repeat=True),
    batches(valid, shuffle=False),
    num_windows=len(train),
    config=TrainingConfig(
        epochs=epochs, learning_rate=0.006, watch_gradients=False
    ),
    loss=speech.loss(),
)
krr.plot_history(history)

# %% [markdown]
# ## What the network answers
#
# Above are the mel bands, below the probabilities by time. CTC networks answer
# in peaks: a character has a high probability for a step or two, and the blank,
# in gray, has one in between.

# %%
greedy = speech.Pipeline(model, characters, train.channels, train.rate)
spoken = longest.values[0][None]
bands, _ = model.get_layer("log_mel")(spoken, np.ones(spoken.shape[:2], bool))
plot_recognition(
    bands[0].numpy(),
    greedy.log_probabilities(spoken)[0],
    greedy(spoken)[0],
    greedy,
)

# %% [markdown]
# ## Greedy decoding and beam search
#
# Greedy decoding takes the most probable symbol of each step. A text has many
# alignments with the steps; beam search adds up their probabilities, for the
# texts that it keeps.

# %%
scores = speech.decodings(greedy, test, metrics=["accuracy_at_1"])
pd.DataFrame(scores).T.round(3)

# %%
beam = speech.Pipeline(
    model, characters, train.channels, train.rate, Decoder(beam_width=16)
)
table = pd.DataFrame(
    {
        "sent": test.labels,
        "greedy": speech.texts(greedy(test.values)),
        "beam search": speech.texts(beam(test.values)),
    }
)
wrong = table["greedy"] != table["sent"]
table[wrong | (table["greedy"] != table["beam search"])].head(8)
