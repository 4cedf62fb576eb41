"""What is known of each metric: its name, label, direction, unit and format.

A new metric is one entry of `METRICS` and the code that computes it: recipes can then ask for it,
reports, tables and sentences name it, and comparisons know which direction is better.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class MetricInfo:
    """What is known of a metric.

    Attributes:
        name: in sentences.
        label: as the heading of a column; ``{}`` stands for the level of an interval.
        of: what is scored: forecasts (``"series"``) or their intervals, classes, several labels
            for each text, numbers, tags, the text that follows (``"language"``), answers in words
            (``"texts"``; ``"captions"`` and ``"pronunciations"``: those that only these have),
            frames of notes (``"music"``), networks (``"memory"``).
        more_is_better: whether larger values are better; errors are better when smaller.
        in_units: whether it is in the units of the data, so that series of different size cannot
            be compared by it.
        form: how a value is written: to four figures, as a percentage, or as a whole number.
    """

    name: str
    label: str
    of: Literal[
        "series",
        "intervals",
        "classes",
        "labels",
        "numbers",
        "tags",
        "language",
        "texts",
        "captions",
        "pronunciations",
        "music",
        "memory",
    ]
    more_is_better: bool = False
    in_units: bool = False
    form: Literal["number", "percent", "whole"] = "number"


METRICS = {
    "mae": MetricInfo("mean absolute error", "MAE", "series", in_units=True),
    "mse": MetricInfo("mean squared error", "MSE", "series", in_units=True),
    "rmse": MetricInfo("root mean squared error", "RMSE", "series", in_units=True),
    "mape": MetricInfo("mean absolute percentage error", "MAPE, %", "series"),
    "smape": MetricInfo("symmetric mean absolute percentage error", "sMAPE, %", "series"),
    "mase": MetricInfo("mean absolute scaled error", "MASE", "series"),
    "rmsse": MetricInfo("root mean squared scaled error", "RMSSE", "series"),
    # Coverage is best at its level, neither above nor below: no comparison uses it.
    "coverage": MetricInfo("coverage", "within {}%", "intervals", form="percent"),
    "msis": MetricInfo("mean scaled interval score", "MSIS {}%", "intervals"),
    "pinball": MetricInfo("pinball loss", "pinball", "intervals", in_units=True),
    "crps": MetricInfo("continuous ranked probability score", "CRPS", "intervals"),
    "accuracy": MetricInfo("accuracy", "accuracy", "classes", more_is_better=True),
    "macro_f1": MetricInfo("mean F1 of the classes", "macro F1", "classes", more_is_better=True),
    "log_loss": MetricInfo("log loss", "log loss", "classes"),
    "calibration_error": MetricInfo("calibration error", "calibration error", "classes"),
    "roc_auc": MetricInfo("area under the ROC curve", "ROC AUC", "classes", more_is_better=True),
    "micro_f1": MetricInfo("F1 over all labels", "micro F1", "labels", more_is_better=True),
    "subset_accuracy": MetricInfo(
        "share of texts with exactly the right labels",
        "subset accuracy",
        "labels",
        more_is_better=True,
    ),
    "spearman": MetricInfo("rank correlation", "Spearman", "numbers", more_is_better=True),
    "entity_f1": MetricInfo("F1 of entities", "entity F1", "tags", more_is_better=True),
    "entity_precision": MetricInfo(
        "precision of entities", "precision", "tags", more_is_better=True
    ),
    "entity_recall": MetricInfo("recall of entities", "recall", "tags", more_is_better=True),
    "token_accuracy": MetricInfo(
        "accuracy of tokens", "token accuracy", "tags", more_is_better=True
    ),
    "perplexity": MetricInfo("perplexity", "perplexity", "language"),
    "bits_per_character": MetricInfo("bits per character", "bits per character", "language"),
    "bleu": MetricInfo("BLEU", "BLEU", "texts", more_is_better=True),
    "chrf": MetricInfo("chrF", "chrF", "texts", more_is_better=True),
    "accuracy_at_1": MetricInfo(
        "share of exact answers", "accuracy at 1", "texts", more_is_better=True
    ),
    "character_error_rate": MetricInfo("character error rate", "CER", "texts"),
    "word_error_rate": MetricInfo("word error rate", "WER", "texts"),
    "phoneme_error_rate": MetricInfo("phoneme error rate", "PER", "pronunciations"),
    "wrong_words": MetricInfo("word error rate", "wrong words", "pronunciations"),
    "exact_match": MetricInfo(
        "share of captions that equal a reference", "exact match", "captions", more_is_better=True
    ),
    "word_accuracy": MetricInfo("word accuracy", "word accuracy", "captions", more_is_better=True),
    "nats_per_frame": MetricInfo("nats a frame", "nats a frame", "music"),
    "nats_after_first": MetricInfo(
        "nats a frame without the first of each piece", "without first frames", "music"
    ),
    "frame_accuracy": MetricInfo(
        "accuracy of notes", "accuracy of notes", "music", more_is_better=True
    ),
    "longest_lag": MetricInfo(
        "longest lag solved", "longest lag", "memory", more_is_better=True, form="whole"
    ),
    "gradient": MetricInfo("gradient norm at the first step", "gradient norm", "memory"),
    "reach": MetricInfo("gradient left at the first step", "gradient left", "memory"),
    "steps": MetricInfo("steps of training", "steps", "memory", form="whole"),
}


def metric_info(metric: str) -> MetricInfo | None:
    """What is known of a metric; None for a name that is no metric.

    Args:
        metric: a key of `METRICS`; of an interval with its level, such as ``"coverage-80"``.

    Example:
        >>> metric_info("mase").name, metric_info("coverage-80").of, metric_info("lstm")
        ('mean absolute scaled error', 'intervals', None)
    """
    return METRICS.get(metric.partition("-")[0])


def metrics_of(kind: str) -> tuple[str, ...]:
    """The metrics of one kind, as recipes may ask for them.

    Args:
        kind: as in `MetricInfo.of`.

    Example:
        >>> metrics_of("language")
        ('perplexity', 'bits_per_character')
    """
    return tuple(name for name, info in METRICS.items() if info.of == kind)


def is_of_intervals(metric: str) -> bool:
    """Whether a metric scores intervals, which only some models give.

    Example:
        >>> [is_of_intervals(name) for name in ("mase", "msis-95", "coverage-80", "crps")]
        [False, True, True, True]
    """
    info = metric_info(metric)
    return info is not None and info.of == "intervals"


def more_is_better(metric: str) -> bool:
    """Whether larger values of a metric are better.

    Example:
        >>> more_is_better("accuracy"), more_is_better("mae")
        (True, False)
    """
    info = metric_info(metric)
    return info is not None and info.more_is_better
