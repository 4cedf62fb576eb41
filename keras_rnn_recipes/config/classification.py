"""What the schemas of classifiers share: the recurrent network, weights of classes, metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from keras_rnn_recipes.config.base import (
    Cell,
    Count,
    Section,
    Share,
    Skips,
    TrainingConfig,
    Widths,
    listed,
)
from keras_rnn_recipes.evaluation.metric_info import metrics_of

if TYPE_CHECKING:
    Metric = str
else:  # a new metric is an entry there, and nothing here
    Metric = Literal[metrics_of("classes")]


class RecurrentClassifierConfig(Section):
    """Options that the builders of recurrent classifiers share; see `sequence_classifier`."""

    cell: Cell = "lstm"
    units: Widths = (64,)
    bidirectional: bool = False
    pooling: Literal["last", "max", "mean", "attention"] = "max"
    residual: bool = False
    layer_norm: bool = False
    dropout: Share = 0.0
    l2: Annotated[float, Field(ge=0)] = 0.0
    recurrent_skips: Skips = ()
    members: Count = 1

    def options(self) -> dict[str, Any]:
        """The builder's options as keyword arguments.

        Example:
            >>> RecurrentClassifierConfig(units=(8,)).options()["units"]
            (8,)
        """
        return self.model_dump()


class ClassifierFitConfig(TrainingConfig):
    """How a classifier is trained: `TrainingConfig`, label smoothing, and the weights of classes.

    Attributes:
        label_smoothing: the share of the target probability that all classes get equally.
        class_weights: ``"balanced"`` gives all classes the same total weight in the loss.
    """

    label_smoothing: Share = 0.0
    class_weights: Literal["none", "balanced"] = "none"


class ClassifierEvaluateConfig(Section):
    """How a classifier is evaluated: ``metrics``, the first of which decides."""

    metrics: Annotated[tuple[Metric, ...], BeforeValidator(listed), Field(min_length=1)] = (
        "accuracy",
        "macro_f1",
        "log_loss",
        "calibration_error",
    )

    @property
    def deciding(self) -> str:
        """The metric by which the model is compared with its baselines: the first."""
        return self.metrics[0]
