"""What a text classifier answers: one class, any number of labels, or a number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf

from keras_rnn_recipes.config.text_classification import ClassificationConfig
from keras_rnn_recipes.errors import UserError, counted, first_names
from keras_rnn_recipes.evaluation.multilabel import best_threshold, label_set_scores
from keras_rnn_recipes.evaluation.regression import number_scores
from keras_rnn_recipes.families.classification import (
    class_weights as weights_of_classes,
    loss,
    score,
    wanted_scores,
)
from keras_rnn_recipes.reporting.format import label, number
from keras_rnn_recipes.text.label_tables import label_names, label_table
from keras_rnn_recipes.text.reading import LabelledTexts, class_names, known_labels, number_labels
from keras_rnn_recipes.text.tokenizer import Tokenizer

Answer = Callable[[Sequence[str]], np.ndarray]
Scores = dict[str, dict[str, float]]


class Head(Protocol):
    """What the outputs of a network mean, and how they are trained, served and scored."""

    @property
    def task(self) -> str:
        """What a text has, as ``data.task`` of a recipe says it."""

    @property
    def size(self) -> int:
        """Outputs of the network."""

    def describe(self) -> str:
        """What is answered, in a few words."""

    def truth(self, part: LabelledTexts, name: str = "the data") -> np.ndarray:
        """The true answers of a part, which `score` takes."""

    def targets(self, truth: np.ndarray) -> np.ndarray:
        """What the network is trained to give for true answers."""

    def loss(self, label_smoothing: float = 0.0) -> Any:
        """The loss of outputs and targets."""

    def answers(self, outputs: tf.Tensor) -> tf.Tensor:
        """The answers of outputs ``(batch, size)``."""

    def served(self, answers: tf.Tensor) -> dict[str, tf.Tensor]:
        """The outputs of the SavedModel."""

    def record(self) -> dict[str, Any]:
        """What `head_of_record` needs, for ``vocabulary.json``."""

    def score(
        self, truth: np.ndarray, answers: Mapping[str, np.ndarray], metrics: Sequence[str]
    ) -> Scores:
        """Scores by model."""

    def columns(self, name: str, answers: np.ndarray) -> dict[str, Any]:
        """The columns of a model in the table of predictions."""


@dataclass(frozen=True)
class ClassHead:
    """One of several classes: softmax and cross-entropy.

    Example:
        >>> ClassHead(("ham", "spam")).describe()
        '2 classes: ham, spam'
    """

    classes: tuple[str, ...]
    task: str = "classification"

    @property
    def size(self) -> int:
        """Outputs of the network."""
        return len(self.classes)

    def describe(self) -> str:
        """What is answered, in a few words."""
        return f"{self.size} classes: {first_names(self.classes, 8)}"

    def truth(self, part: LabelledTexts, name: str = "the data") -> np.ndarray:
        """Class numbers, int32 ``(examples,)``."""
        return number_labels(part.labels, self.classes, name)

    def targets(self, truth: np.ndarray) -> np.ndarray:
        """The class numbers."""
        return truth

    def loss(self, label_smoothing: float = 0.0) -> Any:
        """Cross-entropy of logits."""
        return loss(label_smoothing)

    def answers(self, outputs: tf.Tensor) -> tf.Tensor:
        """Probabilities ``(batch, classes)``."""
        return tf.nn.softmax(outputs)

    def served(self, answers: tf.Tensor) -> dict[str, tf.Tensor]:
        """``probabilities`` and ``label``."""
        found = tf.gather(tf.constant(self.classes), tf.argmax(answers, axis=1))
        return {"probabilities": answers, "label": found}

    def record(self) -> dict[str, Any]:
        """The classes."""
        return {"classes": list(self.classes)}

    def score(
        self, truth: np.ndarray, answers: Mapping[str, np.ndarray], metrics: Sequence[str]
    ) -> Scores:
        """Scores by model, see `classification_scores`."""
        return score(truth, answers, metrics=metrics)

    def columns(self, name: str, answers: np.ndarray) -> dict[str, Any]:
        """The predicted class and its probability."""
        found = np.array(self.classes, dtype=object)[answers.argmax(axis=1)]
        return {name: found, f"{name}-probability": answers.max(axis=1)}


@dataclass(frozen=True)
class LabelHead:
    """Any number of labels: a sigmoid for each, binary cross-entropy, and one threshold.

    Args:
        classes: names of the labels.
        separator: between the labels of a text.
        threshold: a label is predicted if its probability is at least this.
        thresholds: those of other models, by name.

    Example:
        >>> head = LabelHead(("late", "rude"), threshold=0.25)
        >>> head.columns("lstm", np.array([[0.5, 0.25]]))["lstm"]
        ['late;rude']
    """

    classes: tuple[str, ...]
    separator: str = ";"
    threshold: float = 0.5
    thresholds: Mapping[str, float] = field(default_factory=dict)
    task: str = "multilabel"

    @property
    def size(self) -> int:
        """Outputs of the network."""
        return len(self.classes)

    def describe(self) -> str:
        """What is answered, in a few words."""
        return f"{counted(self.size, 'label')}: {first_names(self.classes, 8)}"

    def truth(self, part: LabelledTexts, name: str = "the data") -> np.ndarray:
        """0 or 1, float32 ``(examples, labels)``."""
        return label_table(part.labels, self.classes, self.separator, name)

    def targets(self, truth: np.ndarray) -> np.ndarray:
        """The same."""
        return truth

    def loss(self, label_smoothing: float = 0.0) -> keras.losses.Loss:
        """Binary cross-entropy of logits, the mean over labels."""
        return keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=label_smoothing)

    def answers(self, outputs: tf.Tensor) -> tf.Tensor:
        """Probabilities ``(batch, labels)``."""
        return tf.sigmoid(outputs)

    def served(self, answers: tf.Tensor) -> dict[str, tf.Tensor]:
        """``probabilities``, and ``labels`` joined by the separator."""
        chosen = answers >= tf.constant(self.threshold, tf.float32)
        names = tf.broadcast_to(tf.constant(self.classes), tf.shape(answers))
        found = tf.ragged.boolean_mask(names, chosen)
        joined = tf.strings.reduce_join(found, axis=1, separator=self.separator)
        return {"probabilities": answers, "labels": joined}

    def record(self) -> dict[str, Any]:
        """The labels, their separator and the threshold."""
        own = {"task": self.task, "classes": list(self.classes)}
        return {**own, "separator": self.separator, "threshold": self.threshold}

    def chosen(self, name: str, answers: np.ndarray) -> np.ndarray:
        """Which labels a model predicts, bool ``(examples, labels)``."""
        return answers >= np.float32(self.thresholds.get(name, self.threshold))

    def score(
        self, truth: np.ndarray, answers: Mapping[str, np.ndarray], metrics: Sequence[str]
    ) -> Scores:
        """Scores by model, see `label_set_scores`."""
        found = {
            name: label_set_scores(
                truth, given, threshold=self.thresholds.get(name, self.threshold)
            )
            for name, given in answers.items()
        }
        return wanted_scores(found, metrics)

    def columns(self, name: str, answers: np.ndarray) -> dict[str, Any]:
        """The predicted labels."""
        names = np.array(self.classes, dtype=object)
        return {name: [self.separator.join(names[row]) for row in self.chosen(name, answers)]}


@dataclass(frozen=True)
class NumberHead:
    """A number: one output, trained on the standardized target.

    Args:
        mean, scale: of the training part; answers are in the unit of the file.
        error: ``"mse"`` or ``"mae"``, which is minimized.

    Example:
        >>> NumberHead(3.0, 2.0).answers(tf.constant([[0.5]])).numpy().tolist()
        [4.0]
    """

    mean: float
    scale: float
    error: str = "mse"
    task: str = "regression"

    @property
    def size(self) -> int:
        """Outputs of the network."""
        return 1

    def describe(self) -> str:
        """What is answered, in a few words."""
        return f"Numbers with mean {number(self.mean)} and standard deviation {number(self.scale)}"

    def truth(self, part: LabelledTexts, name: str = "the data") -> np.ndarray:
        """The numbers, float64 ``(examples,)``."""
        return _numbers(part, name)

    def targets(self, truth: np.ndarray) -> np.ndarray:
        """Standardized numbers, float32 ``(examples, 1)``."""
        return ((truth - self.mean) / self.scale).astype("float32")[:, None]

    def loss(self, label_smoothing: float = 0.0) -> keras.losses.Loss:
        """Mean squared or absolute error of standardized numbers, which are not smoothed."""
        both = {"mse": keras.losses.MeanSquaredError, "mae": keras.losses.MeanAbsoluteError}
        return both[self.error](name=self.error)

    def answers(self, outputs: tf.Tensor) -> tf.Tensor:
        """Numbers in the unit of the file ``(batch,)``."""
        return outputs[:, 0] * self.scale + self.mean

    def served(self, answers: tf.Tensor) -> dict[str, tf.Tensor]:
        """``prediction``."""
        return {"prediction": answers}

    def record(self) -> dict[str, Any]:
        """Mean and scale."""
        return {"task": self.task, "mean": self.mean, "scale": self.scale, "error": self.error}

    def score(
        self, truth: np.ndarray, answers: Mapping[str, np.ndarray], metrics: Sequence[str]
    ) -> Scores:
        """Scores by model, see `number_scores`."""
        return wanted_scores(
            {one: number_scores(truth, given) for one, given in answers.items()}, metrics
        )

    def columns(self, name: str, answers: np.ndarray) -> dict[str, Any]:
        """The predicted number."""
        return {name: answers}


def fit_head(config: ClassificationConfig, train: LabelledTexts) -> Head:
    """The head that a recipe asks for.

    Args:
        config: the recipe; ``data.task`` decides.
        train: the training part.

    Raises:
        UserError: fewer than two classes, no label, or numbers that are all equal or no numbers.
    """
    task = config.data.task
    if task == "classification":
        return ClassHead(class_names(train.labels))
    if task == "multilabel":
        separator = config.data.label_separator
        return LabelHead(label_names(train.labels, separator), separator)
    numbers = _numbers(train, "the training part")
    if not np.ptp(numbers):
        raise UserError(
            f"All numbers of the training part are {numbers[0]:g}.",
            "numbers that differ.",
            "name another data.label_col.",
        )
    return NumberHead(float(numbers.mean()), float(numbers.std()), config.fit.loss)


def as_head(head: Head | Sequence[str]) -> Head:
    """A head as it is, and names of classes as the head that chooses among them."""
    return ClassHead(tuple(head)) if isinstance(head, Sequence) else head


def head_of_record(record: Mapping[str, Any]) -> Head:
    """The head of a ``vocabulary.json``.

    Args:
        record: from `read_vocabulary`; one without ``task`` is of a classifier.

    Example:
        >>> head_of_record({"classes": ["ham", "spam"]}).size
        2
    """
    task = record.get("task", "classification")
    if task == "multilabel":
        return LabelHead(tuple(record["classes"]), record["separator"], record["threshold"])
    if task == "regression":
        return NumberHead(record["mean"], record["scale"], record["error"])
    return ClassHead(tuple(record["classes"]))


def in_known_spelling(
    head: Head, rows: LabelledTexts, *, tell: Callable[[str], None]
) -> LabelledTexts:
    """New data with classes in the spelling of training, see `known_labels`."""
    if not isinstance(head, ClassHead):
        return rows
    return replace(rows, labels=known_labels(rows.labels, head.classes, tell=tell))


def choose_thresholds(head: Head, valid: LabelledTexts, models: Mapping[str, Answer]) -> Head:
    """Choose the threshold of labels on the validation part, one for each model, and print it.

    Args:
        head: of the classifier.
        valid: the validation part.
        models: functions from texts to answers by name, the trained one first.

    Returns:
        The head with its thresholds; one without labels as it is.
    """
    if not isinstance(head, LabelHead):
        return head
    truth = head.truth(valid, "the validation part")
    found = {name: best_threshold(truth, model(valid.texts)) for name, model in models.items()}
    told = ", ".join(f"{label(name)} {number(value)}" for name, value in found.items())
    print(f"Thresholds with the highest micro F1 on the validation part: {told}.")
    own, *_ = found
    return replace(head, threshold=found.pop(own), thresholds=found)


def head_columns(
    head: Head, part: LabelledTexts, *, tokenizer: Tokenizer, class_weights: str = "none"
) -> dict[str, Any]:
    """What `bucketed_batches` takes of a part: token ids, targets, and weights if there are some.

    The weight of an example is that of its row, times that of its class, divided by the mean.

    Args:
        head: what is learned.
        part: texts with labels, and with weights if the rows have some.
        tokenizer: texts to tokens.
        class_weights: "balanced" gives all classes the same total weight; "none".
    """
    truth = head.truth(part)
    of_classes = weights_of_classes(truth, class_weights) if head.task == "classification" else None
    weights = of_classes
    if part.weights is not None and any(part.weights):
        found = np.array(part.weights) * (1 if of_classes is None else of_classes)
        weights = (found / found.mean()).astype("float32")
    ids = tokenizer.encode(part.texts)
    return {"inputs": ids, "targets": head.targets(truth), "weights": weights}


def _numbers(part: LabelledTexts, name: str) -> np.ndarray:
    try:
        return np.array(part.labels, "float64")
    except ValueError as error:
        raise UserError(
            f"The labels of {name} are no numbers, such as {part.labels[0]!r}.",
            "a number for each text.",
            "set data.task to classification, or name another data.label_col.",
        ) from error
