"""Generated videos of a moving shape, whose class no single frame tells.

A shape moves left, right, up or down, or it turns clockwise or counterclockwise. What leaves the
picture on one side comes in on the other. Place and orientation are therefore distributed alike at
every frame of every class: a classifier of single frames can only guess.
"""

from __future__ import annotations

import numpy as np

from keras_rnn_recipes.media.sequences import LabelledSequences

# Pixels in a side of the picture, frames a second, and the least and greatest number of frames.
SIDE, RATE = 32, 10
FEWEST_FRAMES, MOST_FRAMES = 10, 20
# Pixels a frame to the right and down, and the sign of the turn: clockwise is positive.
MOTIONS = {
    "clockwise": (0, 0, 1),
    "counterclockwise": (0, 0, -1),
    "down": (0, 1, 0),
    "left": (-1, 0, 0),
    "right": (1, 0, 0),
    "up": (0, -1, 0),
}
SHAPES = ("bar", "cross", "square", "triangle")


def moving_shapes(
    *, train_size: int = 2400, valid_size: int = 240, test_size: int = 480, seed: int = 0
) -> tuple[LabelledSequences, LabelledSequences, LabelledSequences]:
    """Videos of six classes, as many of each.

    Every video has its own shape (a bar, a cross, a square or a triangle), size, place,
    orientation, speed, brightness of the shape and of the ground, noise, and 10 to 20 frames.

    Args:
        train_size, valid_size, test_size: videos in each part.
        seed: of the videos.

    Returns:
        Training, validation and test part: grey frames, uint8 ``(time, 32, 32, 1)``, ten a second.

    Example:
        >>> train, valid, test = moving_shapes(train_size=12, valid_size=6, test_size=6)
        >>> sorted(set(train.labels))[:2], train.values[0].shape[1:]
        (['clockwise', 'counterclockwise'], (32, 32, 1))
    """
    random = np.random.default_rng(seed)
    first, second, third = (
        _part(size, name, random)
        for size, name in ((train_size, "train"), (valid_size, "valid"), (test_size, "test"))
    )
    return first, second, third


def _part(size: int, name: str, random: np.random.Generator) -> LabelledSequences:
    labels = random.permutation([*MOTIONS] * -(-size // len(MOTIONS)))[:size].tolist()
    values = tuple(moving_shape(label, random) for label in labels)
    names = tuple(f"{name}-{number}" for number in range(1, size + 1))
    return LabelledSequences(values, tuple(labels), names, ("grey",), RATE)


def moving_shape(label: str, random: np.random.Generator) -> np.ndarray:
    """One video, uint8 ``(time, 32, 32, 1)``.

    Args:
        label: a key of `MOTIONS`.
        random: the source of all that varies.

    Example:
        >>> moving_shape("left", np.random.default_rng(0)).dtype
        dtype('uint8')
    """
    steps = np.arange(int(random.integers(FEWEST_FRAMES, MOST_FRAMES + 1)))
    right, down, turn = MOTIONS[label]
    speed, degrees = random.uniform(0.7, 2.2), random.uniform(5, 18)
    place = random.uniform(0, SIDE, 2) + np.outer(steps, (right, down)) * speed
    angle = random.uniform(0, 2 * np.pi) + steps * turn * np.deg2rad(degrees)
    cover = _cover(str(random.choice(SHAPES)), place, angle, random.uniform(5, 8))
    ground, ink = random.uniform(0, 90), random.uniform(150, 255)
    pixels = ground + cover * (ink - ground) + random.normal(0, random.uniform(2, 15), cover.shape)
    return np.clip(np.rint(pixels), 0, 255).astype("uint8")[..., None]


def _cover(shape: str, place: np.ndarray, angle: np.ndarray, size: float) -> np.ndarray:
    """How much of each pixel the shape covers, from 0 to 1, ``(time, SIDE, SIDE)``.

    Args:
        shape: one of `SHAPES`.
        place: of its middle, ``(time, 2)``: x to the right and y down.
        angle: of its orientation in radians, clockwise, ``(time,)``.
        size: from the middle to the tips, in pixels.
    """
    pixels = np.arange(SIDE) + 0.5
    # The way to the nearest copy of the middle: the picture continues on its other side.
    across, along = (
        (pixels - place[:, axis, None] + SIDE / 2) % SIDE - SIDE / 2 for axis in (0, 1)
    )
    x, y = across[:, None, :], along[:, :, None]
    cosine, sine = np.cos(angle)[:, None, None], np.sin(angle)[:, None, None]
    distance = _distance(shape, x * cosine + y * sine, y * cosine - x * sine, size)
    return np.clip(0.5 - distance, 0, 1)


def _distance(shape: str, x: np.ndarray, y: np.ndarray, size: float) -> np.ndarray:
    """The distance from the edge of a shape, negative inside."""

    def box(width: float, height: float) -> np.ndarray:
        return np.maximum(np.abs(x) - width, np.abs(y) - height)

    if shape == "bar":
        return box(size, size / 3)
    if shape == "cross":
        return np.minimum(box(size, size / 4), box(size / 4, size))
    if shape == "square":
        return box(size / np.sqrt(2), size / np.sqrt(2))
    sides = [x * np.cos(a) + y * np.sin(a) for a in np.deg2rad([60, 180, 300])]
    return np.maximum.reduce(sides) - size / 2
