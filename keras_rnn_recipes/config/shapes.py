"""The five shapes of a task: how many inputs and answers it has, and how they belong together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from keras_rnn_recipes.errors import check_choice

Shape = Literal[
    "one-to-one",
    "one-to-many",
    "many-to-one",
    "many-to-many-equal",
    "many-to-many-different",
]


@dataclass(frozen=True)
class ShapeInfo:
    """What is known of a shape.

    Attributes:
        title: its name in words.
        meaning: what goes in and what comes out, as the rest of a sentence.
        inputs: steps of the drawing at which something is read.
        outputs: steps of the drawing at which something is answered.
    """

    title: str
    meaning: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


SHAPES: dict[str, ShapeInfo] = {
    "one-to-one": ShapeInfo("one to one", "one input, one answer", (0,), (0,)),
    "one-to-many": ShapeInfo(
        "one to many", "from one input on, an answer at every step", (0,), (0, 1, 2)
    ),
    "many-to-one": ShapeInfo("many to one", "a sequence in, one answer out", (0, 1, 2), (2,)),
    "many-to-many-equal": ShapeInfo(
        "many to many, of equal length", "an answer for every step", (0, 1, 2), (0, 1, 2)
    ),
    "many-to-many-different": ShapeInfo(
        "many to many, of different length",
        "a sequence in, then another one out",
        (0, 1, 2),
        (2, 3, 4),
    ),
}
# What `krr ls recipes --shape` takes: a shape, or both of many to many.
BOTH = "many-to-many"


def shapes_named(name: str, option: str = "--shape") -> tuple[str, ...]:
    """The shapes that a name on the command line stands for.

    Args:
        name: of a shape, or ``"many-to-many"`` for both lengths.
        option: what the message calls it.

    Raises:
        UserError: an unknown name.

    Example:
        >>> shapes_named("many-to-many")
        ('many-to-many-equal', 'many-to-many-different')
    """
    check_choice(name, (*SHAPES, BOTH), option)
    return tuple(shape for shape in SHAPES if name in (shape, shape.rsplit("-", 1)[0]))
