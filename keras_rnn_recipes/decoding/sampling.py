"""Sampling of text, reproducible by a seed on every backend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from keras import ops

from keras_rnn_recipes.decoding.steps import PADDING, START, Step, forbid, like, write


class Sampled(NamedTuple):
    """Sampled tokens, and what the next call of `sample` needs to continue.

    Attributes:
        tokens: ``(n, length)`` int32.
        log_probabilities: ``(n, vocabulary)`` of the token after them.
        states: of the network after them.
    """

    tokens: Any
    log_probabilities: Any
    states: Any


def sample(
    step: Step,
    log_probabilities: Any,
    states: Any,
    *,
    length: Any,
    temperature: Any = 1.0,
    top_k: Any = None,
    top_p: Any = None,
    seed: Any = 0,
    position: Any = 0,
    end: int | None = None,
    never: Sequence[int] = (PADDING, START),
) -> Sampled:
    """Sample ``length`` tokens, each from the network's distribution after those before it.

    The result depends on the arguments only; no state is kept between calls. Row ``i`` is sampled
    like a single row with the seed ``seed + i``, so that the same prompt twice in a batch gives two
    texts. With one seed per row a text does not depend on its place in the batch.

    Args:
        step: ``step(tokens (n,), states) -> (log probabilities (n, vocabulary), states)``.
        log_probabilities: ``(n, vocabulary)`` of the first token, after the prompts.
        states: tensors ``(n, ...)`` after the prompts.
        length: number of tokens, an int or a scalar tensor; below 1: no tokens.
        temperature: divisor of the log probabilities; 0 chooses the most probable token.
        top_k: sample from this number of most probable tokens only; None: from all.
        top_p: sample from the smallest set of most probable tokens whose total probability, after
            the temperature, reaches this value; None: from all.
        seed: an int or a scalar tensor; or one for each row, ``(n,)``.
        position: number of tokens sampled before. A text sampled in parts with the right positions
            is the same as one sampled at once.
        end: the token after which a row is filled with padding (0); None: no such token.
        never: tokens that are never sampled.

    Returns:
        The tokens, and what the next call needs to continue, see `Sampled`.

    Source: top-p: Holtzman et al. 2020, The curious case of neural text degeneration; random
    numbers as a function of seed and position: Salmon et al. 2011, Parallel random numbers.

    Example:
        >>> import numpy as np
        >>> step = lambda token, state: (np.log([[0.1, 0.1, 0.1, 0.3, 0.4]]), state)
        >>> first, state = np.log([[0.1, 0.1, 0.1, 0.3, 0.4]]), np.zeros((1, 1))
        >>> tokens = sample(step, first, state, length=8, temperature=0).tokens
        >>> np.array(tokens).tolist()
        [[4, 4, 4, 4, 4, 4, 4, 4]]
    """
    log_probabilities = ops.cast(log_probabilities, "float32")
    rows = ops.shape(log_probabilities)[0]
    length = ops.maximum(length, 0)
    seeds = ops.cast(seed, "int32")
    if not len(seeds.shape):
        seeds = seeds + ops.arange(rows, dtype="int32")
    # All random numbers at once: many small operations inside the loop would be slow.
    numbers = uniform(ops.expand_dims(seeds, 1), position + ops.arange(length))

    def going_on(number: Any, done: Any, *_: Any) -> Any:
        return ops.logical_and(number < length, ops.logical_not(ops.all(done)))

    def advance(number: Any, done: Any, tokens: Any, log_probabilities: Any, states: Any) -> Any:
        drawn = draw(
            forbid(log_probabilities, never),
            ops.take(numbers, number, axis=1),
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
        )
        drawn = ops.where(done, PADDING, drawn)
        tokens = write(tokens, number, drawn)
        if end is not None:
            done = ops.logical_or(done, ops.equal(drawn, end))
        log_probabilities, states = step(drawn, states)[:2]
        return number + 1, *like((done, tokens, log_probabilities, states), before)

    done = ops.zeros((rows,), "bool")
    before = (done, ops.zeros((rows, length), "int32"), log_probabilities, states)
    _, _, tokens, *after = ops.while_loop(going_on, advance, (0, *before))
    return Sampled(tokens, *after)


def draw(
    log_probabilities: Any,
    uniform: Any,
    *,
    temperature: Any = 1.0,
    top_k: Any = None,
    top_p: Any = None,
) -> Any:
    """Convert a number between 0 and 1 for each row to a token, by the inverse distribution.

    Args:
        log_probabilities: ``(n, vocabulary)``.
        uniform: ``(n,)``, at least 0 and below 1.
        temperature, top_k, top_p: as in `sample`.

    Returns:
        Tokens ``(n,)``, int32. The most probable token is always allowed, whatever ``top_k`` and
        ``top_p`` are.

    Example:
        >>> import numpy as np
        >>> p, numbers = np.log([[0.2, 0.5, 0.3]] * 3), np.array([0.0, 0.6, 0.9])
        >>> np.array(draw(p, numbers)).tolist(), np.array(draw(p, numbers, top_k=1)).tolist()
        ([1, 2, 0], [1, 1, 1])
    """
    log_probabilities = ops.cast(log_probabilities, "float32")
    temperature = ops.cast(temperature, "float32")
    greedy = temperature <= 0
    scaled = log_probabilities / ops.where(greedy, 1.0, temperature)
    # From the most to the least probable token.
    ranked, tokens = ops.top_k(scaled, log_probabilities.shape[-1])
    probabilities = ops.softmax(ranked, axis=-1)
    below = ops.cumsum(probabilities, axis=-1)
    ranks = ops.arange(log_probabilities.shape[-1])
    kept = ops.logical_or(ranks == 0, probabilities > 0)
    if top_k is not None:
        kept = ops.logical_and(kept, ops.logical_or(ranks == 0, ranks < top_k))
    if top_p is not None:
        before = below - probabilities
        kept = ops.logical_and(kept, ops.logical_or(ranks == 0, before < top_p))
    last = ops.sum(ops.cast(kept, "int32"), axis=-1, keepdims=True) - 1
    total = ops.take_along_axis(below, last, axis=-1)
    point = ops.expand_dims(ops.cast(uniform, "float32"), 1) * total
    place = ops.sum(ops.cast(below <= point, "int32"), axis=-1, keepdims=True)
    # Rounding may make the point equal to the total, which is after the last token.
    place = ops.where(greedy, 0, ops.minimum(place, last))
    return ops.cast(ops.take_along_axis(tokens, place, axis=-1)[:, 0], "int32")


def uniform(seeds: Any, position: Any) -> Any:
    """Uniform random numbers as a function of seed and position.

    Args:
        seeds, position: int32, of shapes that broadcast.

    Returns:
        float32 of the broadcast shape: multiples of 2**-24, at least 0 and below 1.

    Source: a Weyl sequence mixed as in SplitMix (Steele et al. 2014), with the constants of
    C. Wellons' lowbias32.

    Example:
        >>> [round(float(x), 3) for x in uniform(ops.arange(2, dtype="int32"), 0)]
        [0.625, 0.269]
    """
    golden = -1640531527  # 2**32 divided by the golden ratio, as int32
    start = _mix(seeds + golden)
    mixed = _mix(start + (ops.cast(position, "int32") + 1) * golden)
    return ops.cast(_shift(mixed, 8), "float32") * 2.0**-24


def _mix(x: Any) -> Any:
    """Mix the bits of a 32-bit integer so that each depends on all; overflow wraps around."""
    x = ops.bitwise_xor(x, _shift(x, 16)) * 0x7FEB352D
    x = ops.bitwise_xor(x, _shift(x, 15)) * (0x846CA68B - 2**32)
    return ops.bitwise_xor(x, _shift(x, 16))


def _shift(x: Any, bits: int) -> Any:
    """Logical right shift of an int32, the integer type that every backend multiplies."""
    return ops.bitwise_and(ops.right_shift(x, bits), 2 ** (32 - bits) - 1)
