"""What the schemas of all classifiers share: class weights, metrics, and the one that decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, Field

from keras_rnn_recipes.config.base import Section, TrainingConfig, listed
from keras_rnn_recipes.evaluation.metric_info import metrics_of

if TYPE_CHECKING:
    Metric = str
else:  # a new metric is an entry there, and nothing here
    Metric = Literal[metrics_of("classes")]


class ClassifierFitConfig(TrainingConfig):
    """How a classifier is trained: `TrainingConfig`, and the weights of classes.

    Attributes:
        class_weights: ``"balanced"`` gives all classes the same total weight in the loss.
    """

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
