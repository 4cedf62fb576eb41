"""Schema of a recipe for image captioning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from keras_rnn_recipes.config.base import (
    Cell,
    Count,
    Experiment,
    Section,
    Share,
    TrainingConfig,
    Widths,
    listed,
    named_separator,
    require_one_source,
)
from keras_rnn_recipes.config.shapes import Shape
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.metric_info import metrics_of
from keras_rnn_recipes.extras import require_extra
from keras_rnn_recipes.text.preparation import Preparation

if TYPE_CHECKING:
    CaptionMetric = str
else:  # a new metric is an entry there, and nothing here
    CaptionMetric = Literal[(*metrics_of("captions"), "bleu", "chrf")]

CaptionBaseline = Literal["language_model", "nearest_image", "permuted_images"]

ENCODERS = ("conv", "none")


class CaptionDataConfig(Section):
    """Where images and captions come from, how they are split, and what the network sees.

    Files of captions are tables with a column of image names and one of captions, or lines such as
    ``dog.jpg#0<tab>A dog runs.``; an image may have several captions. A folder stands for the file
    of captions in it. For a part, a file may also list names of images, one in each line, whose
    captions are in ``captions``.

    Attributes:
        source: name of a data set, or a file of captions from which parts are held out.
        train: captions of the training part, in place of ``source``.
        valid: captions for validation; None to hold out ``valid_share`` of the training images.
        test: captions for testing; None to hold out ``test_share`` of the training images.
        captions: file of captions to which lists of names refer; None: that of ``source``.
        images: folder with the images, at any depth; None: that of the file of captions.
        image_col: column of image names; None: the first of image, file, filename, name and the
            like.
        caption_col: column of captions; None: caption, text, sentence and the like.
        separator: between columns, such as ``","`` or ``"tab"``; None to find it.
        encoding: of the files; None for UTF-8.
        valid_share: share of the training images that is held out for validation.
        test_share: share of the training images that is held out for testing.
        height: of the images that the network sees, in pixels; None: the median of the training
            images, at most 64.
        width: as ``height``.
        color: ``"grey"`` or ``"rgb"``; ``"auto"``: grey if no training image is in color.
        lower: whether captions are in lower case.
        normalize: the Unicode form of captions.
        max_length: tokens above which a caption is left out of training.
        max_vocabulary: largest number of tokens; None for no limit.
        min_count: occurrences in training captions below which a token is unknown.
    """

    source: str | None = None
    train: str | None = None
    valid: str | None = None
    test: str | None = None
    captions: str | None = None
    images: str | None = None
    image_col: str | None = None
    caption_col: str | None = None
    separator: Annotated[str, Field(min_length=1), AfterValidator(named_separator)] | None = None
    encoding: str | None = None
    valid_share: Share = 0.1
    test_share: Share = 0.1
    height: Count | None = None
    width: Count | None = None
    color: Literal["auto", "grey", "rgb"] = "auto"
    lower: bool = True
    normalize: Literal["NFC", "NFKC", "none"] = "NFC"
    max_length: Annotated[int, Field(ge=3)] = 40
    max_vocabulary: Annotated[int, Field(ge=5)] | None = 10_000
    min_count: Count = 1

    def preparation(self) -> Preparation:
        """How captions are tokenized: words between [START] and [END]."""
        return Preparation(lower=self.lower, normalize=self.normalize, ends=True)


class CaptionerConfig(Section):
    """The network: options of `captioner`.

    Attributes:
        encoder: ``"conv"``; ``"none"``, which does not see the image; or the name of a network of
            `keras.applications`, such as ``"MobileNetV2"``.
        encoder_weights: file with the weights of that network without its top; nothing is
            downloaded, and without a file it starts at random.
        encoder_trainable: whether the weights of that network change.
        attention: over the places of the image, or ``"none"``.
    """

    encoder: str = "conv"
    encoder_weights: str | None = None
    encoder_trainable: bool = False
    filters: Widths = (16, 32, 64)
    stride: Count = 1
    batch_norm: bool = True
    positions: bool = True
    attention: Literal["additive", "multiplicative", "none"] = "additive"
    attention_heads: Count = 1
    cell: Cell = "lstm"
    units: Widths = (128,)
    embedding_size: Count = 64
    tied: bool = True
    dropout: Share = 0.0
    embedding_dropout: Share | None = None
    layer_norm: bool = False

    def options(self) -> dict[str, Any]:
        """The builder's options as keyword arguments, without those of the encoder.

        Example:
            >>> CaptionerConfig(attention="none").options()["attention"] is None
            True
        """
        of_encoder = {"encoder", "encoder_weights", "encoder_trainable"}
        options = self.model_dump(exclude=of_encoder)
        return options | {"attention": None if self.attention == "none" else self.attention}


class CaptionFitConfig(TrainingConfig):
    """How the network is trained: `TrainingConfig`, label smoothing, and a control.

    Attributes:
        label_smoothing: probability that the target distribution spreads over all other tokens.
        permute_images: a control: each training image gets the captions of another one. What is
            learned then cannot be better than the language model.
    """

    label_smoothing: Share = 0.0
    permute_images: bool = False


class CaptionEvaluateConfig(Section):
    """How the network is evaluated: by beam search and ``metrics``, the first of which decides.

    Attributes:
        beam_width: hypotheses that the search keeps.
        length_penalty: exponent that corrects the preference for short texts.
        max_length: largest number of tokens of a caption.
        baselines: ``"language_model"``: the same decoder without an image; ``"nearest_image"``: a
            caption of the training image with the most similar pixels; ``"permuted_images"``: the
            trained network's captions of other test images.
    """

    beam_width: Count = 3
    length_penalty: Annotated[float, Field(ge=0)] = 0.6
    max_length: Count = 40
    metrics: Annotated[tuple[CaptionMetric, ...], BeforeValidator(listed), Field(min_length=1)] = (
        "bleu",
        "exact_match",
        "word_accuracy",
    )
    baselines: Annotated[tuple[CaptionBaseline, ...], BeforeValidator(listed)] = (
        "language_model",
        "nearest_image",
        "permuted_images",
    )

    @property
    def deciding(self) -> str:
        """The metric by which the model is compared with its baselines: the first."""
        return self.metrics[0]


class CaptionConfig(Experiment):
    """One experiment of image captioning.

    Example:
        >>> CaptionConfig(data=CaptionDataConfig(source="scenes")).headline
        'LSTM captioner with additive attention, on scenes'
    """

    family: Literal["captioning"] = "captioning"
    data: CaptionDataConfig
    model: CaptionerConfig = CaptionerConfig()
    fit: CaptionFitConfig = CaptionFitConfig(epochs=30)
    evaluate: CaptionEvaluateConfig = CaptionEvaluateConfig()

    @property
    def shape(self) -> Shape:
        """How many inputs and answers the task has."""
        return "one-to-many"

    @property
    def headline(self) -> str:
        """A short description of the experiment."""
        source = self.data.source or self.data.train
        attention = "without" if self.model.attention == "none" else f"with {self.model.attention}"
        cell = {"lstm": "LSTM", "gru": "GRU"}.get(self.model.cell, "simple RNN")
        return f"{cell} captioner {attention} attention, on {source}"

    def check(self, where: str) -> None:
        """Check that there is one source, and that the options belong to the encoder."""
        require_one_source(
            self.data, where, 'source = "scenes" or train = "captions.txt" in the section [data]'
        )
        encoder, weights = self.model.encoder, self.model.encoder_weights
        if encoder not in ENCODERS and not encoder[:1].isupper():
            raise UserError(
                f"{where} has model.encoder {encoder!r}.",
                'conv, none, or a network of keras.applications, such as "MobileNetV2".',
                "correct model.encoder.",
            )
        if weights is not None and encoder in ENCODERS:
            raise UserError(
                f"{where} has model.encoder_weights and model.encoder {encoder!r}.",
                "weights for a network of keras.applications.",
                "remove model.encoder_weights, or name that network as model.encoder.",
            )

    def require_extras(self) -> None:
        """Refuse metrics of the extra ``text`` where it is not installed."""
        if set(self.evaluate.metrics) - {"exact_match"}:
            require_extra("text", f"Scoring with {', '.join(self.evaluate.metrics)}")
