"""Schema of a recipe for music: notes of many voices at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from keras_rnn_recipes.config.base import (
    Cell,
    Count,
    Experiment,
    Section,
    Share,
    Skips,
    TrainingConfig,
    Widths,
    ascending,
    listed,
    require_one_source,
)
from keras_rnn_recipes.config.shapes import Shape
from keras_rnn_recipes.extras import require_extra

MusicBaseline = Literal["key_frequency", "repeat_last", "frame_ngram"]

Repeats = Annotated[tuple[Count, ...], BeforeValidator(listed), AfterValidator(ascending)]


class MusicDataConfig(Section):
    """Where the pieces come from, and how they are split.

    Attributes:
        source: name of a data set, or a file or folder of MIDI files, ABC tunes or piano rolls,
            from which validation and test parts are held out.
        train: file or folder of the training part, in place of ``source``.
        valid: the same for validation; None to hold out ``valid_share`` of the pieces.
        test: the same for testing; None to hold out ``test_share`` of the pieces.
        frames_per_beat: frames of a quarter note, to which the notes of MIDI files and ABC tunes
            are moved. Of piano rolls, it is the speed at which they are played.
        valid_share: share of the training pieces that is held out for validation.
        test_share: share of the training pieces that is held out for testing.
    """

    source: str | None = None
    train: str | None = None
    valid: str | None = None
    test: str | None = None
    frames_per_beat: Annotated[int, Field(ge=1, le=48)] = 4
    valid_share: Share = 0.1
    test_share: Share = 0.1


class MusicModelConfig(Section):
    """The network: options of `music_model`."""

    cell: Cell = "lstm"
    units: Widths = (256,)
    head: Literal["nade", "independent"] = "nade"
    hidden: Count = 100
    repeats: Repeats = ()
    dropout: Share = 0.0
    input_dropout: Share = 0.0
    residual: bool = False
    layer_norm: bool = False
    l2: Annotated[float, Field(ge=0)] = 0.0
    recurrent_skips: Skips = ()

    def options(self) -> dict[str, Any]:
        """The builder's options as keyword arguments."""
        return self.model_dump()


class MusicFitConfig(TrainingConfig):
    """How the network is trained.

    Attributes:
        window: frames after which a long piece is cut into two examples.
        transpose: semitones by which a training piece is moved at most, up or down, drawn anew for
            each example; a note never leaves the keyboard.
    """

    window: Annotated[int, Field(ge=2)] = 512
    transpose: Annotated[int, Field(ge=0, le=48)] = 5


class MusicEvaluateConfig(Section):
    """How the network is evaluated, and which piece is composed for the report.

    Attributes:
        baselines: models to compare with.
        ngrams: frames in the longest n-gram of ``"frame_ngram"``.
        length: frames of the piece.
        temperature: randomness of the draws; 0 takes the more probable value of each key.
        start: frames of the first test piece from which the piece goes on; 0 begins without any.
    """

    baselines: Annotated[tuple[MusicBaseline, ...], BeforeValidator(listed)] = (
        "key_frequency",
        "repeat_last",
        "frame_ngram",
    )
    ngrams: Count = 4
    length: Count = 256
    temperature: Annotated[float, Field(ge=0)] = 0.9
    start: Annotated[int, Field(ge=0)] = 0


class MusicConfig(Experiment):
    """One experiment of music.

    Example:
        >>> MusicConfig(data=MusicDataConfig(source="canons")).headline
        'lstm music model, keys by NADE, on canons'
    """

    family: Literal["music"] = "music"
    data: MusicDataConfig
    model: MusicModelConfig = MusicModelConfig()
    fit: MusicFitConfig = MusicFitConfig(epochs=30)
    evaluate: MusicEvaluateConfig = MusicEvaluateConfig()

    @property
    def shape(self) -> Shape:
        """How many inputs and answers the task has: from a start on, frame after frame."""
        return "one-to-many"

    @property
    def headline(self) -> str:
        """A short description of the experiment."""
        source = self.data.source or Path(self.data.train or "").name
        keys = "keys by NADE" if self.model.head == "nade" else "independent keys"
        return f"{self.model.cell} music model, {keys}, on {source}"

    def check(self, where: str) -> None:
        """Check that the recipe has exactly one source of pieces."""
        require_one_source(
            self.data, where, 'source = "canons" or train = "songs" in the section [data]'
        )

    def require_extras(self) -> None:
        """Check that the packages that hold or read the data are installed."""
        if self.data.source == "chorales":
            require_extra("chorales", "The data set chorales")
