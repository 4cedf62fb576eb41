"""Schema of a recipe for text classification."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from keras_rnn_recipes.config.base import (
    Count,
    Names,
    Pairs,
    Share,
    TableSource,
    TextExperiment,
    listed,
    require_plain_start,
    with_fewer_pieces,
)
from keras_rnn_recipes.config.classification import (
    ClassifierEvaluateConfig,
    ClassifierFitConfig,
    RecurrentClassifierConfig,
)
from keras_rnn_recipes.config.shapes import Shape
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.metric_info import metrics_of
from keras_rnn_recipes.text.preparation import Preparation

TextUnit = Literal["words", "characters", "whitespace", "pieces"]

Task = Literal["classification", "multilabel", "regression"]

# Metrics and baselines of each task, in the order in which they are shown by default.
METRICS: dict[str, tuple[str, ...]] = {
    "classification": ("accuracy", "macro_f1", "log_loss", "calibration_error"),
    "multilabel": ("micro_f1", "macro_f1", "subset_accuracy", "log_loss"),
    "regression": ("mae", "rmse", "spearman"),
}
BASELINES: dict[str, tuple[str, ...]] = {
    "classification": ("majority", "averaged_embeddings", "tfidf"),
    "multilabel": ("label_frequencies", "averaged_embeddings", "tfidf"),
    "regression": ("mean", "averaged_embeddings", "tfidf_ridge"),
}

if TYPE_CHECKING:
    TextMetric = str
    TextBaseline = str
else:
    _OTHERS = METRICS["multilabel"] + METRICS["regression"]
    TextMetric = Literal[tuple(dict.fromkeys((*metrics_of("classes"), *_OTHERS)))]
    TextBaseline = Literal[tuple(dict.fromkeys(sum(BASELINES.values(), ())))]

# Keys of a mixture, which are no options of the builder.
_MIXTURE = ("ngrams", "character_ngrams", "averaged")


class TextDataConfig(TableSource):
    """Where the texts come from, how they are split, and how they are tokenized.

    ``unit``, ``lower``, ``normalize``, ``punctuation``, ``replace``, ``max_length`` and ``keep``
    are options of `Preparation`.

    Attributes:
        task: what a text has: one class, any number of labels, or a number.
        train: table with the training part, in place of ``source``.
        valid: table for validation; None to hold out ``valid_share`` of the training part.
        test: table for testing; None to hold out ``test_share`` of the training part.
        text_col: column of the texts.
        label_col: column of the labels, or of the numbers.
        label_cols: for ``"multilabel"``, in place of it: columns of 0 and 1, one for each label.
        label_separator: for ``"multilabel"``: between the labels in a cell of ``label_col``.
        weight_col: column of the weights of the texts in the loss; None: all the same. Scores count
            every text once.
        valid_share: share of the training part that is held out for validation.
        test_share: share of the training part that is held out for testing.
        max_vocabulary: largest number of tokens, the most frequent ones; None for no limit. Of
            pieces it is 4,000 unless it is set.
        min_count: occurrences in the training part below which a token is unknown.
    """

    task: Task = "classification"
    train: str | None = None
    valid: str | None = None
    test: str | None = None
    text_col: str = "text"
    label_col: str = "label"
    label_cols: Names = ()
    label_separator: Annotated[str, Field(min_length=1)] = ";"
    weight_col: str | None = None
    valid_share: Share = 0.1
    test_share: Share = 0.2
    unit: TextUnit = "words"
    lower: bool = True
    normalize: Literal["NFC", "NFKC", "none"] = "NFC"
    punctuation: bool = True
    replace: Pairs = ()
    max_length: Count | None = None
    keep: Literal["first", "last"] = "first"
    max_vocabulary: Annotated[int, Field(ge=5)] | None = 30_000
    min_count: Count = 1

    _fewer_pieces = model_validator(mode="before")(with_fewer_pieces)

    def preparation(self, **more: Any) -> Preparation:
        """How texts are tokenized."""
        names = ("unit", "lower", "normalize", "punctuation", "replace", "max_length", "keep")
        return Preparation(**{name: getattr(self, name) for name in names}, **more)


class ClassifierConfig(RecurrentClassifierConfig):
    """The classifier: options of `text_classifier`, and where its vectors come from.

    Attributes:
        start: folder of a finished run of a language model over tokens of the same kind, whose
            vectors and recurrent weights the network begins with.
        vectors: file of pretrained word vectors, whose width replaces ``embedding_size``.
        vector_words: most words of that file that join the vocabulary though training does not
            contain them, the first of the file. Their vectors are not trained. They are part of the
            exported model, which grows by four bytes for each number.
        averaged: whether averaged embeddings, a network that ignores the order of words, are a part
            of the mixture too.
        members: networks that are trained together, each on its share of every batch.
        ngrams: tokens in the longest n-gram of a linear classifier with naive Bayes scaling, with
            which the trained network is mixed as the validation part says; 0: the network alone.
        character_ngrams: characters in its longest n-gram within words, of which the shortest has
            three; 0: tokens only. Words that training lacks are then known by their parts.
    """

    embedding_size: Count = 64
    start: str | None = None
    vectors: str | None = None
    vector_words: Annotated[int, Field(ge=0)] = 50_000
    train_embeddings: bool = True
    embedding_dropout: Share = 0.0
    ngrams: Annotated[int, Field(ge=0, le=5)] = 0
    character_ngrams: Literal[0, 3, 4, 5, 6] = 0
    averaged: bool = False

    def options(self) -> dict[str, Any]:
        """The builder's options as keyword arguments.

        Example:
            >>> ClassifierConfig(units=(8,)).options()["units"]
            (8,)
        """
        return self.model_dump(exclude={"start", "vectors", "vector_words", *_MIXTURE})

    @property
    def name(self) -> str:
        """What the model is called in ``metrics.json``.

        Example:
            >>> ClassifierConfig().name, ClassifierConfig(ngrams=2).name
            ('lstm', 'lstm_ngrams')
        """
        return f"{self.cell}_ngrams" if self.ngrams else self.cell


class TextClassifierFitConfig(ClassifierFitConfig):
    """How the network is trained: as every classifier, and on worse embeddings.

    Attributes:
        adversarial: length of the change of the embedded text in adversarial training, as a share
            of its length; 0: usual training.
        loss: for ``data.task = "regression"``: mean squared or absolute error.
    """

    adversarial: Share = 0.0
    loss: Literal["mse", "mae"] = "mse"


class ClassificationEvaluateConfig(ClassifierEvaluateConfig):
    """How the classifier is evaluated: ``metrics``, the first of which decides, and baselines.

    A recipe that names none has those of its task.
    """

    metrics: Annotated[tuple[TextMetric, ...], BeforeValidator(listed), Field(min_length=1)] = (
        METRICS["classification"]
    )
    baselines: Annotated[tuple[TextBaseline, ...], BeforeValidator(listed)] = BASELINES[
        "classification"
    ]


class ClassificationConfig(TextExperiment):
    """One experiment of text classification.

    Example:
        >>> config = ClassificationConfig(data=TextDataConfig(source="word_order"))
        >>> config.model.cell, config.fit.batch_size
        ('lstm', 32)
    """

    family: Literal["text_classification"] = "text_classification"
    data: TextDataConfig
    model: ClassifierConfig = ClassifierConfig()
    fit: TextClassifierFitConfig = TextClassifierFitConfig(epochs=10)
    evaluate: ClassificationEvaluateConfig = ClassificationEvaluateConfig()

    @model_validator(mode="before")
    @classmethod
    def _evaluate_by_task(cls, values: Any) -> Any:
        data, evaluate = values.get("data"), values.get("evaluate", {})
        task = data.get("task") if isinstance(data, dict) else getattr(data, "task", None)
        if not isinstance(task, str) or task not in METRICS or not isinstance(evaluate, dict):
            return values
        of_task = {"metrics": METRICS[task], "baselines": BASELINES[task]}
        return {**values, "evaluate": {**of_task, **evaluate}}

    def check(self, where: str) -> None:
        """Check that the options fit the task, and that a mixture has n-grams of words."""
        super().check(where)
        require_plain_start(self.model, where)
        self._check_task(where)
        others = [name for name in _MIXTURE if getattr(self.model, name)]
        if others and not self.model.ngrams:
            raise UserError(
                f"{where} has model.{others[0]} without model.ngrams.",
                "a mixture with n-grams of words.",
                f"set model.ngrams = 2, or remove model.{others[0]}.",
            )

    def _check_task(self, where: str) -> None:
        """Refuse keys, metrics and baselines of other tasks."""
        task, data = self.data.task, self.data
        of_classes = "classification" if task != "classification" else ""
        of_labels = "multilabel" if task != "multilabel" else ""
        of_numbers = "regression" if task != "regression" else ""
        of_others = "classification or multilabel" if task == "regression" else ""
        of = {
            "model.ngrams": (self.model.ngrams, of_classes),
            "fit.class_weights": (self.fit.class_weights != "none", of_classes),
            "fit.label_smoothing": (self.fit.label_smoothing, of_others),
            "data.label_cols": (data.label_cols, of_labels),
            "fit.loss": (self.fit.loss != "mse", of_numbers),
        }
        wrong = next((key for key, (given, other) in of.items() if given and other), None)
        if wrong:
            raise UserError(
                f"{where} has {wrong}, and data.task is {task}.",
                f"{wrong} for the task {of[wrong][1]} only.",
                f"remove {wrong}, or change data.task.",
            )
        if self.model.vectors is not None and data.unit == "pieces":
            raise UserError(
                f"{where} has model.vectors, and data.unit is pieces.",
                "vectors for words.",
                "remove model.vectors, or set data.unit to words.",
            )
        if self.model.ngrams and data.weight_col is not None:
            raise UserError(
                f"{where} has both model.ngrams and data.weight_col.",
                "one of them: n-grams count every text once.",
                "remove one.",
            )
        fitting = {
            "metrics": METRICS[task] if of_classes else metrics_of("classes"),
            "baselines": BASELINES[task],
        }
        for key, allowed in fitting.items():
            other = [name for name in getattr(self.evaluate, key) if name not in allowed]
            if other:
                raise UserError(
                    f"{where} has evaluate.{key} {other[0]}, and data.task is {task}.",
                    f"some of: {', '.join(allowed)}.",
                    f"change evaluate.{key} or data.task.",
                )

    @property
    def shape(self) -> Shape:
        """How many inputs and answers the task has."""
        return "many-to-one"

    @property
    def kind(self) -> str:
        """What the model is, for the headline."""
        if self.data.task == "regression":
            return "regression"
        return "classifier with n-grams" if self.model.ngrams else "classifier"
