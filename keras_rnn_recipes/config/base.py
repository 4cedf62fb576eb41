"""What the recipes of all families share: types of values, training, sources of texts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from keras_rnn_recipes.config.shapes import Shape
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.text.preparation import MOST_PIECES

SEPARATORS = {
    "tab": "\t",
    "\\t": "\t",
    "comma": ",",
    "semicolon": ";",
    "space": " ",
    "spaces": " ",
    "pipe": "|",
}


def listed(value: object) -> object:
    """Make a tuple of a TOML list, of comma-separated text, or of a single number."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def ascending(values: tuple[int, ...]) -> tuple[int, ...]:
    """Sort values and drop repeated ones."""
    return tuple(sorted(set(values)))


def tupled(value: object) -> object:
    """Make tuples of TOML lists and of the lists in them."""
    if not isinstance(value, list):
        return value
    return tuple(tuple(one) if isinstance(one, list) else one for one in value)


def one_or_two_files(value: Any) -> Any:
    """A file name as it is; two, in a list or joined by a comma, as a tuple.

    Example:
        >>> one_or_two_files("pairs.tsv"), one_or_two_files("train.de,train.en")
        ('pairs.tsv', ('train.de', 'train.en'))
    """
    if isinstance(value, str) and value.count(",") == 1 and not Path(value).exists():
        return tuple(part.strip() for part in value.split(","))
    return tupled(value)


def named_separator(value: str) -> str:
    r"""A separator of columns: as it is, or by its name.

    Example:
        >>> named_separator("tab"), named_separator("\\t"), named_separator(";")
        ('\t', '\t', ';')
    """
    return SEPARATORS.get(value.strip().lower(), value)


Count = Annotated[int, Field(ge=1)]

Share = Annotated[float, Field(ge=0, lt=1)]

Names = Annotated[tuple[str, ...], BeforeValidator(listed)]

Widths = Annotated[tuple[Count, ...], BeforeValidator(listed), Field(min_length=1)]

Skips = Annotated[
    tuple[Annotated[int, Field(ge=2)], ...], BeforeValidator(listed), AfterValidator(ascending)
]

# The recurrent cells. Other types with names of cells are derived from this one.
Cell = Literal["simple_rnn", "lstm", "gru"]

Precision = Literal["float32", "bfloat16"]

Pairs = Annotated[tuple[tuple[str, str], ...], BeforeValidator(tupled)]


