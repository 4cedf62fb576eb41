"""Schema of a recipe for the classification of sequences of vectors, and of videos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from keras_rnn_recipes.config.base import (
    Cell,
    Count,
    Experiment,
    Names,
    Section,
    Share,
    Widths,
    listed,
    require_one_source,
)
from keras_rnn_recipes.config.classification import (
    ClassifierEvaluateConfig,
    ClassifierFitConfig,
    RecurrentClassifierConfig,
)
from keras_rnn_recipes.config.shapes import Shape
from keras_rnn_recipes.errors import UserError

SequenceBaseline = Literal["majority", "summary_statistics", "nearest_neighbor", "single_frame"]

# Sides of frames: one number for a square, or height and width.
Sides = Annotated[tuple[Count, ...], BeforeValidator(listed), Field(min_length=1, max_length=2)]


class SequenceDataConfig(Section):
    """Where the sequences come from, and how they are split.

    Attributes:
        source: name of a data set, or a table, a ``.ts`` file or a folder from which validation and
            test parts are held out.
        train: table, ``.ts`` file or folder of the training part, in place of ``source``.
        valid: the same for validation; None to hold out ``valid_share`` of the training part.
        test: the same for testing; None to hold out ``test_share`` of the training part.
        file_col: column of a table that lists a file for each sequence.
        id_col: column that names the sequence of each row.
        step_col: column that orders the rows of a sequence; a table without it is in order.
        label_col: column of the labels.
        channels: columns of the vectors; none for all other columns, which must be numbers.
        rate: samples per second to which waveforms are resampled; None for the most frequent rate
            of the files.
        frame_rate: frames per second at which videos are sampled; None for the most frequent one of
            the files. Folders of frames are read frame by frame.
        frame_size: height and width to which frames are resized, or one number for both.
        frame_color: ``"grey"`` or ``"rgb"``.
        valid_share: share of the training part that is held out for validation.
        test_share: share of the training part that is held out for testing.
    """

    source: str | None = None
    train: str | None = None
    valid: str | None = None
    test: str | None = None
    file_col: str = "file"
    id_col: str = "sequence_id"
    step_col: str = "step"
    label_col: str = "label"
    channels: Names = ()
    rate: Count | None = None
    frame_rate: Annotated[float, Field(gt=0)] | None = None
    frame_size: Sides = (32,)
    frame_color: Literal["grey", "rgb"] = "grey"
    valid_share: Share = 0.15
    test_share: Share = 0.2

    @property
    def frame_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of the frames that the network sees."""
        return self.frame_size[0], self.frame_size[-1], 3 if self.frame_color == "rgb" else 1


_OF_FRONT_ENDS = {
    *("front_end", "bands", "filters", "frame_units"),
    *("joint", "coordinates", "travel"),
}


class SequenceModelConfig(RecurrentClassifierConfig):
    """The classifier: options of `sequence_classifier`, and those of its front end.

    Attributes:
        every_step: whether the network answers at every step, from the steps so far; the answer for
            the sequence is that at its last step. ``pooling`` is then of no effect.
        front_end: ``"log_mel"`` for waveforms, ``"skeleton"`` for the joints of a person,
            ``"frames"`` for videos, and ``"none"`` for other numbers.
        bands: mel bands of ``"log_mel"``.
        joint: number of the joint, from 0, on which ``"skeleton"`` is centered, such as the hip.
        coordinates: numbers for each joint.
        travel: whether ``"skeleton"`` adds the way of the joint since the first step.
        filters: channels of each convolution of ``"frames"``, which halves height and width.
        frame_units: numbers that ``"frames"`` makes of each frame.
    """

    cell: Cell = "gru"
    pooling: Literal["last", "max", "mean", "attention"] = "mean"
    every_step: bool = False
    convolutions: Annotated[tuple[Count, ...], BeforeValidator(listed)] = ()
    kernel_size: Count = 5
    stride: Count = 1
    front_end: Literal["none", "log_mel", "skeleton", "frames"] = "none"
    bands: Count = 40
    joint: Annotated[int, Field(ge=0)] = 0
    coordinates: Literal[2, 3] = 3
    travel: bool = False
    filters: Widths = (16, 32, 32)
    frame_units: Count = 64
    scaling: Literal["training", "channel", "sequence", "none"] = "training"
    differences: bool = False
    noise: Annotated[float, Field(ge=0)] = 0.0
    turn: Annotated[float, Field(ge=0, le=180)] = 0.0
    stretch: Share = 0.0
    speed: Share = 0.0
    mask_steps: Share = 0.0
    mask_channels: Share = 0.0

    def options(self) -> dict[str, Any]:
        """The builder's options as keyword arguments.

        Example:
            >>> SequenceModelConfig(units=(8,)).options()["units"]
            (8,)
        """
        return self.model_dump(exclude=_OF_FRONT_ENDS)


