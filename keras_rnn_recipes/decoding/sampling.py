"""Drawing one token after another, so that the same seed gives the same text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from keras import ops

from keras_rnn_recipes.decoding.steps import PADDING, START, Step, forbid, like, write


class Sampled(NamedTuple):
    """What was drawn, and how to go on.

    ``tokens`` ``(n, length)`` int32; ``log_probabilities`` ``(n, vocabulary)`` of the token after
    them; ``states`` of the network there.
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
    """Draw ``length`` tokens, each from what the network gives after those before it.

    No state is kept between calls: what is drawn depends on the arguments alone. Row ``i`` draws
    as a single row would with the seed ``seed + i``, so that the same prompt twice in a batch gives
    two texts; seeds of their own make rows independent of where they stand.

    Args:
        step: ``step(tokens (n,), states) -> (log probabilities (n, vocabulary), states)``.
        log_probabilities: ``(n, vocabulary)`` of the first token, after the prompts.
        states: tensors ``(n, ...)`` after the prompts.
        length: tokens to draw, an int or a scalar tensor; none below 1.
        temperature: the log probabilities are divided by it; 0 takes the most probable token.
        top_k: draw from this many most probable tokens only.
        top_p: draw from the fewest most probable tokens only that have this probability together,
            after the temperature.
        seed: an int or a scalar tensor; or one for each row, ``(n,)``.
        position: how many tokens have been drawn before, for a text that is drawn piece by piece:
            the pieces are those of the whole.
        end: the token after which a row is filled with padding (0); none when left out.
        never: tokens that are not drawn.

    Returns:
        The tokens, and what another call needs to go on, see `Sampled`.

    Source: top-p: Holtzman et al. 2020, The curious case of neural text degeneration; numbers that
    are a function of seed and position: Salmon et al. 2011, Parallel random numbers.

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
    # All at once: a loop pays for each of many small operations anew.
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
    """One token of each row: where its number between 0 and 1 falls among the probabilities.

    Args:
        log_probabilities: ``(n, vocabulary)``.
        uniform: ``(n,)``, at least 0 and below 1.
        temperature, top_k, top_p: as in `sample`.

    Returns:
        Tokens ``(n,)``, int32. The first token is kept whatever ``top_k`` and ``top_p``.

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
    # Rounding may put the point on the total itself, behind the last token.
    place = ops.where(greedy, 0, ops.minimum(place, last))
    return ops.cast(ops.take_along_axis(tokens, place, axis=-1)[:, 0], "int32")


def uniform(seeds: Any, position: Any) -> Any:
    """Numbers between 0 and 1 that are a function of seed and position alone.

    Args:
        seeds, position: int32, of shapes that go together.

    Returns:
        float32 of the shape they have together, multiples of 2**-24, at least 0 and below 1.

    Source: the positions of a Weyl sequence, mixed as SplitMix does (Steele et al. 2014), with the
    constants of C. Wellons' lowbias32.
    """
    golden = -1640531527  # 2**32 divided by the golden ratio, as int32
    start = _mix(seeds + golden)
    mixed = _mix(start + (ops.cast(position, "int32") + 1) * golden)
    return ops.cast(_shift(mixed, 8), "float32") * 2.0**-24


def _mix(x: Any) -> Any:
    """Every bit of a 32-bit integer on every other; what overflows is dropped."""
    x = ops.bitwise_xor(x, _shift(x, 16)) * 0x7FEB352D
    x = ops.bitwise_xor(x, _shift(x, 15)) * (0x846CA68B - 2**32)
    return ops.bitwise_xor(x, _shift(x, 16))


def _shift(x: Any, bits: int) -> Any:
    """To the right, with zeros from the left; int32 is what every backend multiplies."""
    return ops.bitwise_and(ops.right_shift(x, bits), 2 ** (32 - bits) - 1)