class Section(BaseModel):
    """A section of a recipe. Unknown keys and values of another type are errors."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    @classmethod
    def switched_off_by_none(cls, key: str) -> bool:
        """Whether None is a value of a key that has another default.

        TOML has no null, so that a recipe says ``"none"`` there.

        Example:
            >>> TrainingConfig.switched_off_by_none("clip_norm")
            True
        """
        field = cls.model_fields.get(key)
        if field is None or field.default is None:
            return False
        return type(None) in get_args(field.annotation)

    @model_validator(mode="before")
    @classmethod
    def _read_none(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        return {
            key: None if value == "none" and cls.switched_off_by_none(key) else value
            for key, value in values.items()
        }


class TrainingConfig(Section):
    """How a network is trained, whatever its family.

    Attributes:
        epochs: largest number of epochs.
        batch_size: examples in a batch.
        steps_per_epoch: batches in an epoch; None to use every example once.
        learning_rate: peak learning rate of Adam.
        schedule: ``"cosine"`` lets the learning rate decay to zero; ``"constant"`` keeps it.
        warmup: share of all steps during which the learning rate rises.
        clip_norm: largest global norm of the gradients; None (``"none"`` in a recipe) not to clip.
        weight_dropout: share of the recurrent weights that each training step leaves out.
        patience: epochs without a lower validation loss after which training stops; 0 for never.
        keep: which weights are kept: ``"best"`` on the validation part, or ``"last"``, for data
            whose validation part is a poor guide.
        average: number of last epochs; the mean of the weights after each of them is kept in place
            of one epoch's. 1: no mean. It pays with ``schedule="constant"``.
        unroll: whether recurrent layers are unrolled over time, which may be faster on a CPU.
        precision: ``"bfloat16"`` multiplies the matrices of wide LSTMs and large dense layers in
            bfloat16 while training on a CPU. This is several times faster on processors with AMX
            and slower on others. Weights, saved models and scores stay float32.
        watch_gradients: whether the gradient flow is measured on one batch, for the report.
        seed: seed of all random numbers.
    """

    epochs: Count = 100
    batch_size: Count = 32
    steps_per_epoch: Count | None = None
    learning_rate: Annotated[float, Field(gt=0)] = 0.003
    schedule: Literal["constant", "cosine"] = "cosine"
    warmup: Share = 0.0
    clip_norm: Annotated[float, Field(gt=0)] | None = 1.0
    weight_dropout: Share = 0.0
    patience: Annotated[int, Field(ge=0)] = 20
    keep: Literal["best", "last"] = "best"
    average: Count = 1
    unroll: bool = False
    precision: Precision = "float32"
    watch_gradients: bool = True
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0

    @property
    def keeps_last(self) -> bool:
        """Whether all epochs are trained, and the validation part does not choose between them."""
        return self.keep == "last" or self.average > 1


class Experiment(Section):
    """One experiment of any family: what the runner and the run directory use of it.

    Attributes:
        exported: whether a run ends with the export of its model.
    """

    exported: ClassVar[bool] = True

    family: str
    data: Any
    model: Any
    fit: TrainingConfig
    evaluate: Any

    @property
    def headline(self) -> str:
        """A short description of the experiment."""
        return f"{self.family}, on {self.data.source}"

    @property
    def shape(self) -> Shape | None:
        """How many inputs and answers the task has; None if the family does not say."""
        return None

    @property
    def trains(self) -> bool:
        """Whether a run trains a network."""
        return True

    def check(self, where: str) -> None:
        """Check that the values of different keys fit together.

        Args:
            where: name of the file that the experiment was read from, for the message.

        Raises:
            UserError: they do not; the message names the keys.
        """

    def require_extras(self) -> None:
        """Check that the extras that the experiment needs are installed.

        Raises:
            UserError: one is not; the message names it.
        """


def with_fewer_pieces(values: Any) -> Any:
    """The keys of a section ``data`` with 4,000 as ``max_vocabulary`` of pieces if it has none."""
    if not isinstance(values, dict) or values.get("unit") != "pieces":
        return values
    return {"max_vocabulary": MOST_PIECES, **values}


class TextSource(Section):
    """Where texts come from: the first keys of the section ``data`` of every text family.

    Attributes:
        source: name of a data set, or a file from which validation and test parts are held out.
        train: the user's file for training, in place of ``source``.
        valid: file for validation; None to hold out a share of the training file.
        test: file for testing; None to hold out a share of the training file.
        encoding: encoding of the files; None for UTF-8.
    """

    source: str | None = None
    train: str | tuple[str, str] | None = None
    valid: str | tuple[str, str] | None = None
    test: str | tuple[str, str] | None = None
    encoding: str | None = None

    def file_options(self) -> dict[str, Any]:
        """How the files are written, as keyword arguments of the functions that read them."""
        return {"encoding": self.encoding}


class TableSource(TextSource):
    """Where texts in columns come from.

    Attributes:
        columns: names of the columns of files without a header line, in order.
        separator: between columns, such as ``","`` or ``"tab"``; None to find it in each file.
        quotes: whether cells may be quoted; None to find it in each file.
    """

    columns: Names | None = None
    separator: Annotated[str, Field(min_length=1), AfterValidator(named_separator)] | None = None
    quotes: bool | None = None

    def file_options(self) -> dict[str, Any]:
        """How the files are written, as keyword arguments of the functions that read them."""
        names = ("columns", "separator", "quotes", "encoding")
        return {name: None if (one := getattr(self, name)) == () else one for name in names}


class TextExperiment(Experiment):
    """One experiment of a text family."""

    @property
    def kind(self) -> str:
        """What the model is, for the headline."""
        return self.family

    @property
    def headline(self) -> str:
        """A short description of the experiment."""
        files = self.data.source or self.data.train or ()
        source = files if isinstance(files, str) else " and ".join(files)
        return f"{self.model.cell} {self.kind}, on {source}"

    def check(self, where: str) -> None:
        """Check that the recipe has one source of texts, and a row of a batch for each network."""
        require_one_source(
            self.data, where, 'source = "imdb" or train = "reviews.csv" in the section [data]'
        )
        if self.model.members > self.fit.batch_size:
            raise UserError(
                f"{where} has model.members {self.model.members} and fit.batch_size "
                f"{self.fit.batch_size}.",
                "a row of every batch for each network.",
                "raise fit.batch_size or lower model.members.",
            )


def require_one_source(data: Any, where: str, example: str) -> None:
    """Check that a recipe has exactly one source of data.

    Args:
        data: its section, with ``source`` and ``train``.
        where: name of the file, for the message.
        example: what to write, for the message.

    Raises:
        UserError: it has both or neither.
    """
    given = [name for name in ("source", "train") if getattr(data, name) is not None]
    if len(given) != 1:
        both = "both data.source and data.train" if given else "neither data.source nor data.train"
        raise UserError(
            f"{where} has {both}.",
            "one of them: source is a data set or one file or folder, train holds the training "
            "part.",
            f"write for example {example}.",
        )


def require_plain_start(model: Any, where: str) -> None:
    """Check that a network that begins with a language model is one network without other vectors.

    Args:
        model: its section, with ``start``, ``vectors`` and, for a classifier, ``members``.
        where: name of the file, for the message.

    Raises:
        UserError: it is an ensemble, or names pretrained vectors as well.
    """
    if model.start is None:
        return
    for key in ("vectors", "members"):
        value = getattr(model, key, None)
        if value not in (None, 1):
            raise UserError(
                f"{where} has model.start and model.{key} {value!r}.",
                "one network, whose vectors are those of the language model.",
                f"remove model.{key} or model.start.",
            )