class SequenceEvaluateConfig(ClassifierEvaluateConfig):
    """How the classifier is evaluated: as every classifier, and its baselines."""

    baselines: Annotated[tuple[SequenceBaseline, ...], BeforeValidator(listed)] = (
        "majority",
        "summary_statistics",
        "nearest_neighbor",
    )


class SequenceConfig(Experiment):
    """One experiment of sequence classification.

    Example:
        >>> config = SequenceConfig(data=SequenceDataConfig(source="gestures"))
        >>> config.headline
        'gru classifier of sequences, on gestures'
    """

    family: Literal["sequence_classification"] = "sequence_classification"
    data: SequenceDataConfig
    model: SequenceModelConfig = SequenceModelConfig()
    fit: ClassifierFitConfig = ClassifierFitConfig(epochs=30)
    evaluate: SequenceEvaluateConfig = SequenceEvaluateConfig()

    @property
    def shape(self) -> Shape:
        """How many inputs and answers the task has: one answer, or one for every step."""
        return "many-to-many-equal" if self.model.every_step else "many-to-one"

    @property
    def headline(self) -> str:
        """A short description of the experiment."""
        source = self.data.source or Path(self.data.train or "").name
        return f"{self.model.cell} classifier of sequences, on {source}"

    def check(self, where: str) -> None:
        """Check that the recipe has exactly one source of sequences."""
        require_one_source(
            self.data, where, 'source = "gestures" or train = "sensors.csv" in the section [data]'
        )
        model = self.model
        if model.every_step and (
            model.bidirectional
            or model.convolutions
            or model.front_end not in ("none", "frames")
            or model.scaling not in ("training", "none")
        ):
            raise UserError(
                f"{where} has model.every_step true and a network that reads later steps.",
                "no model.bidirectional, no model.convolutions, the front end 'none' or 'frames', "
                "and the scaling 'training' or 'none'.",
                "remove model.every_step, or change those keys.",
            )
        if model.front_end == "frames" and model.scaling not in ("training", "none"):
            raise UserError(
                f"{where} has model.front_end 'frames' and model.scaling {model.scaling!r}.",
                "the scaling 'training' or 'none' for frames.",
                "set model.scaling to training.",
            )
        if "single_frame" in self.evaluate.baselines and model.front_end != "frames":
            raise UserError(
                f"{where} has evaluate.baselines single_frame and model.front_end "
                f"{model.front_end!r}.",
                "the baseline single_frame with the front end 'frames' only.",
                "remove it from evaluate.baselines, or set model.front_end to frames.",
            )
        of_skeletons = {name: getattr(model, name) for name in ("turn", "stretch", "travel")}
        given = [name for name, value in of_skeletons.items() if value]
        if given and model.front_end != "skeleton":
            raise UserError(
                f"{where} has model.{given[0]} {of_skeletons[given[0]]} and model.front_end "
                f"{model.front_end!r}.",
                f"model.{given[0]} with the front end 'skeleton' only.",
                f"remove model.{given[0]}, or set model.front_end to skeleton.",
            )
