"""Generated scenes: colored shapes with all sentences that describe them.

A scene holds one object, two objects in a relation, or up to four objects of a kind, and a kind is
a size, a color and a shape. Every kind belongs to one part of the data: each picture of the test
part shows a kind that no training picture shows, such as a large red ring, although training shows
small red rings, other large red shapes, and large rings of other colors. Validation has further
kinds of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from keras_rnn_recipes.media.captioned_images import CaptionedImages

SIDE = 40
SHAPES = ("circle", "square", "triangle", "cross", "ring")
COLORS: dict[str, tuple[int, int, int]] = {
    "red": (220, 40, 40),
    "yellow": (246, 226, 50),
    "green": (40, 165, 60),
    "blue": (40, 80, 225),
    "white": (248, 248, 248),
    "black": (16, 16, 16),
}
# By size the least and the greatest radius in pixels, and the words for it.
SIZES: dict[str, tuple[float, float]] = {"small": (5.2, 6.0), "large": (8.4, 9.2)}
_SIZE_WORDS = {"small": ("small", "little"), "large": ("large", "big")}
_COUNTS = {2: "two", 3: "three", 4: "four"}
# Places of a single object: the center's share of width and height.
PLACES: dict[tuple[int, int], str] = {
    (0, 0): "in the upper left corner",
    (1, 0): "at the top",
    (2, 0): "in the upper right corner",
    (0, 1): "on the left",
    (1, 1): "in the center",
    (2, 1): "on the right",
    (0, 2): "in the lower left corner",
    (1, 2): "at the bottom",
    (2, 2): "in the lower right corner",
}
_MARGIN, _FINER = 0.5, 4


class Kind(NamedTuple):
    """A size, a color and a shape."""

    size: str
    color: str
    shape: str

    def phrases(self, plural: bool = False) -> list[str]:
        """What an object of the kind may be called, without an article.

        Example:
            >>> Kind("small", "red", "cross").phrases(plural=True)
            ['small red crosses', 'little red crosses']
        """
        ending = ("es" if self.shape.endswith("s") else "s") if plural else ""
        return [f"{size} {self.color} {self.shape}{ending}" for size in _SIZE_WORDS[self.size]]

    def draw_radius(self, random: np.random.Generator) -> float:
        """A radius in pixels of an object of this size."""
        return float(random.uniform(*SIZES[self.size]))


@dataclass(frozen=True)
class Thing:
    """One object of a scene: its kind, its center and its radius in pixels."""

    kind: Kind
    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class Scene:
    """Objects, and all sentences that describe them."""

    things: tuple[Thing, ...]
    sentences: tuple[str, ...]


def scenes(
    *, train_size: int = 6000, valid_size: int = 400, test_size: int = 800, seed: int = 0
) -> tuple[CaptionedImages, CaptionedImages, CaptionedImages]:
    """Pictures of scenes with their captions, whose parts show different kinds of objects.

    Every caption of a scene is right: an answer that equals any of them counts.

    Args:
        train_size, valid_size, test_size: scenes in each part.
        seed: of the scenes.

    Returns:
        Training, validation and test part. In the last two every scene shows a kind of that part;
        a second object is of a kind of training.

    Example:
        >>> train, valid, test = scenes(train_size=5, valid_size=2, test_size=2)
        >>> train.images.shape, train.captions[0][0]
        ((5, 40, 40, 3), 'a small blue circle to the left of a big yellow triangle')
    """
    random = np.random.default_rng(seed)
    first, second, third = divided_kinds()
    return (
        _part("train", train_size, first, first, random),
        _part("valid", valid_size, second, first, random),
        _part("test", test_size, third, first, random),
    )


def divided_kinds() -> tuple[list[Kind], list[Kind], list[Kind]]:
    """The combinations of size, color and shape of training, validation and test.

    Of each color one shape of one size is kept for the test part, and another shape of the other
    size for validation. Training shows that color and shape together in the other size only.

    Example:
        >>> [len(kinds) for kinds in divided_kinds()]
        [48, 6, 6]
    """
    parts: tuple[list[Kind], list[Kind], list[Kind]] = ([], [], [])
    for row, color in enumerate(COLORS):
        sizes = list(SIZES) if row % 2 else list(SIZES)[::-1]
        held = {(0, sizes[0]): 2, (2, sizes[1]): 1}
        for column, shape in enumerate(SHAPES):
            for size in SIZES:
                parts[held.get(((column - row) % len(SHAPES), size), 0)].append(
                    Kind(size, color, shape)
                )
    return parts


def _part(
    name: str, size: int, own: Sequence[Kind], others: Sequence[Kind], random: np.random.Generator
) -> CaptionedImages:
    """Scenes that each show a kind of ``own``, and a kind of ``others`` as second object."""
    made = [_scene(own, others, random) for _ in range(size)]
    images = np.stack([draw(scene.things, random) for scene in made])
    captions = tuple(
        tuple(random.permutation(np.array(scene.sentences, dtype=object))) for scene in made
    )
    return CaptionedImages(images, captions, tuple(f"{name}-{n}" for n in range(1, size + 1)))


def _scene(own: Sequence[Kind], others: Sequence[Kind], random: np.random.Generator) -> Scene:
    form, kind = random.choice(3, p=(0.35, 0.4, 0.25)), _one_of(own, random)
    if form == 0:
        return _single(kind, random)
    if form == 1:
        # Two objects of one kind would be a group as well.
        both = (kind, _one_of([other for other in others if other != kind], random))
        return _related(*(both if random.random() < 0.5 else both[::-1]), random)
    return _group(kind, random)


def _single(kind: Kind, random: np.random.Generator) -> Scene:
    radius = kind.draw_radius(random)
    column, row = (int(one) for one in random.integers(0, 3, 2))
    x, y = (_along(place, radius, random) for place in (column, row))
    sentences = [
        form.format(phrase=phrase, place=PLACES[column, row])
        for phrase in kind.phrases()
        for form in ("a {phrase} {place}", "{place} there is a {phrase}")
    ]
    return Scene((Thing(kind, x, y, radius),), tuple(sentences))


def _along(place: int, radius: float, random: np.random.Generator) -> float:
    """A coordinate at the beginning, in the middle or at the end of a side."""
    low, high = radius + _MARGIN, SIDE - radius - _MARGIN
    spread = (high - low) * 0.1
    return float(np.clip((low, SIDE / 2, high)[place] + random.uniform(-spread, spread), low, high))


def _related(one: Kind, other: Kind, random: np.random.Generator) -> Scene:
    """Two objects next to each other, or one above the other, which can be told clearly."""
    first, second = one.draw_radius(random), other.draw_radius(random)
    room = SIDE - first - second - 2 * _MARGIN
    apart = min(first + second + random.uniform(1.5, 5), room)
    across = random.uniform(-4, 4)
    low = first + _MARGIN + random.uniform(0, room - apart)
    edge = max(first, second) + _MARGIN + abs(across) / 2
    middle = random.uniform(edge, SIDE - edge)
    places = [(low, middle - across / 2), (low + apart, middle + across / 2)]
    upright = random.random() < 0.5
    if upright:
        places = [place[::-1] for place in places]
    forward, backward = ("above", "below") if upright else ("to the left of", "to the right of")
    sentences = [
        f"a {before} {relation} a {after}"
        for relation, kinds in ((forward, (one, other)), (backward, (other, one)))
        for before in kinds[0].phrases()
        for after in kinds[1].phrases()
    ]
    things = (Thing(one, *places[0], first), Thing(other, *places[1], second))
    return Scene(things, tuple(sentences))


def _group(kind: Kind, random: np.random.Generator) -> Scene:
    """Two to four objects of a kind, each in a cell of its own of a grid over the picture."""
    count, cells = int(random.integers(2, 5)), 3 if kind.size == "small" else 2
    chosen = random.choice(cells * cells, count, replace=False)
    things = tuple(_in_cell(kind, int(cell), cells, random) for cell in chosen)
    sentences = [
        form.format(number=_COUNTS[count], phrase=phrase)
        for phrase in kind.phrases(plural=True)
        for form in ("{number} {phrase}", "there are {number} {phrase}")
    ]
    return Scene(things, tuple(sentences))


def _in_cell(kind: Kind, cell: int, cells: int, random: np.random.Generator) -> Thing:
    radius, width = kind.draw_radius(random), SIDE / cells
    free = width / 2 - radius - _MARGIN / 2
    x, y = (
        (place + 0.5) * width + float(random.uniform(-free, free)) for place in divmod(cell, cells)
    )
    return Thing(kind, x, y, radius)


def _one_of(kinds: Sequence[Kind], random: np.random.Generator) -> Kind:
    return kinds[int(random.integers(len(kinds)))]


def draw(things: Sequence[Thing], random: np.random.Generator) -> np.ndarray:
    """Draw a scene on a greyish ground, with noise: uint8 ``(40, 40, 3)``.

    Args:
        things: the objects.
        random: draws the ground, the shades, the tilts and the noise.
    """
    ground = random.uniform(95, 165) + random.normal(0, 6, 3)
    picture = Image.new("RGB", (SIDE * _FINER, SIDE * _FINER), _shade(ground))
    pen = ImageDraw.Draw(picture)
    for thing in things:
        shade = _shade(np.array(COLORS[thing.kind.color]) + random.normal(0, 8, 3))
        _draw_shape(pen, thing, shade, _shade(ground), float(random.uniform(-0.2, 0.2)))
    small = np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BOX), "float64")
    noisy = small + random.normal(0, 4, small.shape)
    return np.clip(np.rint(noisy), 0, 255).astype("uint8")


Shade = tuple[int, int, int]


def _draw_shape(
    pen: ImageDraw.ImageDraw, thing: Thing, shade: Shade, ground: Shade, tilt: float
) -> None:
    x, y, radius = (one * _FINER for one in (thing.x, thing.y, thing.radius))
    box = (x - radius, y - radius, x + radius, y + radius)
    if thing.kind.shape == "circle":
        pen.ellipse(box, fill=shade)
    elif thing.kind.shape == "ring":
        inner = radius * 0.5
        pen.ellipse(box, fill=shade)
        pen.ellipse((x - inner, y - inner, x + inner, y + inner), fill=ground)
    else:
        corners = _OUTLINES[thing.kind.shape] * radius
        turn = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
        pen.polygon([tuple(point) for point in corners @ turn.T + (x, y)], fill=shade)


def _shade(values: np.ndarray) -> Shade:
    red, green, blue = (int(one) for one in np.clip(np.rint(values), 0, 255))
    return red, green, blue


def _around(count: int, first: float = -np.pi / 2) -> np.ndarray:
    angles = first + 2 * np.pi * np.arange(count) / count
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


# Corners within the circle of radius 1, x to the right and y downward.
_ARM = 0.32
_OUTLINES = {
    "square": _around(4, np.pi / 4),
    "triangle": _around(3),
    "cross": np.array(
        [(-_ARM, -1), (_ARM, -1), (_ARM, -_ARM), (1, -_ARM), (1, _ARM), (_ARM, _ARM)]
        + [(_ARM, 1), (-_ARM, 1), (-_ARM, _ARM), (-1, _ARM), (-1, -_ARM), (-_ARM, -_ARM)]
    ),
}
