"""The steps that the script of captioning calls: load, batches, controls, scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from keras_rnn_recipes.builders.captioner import application_encoder, captioner
from keras_rnn_recipes.config.captioning import (
    ENCODERS,
    CaptionConfig,
    CaptionDataConfig,
    CaptionerConfig,
    CaptionEvaluateConfig,
)
from keras_rnn_recipes.errors import UserError, counted
from keras_rnn_recipes.evaluation.translation import (
    describe_signatures as describe_signatures,
    score_texts,
)
from keras_rnn_recipes.families.captioning.files import (
    Captions,
    choose,
    find_captions,
    find_images,
    read_captions,
    read_names,
)
from keras_rnn_recipes.families.captioning.pipeline import Pipeline
from keras_rnn_recipes.families.encoder_decoder.pipeline import Search
from keras_rnn_recipes.families.image_parts import (
    ImageParts,
    choose_size,
    hold_out_images,
    load_image_parts,
    no_image,
)
from keras_rnn_recipes.media.captioned_images import CaptionedImages, caption_batches
from keras_rnn_recipes.media.given_images import read_some
from keras_rnn_recipes.media.image_tensors import Size, prepared_arrays
from keras_rnn_recipes.media.images import ImageFile, Tell, overlap_notes, read_all, read_header
from keras_rnn_recipes.reporting.results import (
    results_record as results_record,
    results_table as results_table,
)
from keras_rnn_recipes.serving.vocabulary import vocabulary_record as vocabulary_record
from keras_rnn_recipes.text.row_counts import unknown_note
from keras_rnn_recipes.text.tokenizer import Tokenizer
from keras_rnn_recipes.training.loop import fit
from keras_rnn_recipes.training.token_loss import token_loss

# Epochs without a better validation loss after which a language model stops.
_PATIENCE = 3
# Images that are compared with all training images in one matrix product.
_AT_ONCE = 100

loss = token_loss

Answer = Callable[[Any], Sequence[str]]
Ids = Sequence[Sequence[np.ndarray]]


def load(data: CaptionDataConfig, *, seed: int = 0) -> ImageParts[CaptionedImages]:
    """Load the training, validation and test part of a recipe.

    Args:
        data: the recipe's section: the name of a data set, or files of captions. Missing parts are
            held out from the training part; equal images stay in one part.
        seed: seed of the choice of held-out images.

    Raises:
        UserError: no such data set or file, no image that can be read, or too few to hold out.

    Example:
        >>> parts = load(CaptionDataConfig(source="scenes"))  # doctest: +SKIP
        >>> parts.size  # doctest: +SKIP
        (32, 32, 3)
    """
    return load_image_parts(
        data,
        "captioning",
        read=lambda _, tell: _of_files(data, tell),
        hold_out=partial(hold_out, seed=seed),
        judge=lambda parts: overlap_notes({name: part.keys() for name, part in parts.items()}),
    )


def _of_files(data: CaptionDataConfig, tell: Tell) -> tuple[dict[str, CaptionedImages], Size]:
    """The parts for which there are files."""
    by_part, folder = part_captions(data, tell)
    files = {name: _headers(of_part, folder, tell) for name, of_part in by_part.items()}
    size = choose_size([file for file, _ in files["train"]], data)
    return {name: _read(of_part, folder, size, tell) for name, of_part in files.items()}, size


def part_captions(data: CaptionDataConfig, tell: Tell) -> tuple[dict[str, Captions], Path]:
    """The captions of each part that is given, and the folder of the images.

    Args:
        data: the recipe's section.
        tell: called with each note.

    Raises:
        UserError: a file that is missing or cannot be read, or a list of names without captions.
    """
    given = {"train": data.source or data.train, "valid": data.valid, "test": data.test}
    paths = {name: path for name, path in given.items() if path is not None}
    names = {part: read_names(path, data) for part, path in paths.items()}
    # The table that lists refer to, and the images of the training part if that is no list.
    table = data.captions or (None if names["train"] else paths["train"])
    if table is None:
        raise UserError(
            f"{paths['train']} lists names of images, without captions.",
            "the file with the captions of these images as data.captions.",
            "give data.captions, such as data.captions=Flickr8k.token.txt.",
        )
    every = read_captions(table, data, tell=tell)
    found = {
        part: choose(every, listed, paths[part], tell)
        if listed is not None
        else read_captions(paths[part], data, tell=tell if part != "train" else _silent)
        for part, listed in names.items()
    }
    if names["train"] is None:
        # Images of a list for testing are no training images.
        others = {name for part, listed in names.items() if listed for name in listed}
        found["train"] = {
            name: several for name, several in found["train"].items() if name not in others
        }
    return found, Path(data.images) if data.images else find_captions(Path(table)).parent


def _silent(note: str) -> None:
    """Drop a note that was told before."""


def _headers(
    captions: Captions, folder: Path, tell: Tell
) -> list[tuple[ImageFile, tuple[str, ...]]]:
    """The image files with captions, whose headers can be read."""
    found, refused = [], []
    for path, several in find_images(captions, folder, tell).items():
        try:
            found.append((read_header(path), tuple(several)))
        except UserError as error:
            refused.append(error.what)
    if refused:
        left = counted(len(refused), "file", "was left out", "were left out")
        tell(f"{left}: {' '.join(refused[:3])}{' ...' if len(refused) > 3 else ''}")
    return found


def _read(
    files: Sequence[tuple[ImageFile, tuple[str, ...]]], folder: Path, size: Size, tell: Tell
) -> CaptionedImages:
    """Read and resize the images of a part, one at a time."""
    captions = {file.path: several for file, several in files}
    kept, images = read_all(
        [file for file, _ in files], lambda image: prepared_arrays([image], size)[0], tell=tell
    )
    if not kept:
        raise no_image(folder)
    names = tuple(file.path.relative_to(folder).as_posix() for file in kept)
    return CaptionedImages(np.stack(images), tuple(captions[file.path] for file in kept), names)


def read_evaluated(
    source: Path, data: CaptionDataConfig, folder: str | None, tell: Tell
) -> Iterator[tuple[list[np.ndarray], list[tuple[str, ...]]]]:
    """Images of new captions, some at a time, with the captions of each.

    Args:
        source: file of captions, or a folder that holds one.
        data: the recipe's section, which says how the file is read.
        folder: of the images; None: that of the file.
        tell: called with each note.

    Raises:
        UserError: a file that cannot be read, or no image of it that can.
    """
    captions = read_captions(source, data, tell=tell)
    images = Path(folder) if folder else find_captions(source).parent
    files = _headers(captions, images, tell)
    by_path = {str(file.path): several for file, several in files}
    none = True
    for names, some in read_some([file for file, _ in files], tell):
        none = False
        yield some, [by_path[name] for name in names]
    if none:
        raise no_image(images)


def hold_out(
    part: CaptionedImages, share: float, *, seed: int = 0
) -> tuple[CaptionedImages, CaptionedImages]:
    """Split images into two parts; equal images stay together.

    Args:
        part: the training part.
        share: of the images that are held out.
        seed: of the choice.

    Returns:
        The remaining images, and those held out.

    Raises:
        UserError: a share out of range, or all images are equal.
    """
    return hold_out_images(part, share, [()] * len(part), seed=seed, files="captions")


def describe(parts: ImageParts[CaptionedImages]) -> str:
    """Summary of the data, a few lines for the terminal."""
    per_image = len(parts.train.texts()) / len(parts.train)
    return "\n".join(
        [
            f"{parts.name}: images {parts.counts()}",
            f"{per_image:.3g} captions for each training image",
            parts.pixels(),
            *parts.notes,
        ]
    )


def describe_tokens(parts: ImageParts[CaptionedImages], tokenizer: Tokenizer) -> str:
    """What was decided by the captions, and the share of unknown words in each part, in lines."""
    named = (("train", parts.train), ("validation", parts.valid), ("test", parts.test))
    ids = {name: tokenizer.encode(part.texts()) for name, part in named}
    return "\n".join([*tokenizer.notes, f"captions: {unknown_note(ids)}"])


def choose_search(config: CaptionEvaluateConfig) -> Search:
    """The beam search settings of a recipe."""
    return Search(
        beam_width=config.beam_width,
        length_penalty=config.length_penalty,
        max_length=config.max_length,
    )


def encode(
    part: CaptionedImages, tokenizer: Tokenizer, *, max_length: int | None = None
) -> tuple[CaptionedImages, Ids]:
    """The ids of the captions of each image, without captions that are too long.

    Args:
        part: images and captions.
        tokenizer: which adds [START] and [END].
        max_length: drop captions with more tokens, and images without another caption.

    Returns:
        The images that are left, and their ids.

    Raises:
        UserError: every caption is longer than ``max_length``.
    """
    rows = iter(tokenizer.encode(part.texts()))
    ids = [[next(rows) for _ in several] for several in part.captions]
    if max_length is None:
        return part, ids
    kept = [[row for row in several if len(row) <= max_length] for several in ids]
    longer = len(part.texts()) - sum(map(len, kept))
    left = [number for number, several in enumerate(kept) if several]
    if not left:
        raise UserError(
            f"Every caption has more than {counted(max_length, 'token')}.",
            "some that are as short as data.max_length.",
            "raise data.max_length.",
        )
    if longer:
        print(
            f"{counted(longer, 'caption')} of more than {max_length} tokens not trained on, and "
            f"{counted(len(part) - len(left), 'image')} without another one; data.max_length sets "
            "another limit."
        )
    return part.rows(left), [kept[number] for number in left]


def batches(
    parts: ImageParts[CaptionedImages], tokenizer: Tokenizer, config: CaptionConfig
) -> tuple[Callable[..., tf.data.Dataset], tf.data.Dataset, int]:
    """Batches of images and captions: endless ones to train on, and those of the validation part.

    With ``fit.permute_images`` the images of both parts are exchanged with each other.

    Args:
        parts: from `load`.
        tokenizer: of the captions.
        config: the recipe.

    Returns:
        What `fit` takes: a function of ``first_epoch``, the validation batches, and the number of
        training images.
    """
    training = config.fit
    train, ids = encode(parts.train, tokenizer, max_length=config.data.max_length)
    valid, valid_ids = encode(parts.valid, tokenizer)
    images, watched = train.images, valid.images
    if training.permute_images:
        print("A control: each image has the captions of another one.")
        images, watched = images[_others(len(images))], watched[_others(len(watched))]
    endless = partial(
        caption_batches,
        images,
        ids,
        batch_size=training.batch_size,
        seed=training.seed,
        repeat=True,
    )
    finite = caption_batches(watched, valid_ids, batch_size=training.batch_size, shuffle=False)
    return endless, finite, len(train)


def _others(count: int) -> np.ndarray:
    """A permutation without a fixed point, always the same, if there are two or more."""
    cycle = np.random.default_rng(0).permutation(count)
    found = np.empty(count, "int64")
    found[cycle] = np.roll(cycle, 1)
    return found


def build(size: Size, tokenizer: Tokenizer, config: CaptionerConfig) -> keras.Model:
    """The network of a recipe: `captioner` with the recipe's options.

    Raises:
        UserError: a network of `keras.applications` that does not exist or does not take images of
            this size, or weights that are missing or of another network.
    """
    encoder: Any = config.encoder
    if encoder not in ENCODERS:
        encoder = _application(size, config)
    return captioner(size, len(tokenizer.vocabulary), encoder=encoder, **config.options())


def _application(size: Size, config: CaptionerConfig) -> keras.Model:
    weights = config.encoder_weights
    if weights is None:
        print(f"{config.encoder} starts from random weights: model.encoder_weights names none.")
    elif not Path(weights).is_file():
        raise UserError(
            f"The weights {weights} do not exist.",
            f"a file with the weights of {config.encoder} without its top.",
            "correct model.encoder_weights.",
        )
    trainable = config.encoder_trainable or weights is None
    try:
        return application_encoder(config.encoder, size, weights=weights, trainable=trainable)
    except (ValueError, OSError, KeyError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(
            f"model.encoder {config.encoder} cannot be made for images of {size[0]} by {size[1]} "
            f"pixels and {counted(size[2], 'channel')}: {reason}",
            "a network of keras.applications, images that it takes, and its own weights without "
            "the top.",
            "change model.encoder, model.encoder_weights, data.height, data.width or data.color.",
        ) from error


def fit_baselines(
    parts: ImageParts[CaptionedImages], served: Pipeline, config: CaptionConfig
) -> dict[str, Callable[[], list[str]]]:
    """What the network is compared with, as functions that caption the test images.

    Args:
        parts: from `load`.
        served: the trained captioner.
        config: the recipe, whose section ``evaluate`` names them.

    Returns:
        By name: "language_model": the same decoder, trained on the same captions without images;
        "nearest_image": the first caption of the training image with the most similar pixels;
        "permuted_images": the network's own captions of other test images.
    """
    makers: dict[str, Callable[[], list[str]]] = {
        "language_model": lambda: _language_model(parts, served.tokenizer, config),
        "nearest_image": lambda: nearest_captions(parts.train, parts.test.images),
        "permuted_images": lambda: served(parts.test.images[_others(len(parts.test))]),
    }
    return {name: makers[name] for name in config.evaluate.baselines}


def _language_model(
    parts: ImageParts[CaptionedImages], tokenizer: Tokenizer, config: CaptionConfig
) -> list[str]:
    """The same caption for every image: the most probable one."""
    training = config.fit.model_copy(
        update={"patience": _PATIENCE, "watch_gradients": False, "permute_images": False}
    )
    unseeing = config.model.model_copy(update={"encoder": "none", "encoder_weights": None})
    alone = config.model_copy(update={"fit": training, "model": unseeing})
    endless, watched, count = batches(parts, tokenizer, alone)
    model = build(parts.size, tokenizer, unseeing)
    made = token_loss(training.label_smoothing)
    fit(model, endless, watched, num_windows=count, config=training, loss=made)
    caption = Pipeline(tokenizer, model, choose_search(config.evaluate))(parts.test.images[:1])
    return caption * len(parts.test)


def nearest_captions(train: CaptionedImages, images: np.ndarray) -> list[str]:
    """The first caption of the training image with the smallest squared difference of pixels.

    Args:
        train: the training part.
        images: uint8 ``(images, height, width, channels)``.

    Example:
        >>> pixels = np.array([0, 100, 200], "uint8").reshape(3, 1, 1, 1)
        >>> known = CaptionedImages(pixels, (("dark",), ("grey", "dull"), ("light",)), ("", "", ""))
        >>> nearest_captions(known, np.full((1, 1, 1, 1), 120, "uint8"))
        ['grey']
    """
    known = train.images.reshape(len(train), -1).astype("float32")
    squares = (known**2).sum(axis=1)
    found: list[str] = []
    for start in range(0, len(images), _AT_ONCE):  # bounds the memory
        some = images[start : start + _AT_ONCE].reshape(-1, known.shape[1]).astype("float32")
        nearest = np.argmin(squares[:, None] - 2 * known @ some.T, axis=0)
        found += [train.captions[number][0] for number in nearest]
    return found


def score(
    references: Sequence[Sequence[str]],
    answers: Mapping[str, Sequence[str]],
    *,
    metrics: Sequence[str],
    lowercase: bool = True,
    normalize: str = "NFC",
) -> dict[str, dict[str, float]]:
    """Scores of the answers by model, see `score_texts`; every caption of an image is a reference.

    Args:
        references: the captions of each image.
        answers: texts by model.
        metrics: names.
        lowercase: ignore case, as for answers of a run with ``data.lower``.
        normalize: ``data.normalize`` of the run.
    """
    return {
        name: score_texts(
            texts, references, metrics=metrics, lowercase=lowercase, normalize=normalize
        )
        for name, texts in answers.items()
    }


def predictions_table(part: CaptionedImages, answers: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """A row for each image: ``image``, the first ``reference`` and the answer of each model."""
    columns = {"image": list(part.names), "reference": [one[0] for one in part.captions]}
    return pd.DataFrame({**columns, **{name: list(texts) for name, texts in answers.items()}})
