"""Schema of a recipe for image classification."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from keras_rnn_recipes.config.base import (
    Cell,
    Count,
    Experiment,
    Section,
    Share,
    Widths,
    listed,
    require_one_source,
)
from keras_rnn_recipes.config.classification import ClassifierEvaluateConfig, ClassifierFitConfig
from keras_rnn_recipes.config.shapes import Shape
from keras_rnn_recipes.errors import UserError

ImageBaseline = Literal["majority", "logistic_regression"]

_NOT_RECURRENT = ("dense", "conv")


class ImageDataConfig(Section):
    """Where the images come from, how they are split, and the size that the network sees.

    Attributes:
        source: name of a data set, or a folder from which validation and test parts are held out.
        train: folder with the training part, in place of ``source``: a subfolder for each label.
        valid: folder for validation; None to hold out ``valid_share`` of the training part.
        test: folder for testing; None to hold out ``test_share`` of the training part.
        valid_share: share of the training part that is held out for validation.
        test_share: share of the training part that is held out for testing.
        height: of the images that the network sees, in pixels; None: the median of the training
            images, at most 64.
        width: as ``height``.
        color: ``"grey"`` or ``"rgb"``; ``"auto"``: grey if no training image is in color.
    """

    source: str | None = None
    train: str | None = None
    valid: str | None = None
    test: str | None = None
    valid_share: Share = 0.1
    test_share: Share = 0.2
    height: Count | None = None
    width: Count | None = None
    color: Literal["auto", "grey", "rgb"] = "auto"


class ImageClassifierConfig(Section):
    """The network: options of `image_classifier`."""

    preset: Literal["dense", "conv", Cell] = "conv"
    units: Widths = (64,)
    filters: Widths = (32, 64)
    bidirectional: bool = False
    dropout: Share = 0.0
    batch_norm: bool = False
    shift: Share = 0.0
    rotate: Share = 0.0
    zoom: Share = 0.0
    members: Count = 1

    def options(self) -> dict[str, Any]:
        """The builder's options as keyword arguments.

        Example:
            >>> ImageClassifierConfig(units=(8,)).options()["units"]
            (8,)
        """
        return self.model_dump()


class ImageEvaluateConfig(ClassifierEvaluateConfig):
    """How the classifier is evaluated: as every classifier, and its baselines."""

    baselines: Annotated[tuple[ImageBaseline, ...], BeforeValidator(listed)] = (
        "majority",
        "logistic_regression",
    )


class ImageClassificationConfig(Experiment):
    """One experiment of image classification.

    Example:
        >>> config = ImageClassificationConfig(data=ImageDataConfig(source="digits"))
        >>> config.headline
        'conv image classifier, on digits'
    """

    family: Literal["image_classification"] = "image_classification"
    data: ImageDataConfig
    model: ImageClassifierConfig = ImageClassifierConfig()
    fit: ClassifierFitConfig = ClassifierFitConfig(epochs=50)
    evaluate: ImageEvaluateConfig = ImageEvaluateConfig()

    @property
    def shape(self) -> Shape:
        """How many inputs and answers the network has: the image, or its rows one by one."""
        return "one-to-one" if self.model.preset in _NOT_RECURRENT else "many-to-one"

    @property
    def headline(self) -> str:
        """A short description of the experiment."""
        source = self.data.source or self.data.train
        return f"{self.model.preset} image classifier, on {source}"

    def check(self, where: str) -> None:
        """Check that there is one source, and that the options belong to the network."""
        require_one_source(
            self.data, where, 'source = "digits" or train = "pictures" in the section [data]'
        )
        preset = self.model.preset
        if self.model.bidirectional and preset in _NOT_RECURRENT:
            raise UserError(
                f"{where} has model.bidirectional true and model.preset {preset!r}.",
                "model.bidirectional with a recurrent network, which reads the image row by row.",
                "remove model.bidirectional, or set model.preset to lstm, gru or simple_rnn.",
            )
        if self.model.batch_norm and preset not in _NOT_RECURRENT:
            raise UserError(
                f"{where} has model.batch_norm true and model.preset {preset!r}.",
                "model.batch_norm with dense layers or convolutions.",
                "remove model.batch_norm, or set model.preset to dense or conv.",
            )
