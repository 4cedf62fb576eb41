"""Schema of a recipe for speech recognition."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from keras_rnn_recipes.config.base import (
    Cell,
    Count,
    Experiment,
    Names,
    Section,
    Share,
    Skips,
    TrainingConfig,
    Widths,
    listed,
    require_one_source,
)
from keras_rnn_recipes.config.shapes import Shape
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.metric_info import metrics_of
from keras_rnn_recipes.extras import require_extra

if TYPE_CHECKING:
    SpeechMetric = str
else:  # a new metric is an entry there, and nothing here
    SpeechMetric = Literal[metrics_of("texts")]

SpeechBaseline = Literal["most_frequent", "nearest_length"]

Numbers = Annotated[tuple[float, ...], BeforeValidator(listed), Field(min_length=1)]


class SpeechDataConfig(Section):
    """Where recordings and transcripts come from, how they are split, and how texts are written.

    Attributes:
        source: name of a data set, or a table or folder from which validation and test parts are
            held out; see `read_transcribed` for the layouts.
        train: table or folder of the training part, in place of ``source``.
        valid: the same for validation; None to hold out ``valid_share`` of the training part.
        test: the same for testing; None to hold out ``test_share`` of the training part.
        file_col: column of a table that names the file of each recording.
        text_col: column of the transcripts.
        rate: samples per second to which waveforms are resampled; None for the most frequent rate
            of the files. Of features, frames per second, for the times of characters.
        lower: whether transcripts are made lower case.
        punctuation: whether transcripts keep their punctuation.
        valid_share: share of the training part that is held out for validation.
        test_share: share of the training part that is held out for testing.
    """

    source: str | None = None
    train: str | None = None
    valid: str | None = None
    test: str | None = None
    file_col: str = "file"
    text_col: str = "text"
    rate: Count | None = None
    lower: bool = True
    punctuation: bool = False
    valid_share: Share = 0.1
    test_share: Share = 0.1


class SpeechModelConfig(Section):
    """The network: options of `speech_recognizer`, and those of its front end.

    Attributes:
        front_end: ``"log_mel"`` for waveforms, ``"none"`` for features; None for the one that fits
            the data.
        bands: mel bands of ``"log_mel"``.
        window_ms: length of its frames in milliseconds.
        hop_ms: from the start of a frame to that of the next one, in milliseconds.
    """

    cell: Cell = "lstm"
    units: Widths = (128, 128)
    bidirectional: bool = True
    convolutions: Annotated[tuple[Count, ...], BeforeValidator(listed)] = (64,)
    kernel_size: Count = 5
    stride: Count = 2
    front_end: Literal["log_mel", "none"] | None = None
    bands: Count = 40
    window_ms: Annotated[float, Field(gt=0)] = 25.0
    hop_ms: Annotated[float, Field(gt=0)] = 10.0
    attend_bands: bool = False
    scaling: Literal["training", "channel", "sequence", "none"] = "training"
    differences: bool = False
    noise: Annotated[float, Field(ge=0)] = 0.0
    speed: Share = 0.0
    mask_steps: Share = 0.0
    mask_channels: Share = 0.0
    residual: bool = False
    layer_norm: bool = False
    dropout: Share = 0.0
    l2: Annotated[float, Field(ge=0)] = 0.0
    recurrent_skips: Skips = ()

    def options(self) -> dict[str, Any]:
        """The builder's options as keyword arguments.

        Example:
            >>> SpeechModelConfig(units=(8,)).options()["units"]
            (8,)
        """
        return self.model_dump(exclude={"front_end", "bands", "window_ms", "hop_ms"})


class SpeechFitConfig(TrainingConfig):
    """How the network is trained.

    Attributes:
        watch_gradients: always off. The gradient flow is that of the loss at the last step, and CTC
            has a loss of all steps only.
    """

    epochs: Count = 30
    watch_gradients: Literal[False] = False


class SpeechEvaluateConfig(Section):
    """How the network is decoded and scored by ``metrics``, the first of which decides.

    Attributes:
        beam_width: prefixes that the beam search keeps.
        language_model: learned from the training transcripts: ``"characters"`` or ``"words"``
            (which allows only words that it knows), or ``"none"``.
        order: characters, or words (1 or 2), of the longest n-gram.
        word_list: words to which the answers are restricted: ``"training"`` for those of the
            training transcripts, and files with one word a line.
        weights: factors of the language model's log probability, of which the validation part
            chooses.
        bonuses: nats added for each character, of which the validation part chooses.
        piece_seconds: recordings that are longer are read in pieces of this length.
    """

    beam_width: Count = 16
    language_model: Literal["none", "characters", "words"] = "none"
    order: Annotated[int, Field(ge=1, le=10)] = 5
    word_list: Names = ()
    weights: Numbers = (0.0, 0.2, 0.4, 0.7, 1.0)
    bonuses: Numbers = (0.0, 0.5, 1.0)
    piece_seconds: Annotated[int, Field(ge=5)] = 30
    metrics: Annotated[tuple[SpeechMetric, ...], BeforeValidator(listed), Field(min_length=1)] = (
        "character_error_rate",
        "word_error_rate",
        "accuracy_at_1",
    )
    baselines: Annotated[tuple[SpeechBaseline, ...], BeforeValidator(listed)] = (
        "most_frequent",
        "nearest_length",
    )

    @property
    def deciding(self) -> str:
        """The metric by which the model is compared with its baselines: the first."""
        return self.metrics[0]


class SpeechConfig(Experiment):
    """One experiment of speech recognition.

    Example:
        >>> SpeechConfig(data=SpeechDataConfig(source="morse")).headline
        'lstm speech recognizer, on morse'
    """

    family: Literal["speech_recognition"] = "speech_recognition"
    data: SpeechDataConfig
    model: SpeechModelConfig = SpeechModelConfig()
    fit: SpeechFitConfig = SpeechFitConfig()
    evaluate: SpeechEvaluateConfig = SpeechEvaluateConfig()

    @property
    def shape(self) -> Shape:
        """How many inputs and answers the task has."""
        return "many-to-many-different"

    @property
    def headline(self) -> str:
        """A short description of the experiment."""
        source = self.data.source or Path(self.data.train or "").name
        return f"{self.model.cell} speech recognizer, on {source}"

    def check(self, where: str) -> None:
        """Check the source of the recordings, and keys that do not go together."""
        require_one_source(
            self.data, where, 'source = "morse" or train = "recordings.csv" in the section [data]'
        )
        if self.model.stride > 1 and not self.model.convolutions:
            raise UserError(
                f"{where} has model.stride {self.model.stride} and no model.convolutions.",
                "a stride with convolutions only.",
                "set model.stride to 1, or model.convolutions to a width such as 64.",
            )
        if self.model.hop_ms > self.model.window_ms:
            raise UserError(
                f"{where} has model.hop_ms {self.model.hop_ms:g} and model.window_ms "
                f"{self.model.window_ms:g}, so that no frame would read some of the samples.",
                "frames that overlap or touch.",
                "lower model.hop_ms, or raise model.window_ms.",
            )
        if self.model.attend_bands and self.model.scaling in ("channel", "sequence"):
            raise UserError(
                f'{where} has model.attend_bands with model.scaling "{self.model.scaling}", which '
                "makes the bands of a recording alike, so that none stands out.",
                "bands in one unit for all recordings.",
                'set model.scaling to "training" or "none", or model.attend_bands to false.',
            )
        if self.evaluate.language_model == "words" and self.evaluate.order > 2:
            raise UserError(
                f"{where} has evaluate.order {self.evaluate.order} for words.",
                "1 or 2 words.",
                "lower evaluate.order, or set evaluate.language_model to characters.",
            )

    def require_extras(self) -> None:
        """Refuse metrics of the extra ``text`` where it is not installed."""
        if set(self.evaluate.metrics) - {"accuracy_at_1"}:
            require_extra("text", f"Scoring with {', '.join(self.evaluate.metrics)}")
