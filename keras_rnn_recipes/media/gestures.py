"""Generated gestures: paths of a pen whose class depends on the order of their points.

Four of the six classes are two pairs of opposites in time: a circle drawn the other way round and a
spiral drawn from its other end. Their points are distributed alike, so a classifier that ignores
the order of the points guesses between the two.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from keras_rnn_recipes.media.sequences import LabelledSequences

CHANNELS = ("x", "y")
_FEWEST_STEPS, _MOST_STEPS = 20, 80
_DENSE = 400


def gestures(
    *, train_size: int = 2400, valid_size: int = 400, test_size: int = 600, seed: int = 0
) -> tuple[LabelledSequences, LabelledSequences, LabelledSequences]:
    """Gestures of six classes, as many of each.

    Every gesture has its own size, place, orientation, proportions, starting point, number of steps
    (20 to 80), course of speed and tremor, and straight ways of the pen before and after it.

    Args:
        train_size, valid_size, test_size: gestures in each part.
        seed: of the gestures.

    Returns:
        Training, validation and test part; the channels are ``x`` and ``y``.

    Example:
        >>> train, valid, test = gestures(train_size=12, valid_size=6, test_size=6)
        >>> sorted(set(train.labels))[:2], train.values[0].shape[1]
        (['circle_clockwise', 'circle_counterclockwise'], 2)
    """
    random = np.random.default_rng(seed)
    first, second, third = (
        _part(size, name, random)
        for size, name in ((train_size, "train"), (valid_size, "valid"), (test_size, "test"))
    )
    return first, second, third


def _part(size: int, name: str, random: np.random.Generator) -> LabelledSequences:
    labels = random.permutation([*SHAPES] * -(-size // len(SHAPES)))[:size].tolist()
    values = tuple(_gesture(label, random) for label in labels)
    names = tuple(f"{name}-{number}" for number in range(1, size + 1))
    return LabelledSequences(values, tuple(labels), names, CHANNELS)


def _gesture(label: str, random: np.random.Generator) -> np.ndarray:
    """One gesture, float32 ``(steps, 2)``."""
    steps = int(random.integers(_FEWEST_STEPS, _MOST_STEPS + 1))
    points = _at_varying_speed(_with_ways(SHAPES[label](random), random), steps, random)
    points = points * random.uniform(0.75, 1.3, 2)  # proportions
    points = points @ _rotation(random.uniform(-0.5, 0.5))
    points = points + random.normal(0, 0.08, points.shape)  # tremor
    points = points * np.exp(random.uniform(-1, 1)) + random.normal(0, 3, 2)  # size and place
    return points.astype("float32")


def _with_ways(path: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A dense path with straight ways to its start and from its end, of random lengths."""
    ways = []
    for end in (path[0], path[-1]):
        share = np.linspace(0, 1, int(random.uniform(0.02, 0.2) * _DENSE))[:, None]
        ways.append(end + share * random.normal(0, 0.8, 2))
    return np.concatenate([ways[0][::-1], path, ways[1]])


def _at_varying_speed(path: np.ndarray, steps: int, random: np.random.Generator) -> np.ndarray:
    """Sample a dense path at ``steps`` points; the speed varies sixfold along it."""
    knots = np.exp(random.uniform(-0.9, 0.9, 6))
    speed = np.interp(np.linspace(0, 5, steps - 1), np.arange(6), knots)
    at = np.concatenate([[0], np.cumsum(speed)])
    places = at / at[-1] * (len(path) - 1)
    return np.stack([np.interp(places, np.arange(len(path)), one) for one in path.T], axis=1)


def _rotation(angle: float) -> np.ndarray:
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def _circle(direction: int, random: np.random.Generator) -> np.ndarray:
    laps = random.uniform(0.8, 1.6)
    angle = random.uniform(0, 2 * np.pi) + direction * np.linspace(0, 2 * np.pi * laps, _DENSE)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _spiral(outwards: bool, random: np.random.Generator) -> np.ndarray:
    path = _circle(random.choice([-1, 1]), random) * np.linspace(0.15, 1, _DENSE)[:, None]
    return path if outwards else path[::-1]


def _zigzag(random: np.random.Generator) -> np.ndarray:
    corners = int(random.integers(4, 8))
    x = np.linspace(-1, 1, _DENSE) * random.choice([-1, 1])
    y = np.interp(np.linspace(0, corners, _DENSE), np.arange(corners + 1), _alternating(corners))
    return np.stack([x, y], axis=1)


def _alternating(corners: int) -> np.ndarray:
    return np.where(np.arange(corners + 1) % 2, 0.6, -0.6)


def _eight(random: np.random.Generator) -> np.ndarray:
    laps = random.uniform(0.9, 1.4)
    angle = random.uniform(0, 2 * np.pi) + np.linspace(0, 2 * np.pi * laps, _DENSE)
    path = np.stack([np.cos(angle), np.sin(2 * angle) * 0.6], axis=1)
    return path if random.random() < 0.5 else path[::-1]


SHAPES: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "circle_clockwise": lambda random: _circle(-1, random),
    "circle_counterclockwise": lambda random: _circle(1, random),
    "eight": _eight,
    "spiral_in": lambda random: _spiral(False, random),
    "spiral_out": lambda random: _spiral(True, random),
    "zigzag": _zigzag,
}
