"""Time of an epoch with texts batched by length, against padding all texts to the longest.

An LSTM trains for one epoch on reviews of imdb and sentences of multi30k (both from $KRR_DATA),
with `bucketed_batches`, and with the same examples padded by ``keras.utils.pad_sequences``.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from measuring import ratio, seconds_each, spread, table, verdict

from keras_rnn_recipes.builders import text_classifier
from keras_rnn_recipes.data.prefetching import prefetched
from keras_rnn_recipes.text.batches import bucketed_batches
from keras_rnn_recipes.text.catalogue import load_text
from keras_rnn_recipes.text.preparation import Preparation
from keras_rnn_recipes.text.tokenizer import fit_tokenizer

BATCH, UNITS, LONGEST, REPEATS, TARGET = 32, 64, 400, 3, 0.7
EXAMPLES = {"imdb": 3200, "multi30k": 28_800}  # some seconds per epoch each


def read_ids(name: str) -> tuple[list[np.ndarray], int]:
    """Token ids of evenly spaced training texts, and the size of the vocabulary."""
    part = load_text(name).train
    texts = part.texts if hasattr(part, "texts") else part.sources
    examples = EXAMPLES[name]
    texts = list(texts[:: len(texts) // examples][:examples])
    tokenizer = fit_tokenizer(texts, Preparation(max_length=LONGEST), max_size=20_000)
    return tokenizer.encode(texts), len(tokenizer.vocabulary)


def compare(name: str) -> list[str]:
    """A row of the table."""
    ids, size = read_ids(name)
    labels = np.arange(len(ids), dtype="int32") % 2
    padded = keras.utils.pad_sequences(ids, padding="post", dtype="int32")
    model = text_classifier(size, 2, units=UNITS)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    of_like_length = bucketed_batches(ids, labels, batch_size=BATCH)
    of_one_length = prefetched(tf.data.Dataset.from_tensor_slices((padded, labels)).batch(BATCH))

    def epoch(batches: tf.data.Dataset) -> None:
        model.fit(batches, epochs=1, verbose=0)

    for batches in (of_like_length, of_one_length):  # trace the graphs
        epoch(batches)
    ours, theirs = seconds_each(
        REPEATS, lambda: epoch(of_like_length), lambda: epoch(of_one_length)
    )
    share = ratio(ours, theirs)
    tokens = sum(map(len, ids))
    return [
        f"{len(ids):,} of {name}",
        f"{tokens / padded.size:.0%}",
        spread(ours, digits=1),
        spread(theirs, digits=1),
        f"{share:.2f}",
        verdict(share <= TARGET),
    ]


def main() -> None:
    headings = ("texts", "real tokens", "batched by length", "padded to the longest", "ratio")
    print("## An epoch of texts batched by length\n")
    print(f"An LSTM of {UNITS} units, texts of at most {LONGEST} words.\n")
    rows = [compare(name) for name in EXAMPLES]
    print(table((*headings, f"at most {TARGET}"), rows))


if __name__ == "__main__":
    main()
