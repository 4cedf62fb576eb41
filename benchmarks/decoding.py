"""Beam search inside the graph or as a Python loop, and how fast characters stream, on one core.

The loops are written as in the Keras guides: one sentence after another, one call of the step model
per token, with the hypotheses as rows of a batch. Both use the same step model, and the benchmark
fails if their answers differ.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from measuring import ratio, seconds_each, spread, table, verdict

from keras_rnn_recipes.builders import (
    decode_step,
    decoding_functions,
    encode_model,
    encoder_decoder,
    generating_functions,
    language_model,
)
from keras_rnn_recipes.decoding.beam import beam_search
from keras_rnn_recipes.decoding.sampling import sample

SENTENCES, WORDS, VOCABULARY, UNITS = 16, 14, 8000, 256
BEAM, LONGEST, PENALTY, REPEATS, TARGET = 5, 20, 0.6, 3, 20.0
CHARACTERS, PIECE, TEXT, SPEED_TARGET = 100, 50, 2000, 2000.0
START, END = 2, 3
TOLERANCE = 1e-4  # of a score; float32 sums depend on the batch size


def one_sentence(encode, step, source: np.ndarray) -> tuple[list[int], float]:
    """Beam search over one sentence in NumPy, calling ``step``: the best tokens and their score."""
    memory, mask, *states = (np.repeat(part, BEAM, axis=0) for part in encode(source))
    running, totals = [[START]] * BEAM, np.array([0.0] + [-np.inf] * (BEAM - 1))
    ended: list[tuple[float, list[int]]] = []
    for length in range(1, LONGEST + 1):
        last = np.array([tokens[-1] for tokens in running], "int32")
        logits, _, *states = step([last, memory, mask, *states])
        logits = logits - logits.max(axis=1, keepdims=True)
        following = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        following[:, [0, START]] = -np.inf
        scores = (totals[:, None] + following).ravel()
        best = np.argpartition(-scores, 2 * BEAM)[: 2 * BEAM]
        best = best[np.argsort(-scores[best])]
        penalty = ((5 + length) / 6) ** PENALTY
        grown = [(scores[i], i // VOCABULARY, i % VOCABULARY) for i in best]
        ended += [(s / penalty, [*running[p], t]) for s, p, t in grown[:BEAM] if t == END]
        ended = sorted(ended, reverse=True)[:BEAM]
        kept = [x for x in grown if x[2] != END][:BEAM]
        running = [[*running[parent], int(token)] for _, parent, token in kept]
        totals = np.array([score for score, *_ in kept])
        states = [state[[parent for _, parent, _ in kept]] for state in states]
        if len(ended) == BEAM and totals[0] / ((5 + LONGEST) / 6) ** PENALTY <= ended[-1][0]:
            break
    score, tokens = ended[0] if ended else (totals[0] / penalty, running[0])
    return [*tokens[1:], *[0] * (LONGEST + 1 - len(tokens))], score


def compare(cell: str, source: np.ndarray) -> list[str]:
    """One row of the table: the times of the three variants and their ratios."""
    keras.utils.set_random_seed(0)
    model = encoder_decoder(VOCABULARY, VOCABULARY, cell=cell, units=UNITS)
    rng = np.random.default_rng(0)
    # Output probabilities as peaked as a trained model, with an end token now and then.
    embedding = model.get_layer("target_embedding")
    matrix, bias = embedding.get_weights()
    bias[END] = 4.0
    embedding.set_weights([rng.normal(0, 0.5, matrix.shape), bias])

    begin, step = decoding_functions(model)
    in_graph = tf.function(
        lambda source: beam_search(
            step, begin(source), beam_width=BEAM, max_length=LONGEST, length_penalty=PENALTY
        )
    )
    encode, decode = encode_model(model), decode_step(model)
    quick_encode = tf.function(lambda x: encode(x), reduce_retracing=True)
    quick_decode = tf.function(lambda x: decode(x), reduce_retracing=True)

    def loop(encode, step):
        found = [one_sentence(encode, step, source[row : row + 1]) for row in range(SENTENCES)]
        return np.array([tokens for tokens, _ in found]), np.array([score for _, score in found])

    def to_numpy(parts):
        return [np.asarray(part) for part in parts]

    def graph():
        beams = in_graph(source)
        return np.array(beams.tokens)[:, 0], np.array(beams.scores)[:, 0]

    ways = (
        graph,
        lambda: loop(
            lambda x: encode.predict(x, verbose=0), lambda x: decode.predict(x, verbose=0)
        ),
        lambda: loop(lambda x: to_numpy(quick_encode(x)), lambda x: to_numpy(quick_decode(x))),
    )
    (tokens, scores), *others = [way() for way in ways]  # trace them outside the timing
    for other_tokens, other_scores in others:
        apart = np.abs(scores / other_scores - 1).max()
        if (tokens != other_tokens).any() or not apart <= TOLERANCE:
            raise SystemExit(f"{cell}: the loop and the graph do not find the same")
    times = seconds_each(REPEATS, *ways)
    to_predict, to_traced = (ratio(slow, times[0]) for slow in times[1:])
    return [
        cell,
        *(spread(spent) for spent in times),
        f"{to_predict:.0f}",
        f"{to_traced:.1f}",
        verdict(to_predict >= TARGET),
    ]


def stream(cell: str) -> list[str]:
    """One row: characters per second of a streamed text."""
    keras.utils.set_random_seed(0)
    model = language_model(CHARACTERS, cell=cell, units=256, embedding_size=64)
    begin, step = generating_functions(model)
    following = tf.function(
        lambda log_probabilities, states, position: sample(
            step,
            log_probabilities,
            states,
            length=PIECE,
            temperature=0.8,
            top_p=0.95,
            seed=1,
            position=position,
        )
    )
    first, states = begin(np.array([[START]], "int32"))

    def text():
        log_probabilities, carried = first, states
        for position in range(0, TEXT, PIECE):
            _, log_probabilities, carried = following(
                log_probabilities, carried, tf.constant(position)
            )

    text()
    speeds = [TEXT / spent for spent in seconds_each(REPEATS + 2, text)[0]]
    return [cell, spread(speeds, "", 0), verdict(float(np.median(speeds)) >= SPEED_TARGET)]


def main() -> None:
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    source = np.random.default_rng(1).integers(4, VOCABULARY, (SENTENCES, WORDS)).astype("int32")
    header = ("model", "in the graph", "loop of `predict`", "loop of the traced step")
    header += ("ratio to `predict`", "ratio to traced", f"at least {TARGET:.0f}")
    print(f"## Beam search of width {BEAM}\n")
    print(
        f"{SENTENCES} sentences of {WORDS} words, vocabulary {VOCABULARY}, {UNITS} units, "
        f"at most {LONGEST} words, one core; the same hypotheses in all three.\n"
    )
    print(table(header, [compare(cell, source) for cell in ("lstm", "gru")]))
    print("\n## Characters per second\n")
    print(f"256 units, {CHARACTERS} characters, one text in pieces of {PIECE}, top-p, one core.\n")
    rows = [stream(cell) for cell in ("lstm", "gru", "simple_rnn")]
    print(table(("model", "characters a second", f"at least {SPEED_TARGET:.0f}"), rows))


if __name__ == "__main__":
    main()
