"""Captioning from files of one's own to the SavedModel, on pictures drawn for it."""

from __future__ import annotations

import json

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from families.command import krr
from fresh import run_forked
from PIL import Image

from keras_rnn_recipes.builders.captioner import captioner
from keras_rnn_recipes.config.captioning import (
    CaptionConfig,
    CaptionDataConfig,
    CaptionerConfig,
    CaptionFitConfig,
)
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families import captioning
from keras_rnn_recipes.families.captioning.files import read_captions
from keras_rnn_recipes.families.captioning.report import attention_sections, captions_section
from keras_rnn_recipes.families.captioning.task import (
    _others,
    load,
    nearest_captions,
)
from keras_rnn_recipes.families.encoder_decoder import Search
from keras_rnn_recipes.families.image_parts import ImageParts
from keras_rnn_recipes.media.captioned_images import CaptionedImages
from keras_rnn_recipes.serving.saved_images import SavedCaptioner
from keras_rnn_recipes.text.preparation import Preparation
from keras_rnn_recipes.text.tokenizer import Tokenizer, fit_tokenizer
from keras_rnn_recipes.text.vocabulary import SPECIALS

RECIPE = """
family = "captioning"
[data]
train = "pictures"
height = 16
width = 16
test_share = 0.2
valid_share = 0.2
[model]
attention = "multiplicative"
units = [32]
embedding_size = 16
filters = [16, 16]
[fit]
epochs = 40
batch_size = 8
learning_rate = 0.01
[evaluate]
metrics = ["exact_match", "bleu", "word_accuracy"]
"""
SAVES = {"png": "RGBA", "jpg": "CMYK", "gif": "P", "bmp": "RGB"}
COLORS = {"red": (220, 30, 30), "blue": (30, 30, 220)}


def picture(color, side, random):
    """A light picture, one half of which is of a color."""
    height, width = random.integers(18, 30, 2)
    pixels = np.full((height, width, 3), 235.0)
    half = slice(0, width // 2) if side == "left" else slice(width // 2, width)
    pixels[:, half] = COLORS[color]
    pixels += random.normal(0, 6, pixels.shape)
    return Image.fromarray(np.clip(pixels, 0, 255).astype("uint8"))


def write_pictures(folder, count, seed):
    """Pictures in several formats and modes; the names with their captions."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        color, side = list(COLORS)[number % 2], ("left", "right")[number // 2 % 2]
        suffix = list(SAVES)[number // 4 % len(SAVES)]
        name = f"{number:02d}.{suffix}"
        picture(color, side, random).convert(SAVES[suffix]).save(folder / name)
        rows.append((name, [f"{color} on the {side}.", f"The {side}, in short, is {color}."]))
    return rows


def write_csv(path, rows):
    lines = [f'{name},"{caption}"' for name, captions in rows for caption in captions]
    path.write_text("\n".join(["image,caption", *lines]) + "\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("captions")
    rows = write_pictures(folder / "pictures", 48, seed=0)
    (folder / "pictures" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n oops")
    rows = [*rows, ("broken.png", ["red on the left."]), ("lost.png", ["blue on the left."])]
    write_csv(folder / "pictures" / "captions.txt", rows)
    write_csv(folder / "new.csv", write_pictures(folder / "new", 16, seed=1))
    (folder / "my.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def run(folder):
    printed = krr("run", str(folder / "my.toml"), "--run-dir", str(folder / "run"))
    return folder / "run", printed


@pytest.mark.slow
def test_a_run_on_pictures_of_ones_own_leaves_everything(run):
    path, printed = run
    assert "broken.png" in printed and "lost.png" in printed and "was left out" in printed
    metrics = json.loads((path / "metrics.json").read_text())
    assert metrics["task"] == "captioning"
    exact = {name: row["exact_match"] for name, row in metrics["baselines"].items()}
    assert set(exact) == {"language_model", "nearest_image", "permuted_images"}
    assert metrics["model"]["exact_match"] > 0.9 > 0.6 > exact["language_model"]
    assert exact["permuted_images"] < 0.7
    report = (path / "report.html").read_text()
    for heading in ("Attention: ", "Correct captions", "Learning curve", "One to many"):
        assert heading in report
    table = pd.read_csv(path / "predictions.csv")
    assert list(table.columns) == ["image", "reference", "lstm", *exact]


@pytest.mark.slow
def test_new_pictures_are_answered_and_judged(folder, run, tmp_path):
    path, _ = run
    out = str(tmp_path / "out.csv")
    krr("predict", str(path), "--input", str(folder / "new"), "--output", out)
    table = pd.read_csv(out)
    truth = {
        name: set(rows["caption"].str.lower())
        for name, rows in pd.read_csv(folder / "new.csv").groupby("image")
    }
    right = [row.caption in truth[row.image.rsplit("/", 1)[-1]] for row in table.itertuples()]
    assert len(table) == 16 and np.mean(right) > 0.9 and (table["score"] < 0).all()
    judged = krr(
        *("evaluate", str(path), "--input", str(folder / "new.csv")),
        f"data.images={folder / 'new'}",
    )
    assert f"{np.mean(right):.3g}" in judged and "bleu: nrefs:2" in judged


@pytest.mark.slow
def test_the_saved_model_alone_answers_files_and_arrays_alike(folder, run, tmp_path):
    path, _ = run
    krr("export", str(path), "--to", str(tmp_path / "served"))
    files = sorted((folder / "new").glob("*.png"))
    images = [np.asarray(Image.open(file).convert("RGBA")) for file in files]
    together, scores = SavedCaptioner(tmp_path / "served")(images)
    for number, image in enumerate(images):
        alone, score = SavedCaptioner(path / "saved_model")([image])
        assert alone == together[number : number + 1]
        np.testing.assert_allclose(score, scores[number : number + 1], atol=1e-5)
    code = f"""
import tensorflow as tf
served = tf.saved_model.load({str(tmp_path / "served")!r})
files = tf.constant([open(name, "rb").read() for name in {list(map(str, files))!r}])
found = served.signatures["serve_bytes"](file=files)
print([text.decode() for text in found["text"].numpy()])
"""
    assert run_forked(code).stdout.strip().splitlines()[-1] == str(together)
    message = krr("export", str(path), "--to", str(tmp_path / "x"), "--format", "onnx", status=2)
    assert "ONNX" in message


def small(attention="additive"):
    """A captioner with random weights for pictures of 6 by 8 pixels."""
    keras.utils.set_random_seed(1)
    words = Tokenizer(Preparation(ends=True), (*SPECIALS, "a", "red", "square", "."))
    options = {"units": 6, "embedding_size": 4, "filters": (3, 4), "stride": 1}
    model = captioner((6, 8, 3), len(words.vocabulary), attention=attention, **options)
    random = np.random.default_rng(0)
    model.set_weights([random.normal(0, 0.8, w.shape) ** 2 for w in model.get_weights()])
    return captioning.Pipeline(words, model, Search(beam_width=2, max_length=6))


@pytest.mark.parametrize("attention", ["additive", None])
def test_a_caption_does_not_depend_on_the_images_beside_it(attention):
    random = np.random.default_rng(0)
    shapes = [(6, 8, 3), (6, 8, 3), (12, 3, 1), (30, 40, 4), (1, 1, 3)]
    images = [random.integers(0, 256, shape).astype("uint8") for shape in shapes]
    caption = small(attention)
    together = caption(images)
    assert [caption([image])[0] for image in images] == together
    assert caption([]) == []


def test_endpoints_answer_an_empty_batch_and_files_as_arrays():
    caption = small()
    endpoints = caption.endpoints()
    serve, _ = endpoints["serve"]
    assert serve(np.zeros((0, 9, 9, 3), "float32"))["text"].shape == (0,)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 9, 5, 3)).astype("uint8")
    files = tf.stack([tf.io.encode_png(image) for image in pixels])
    found = endpoints["serve_bytes"][0](files)
    expected = serve(pixels.astype("float32"))
    assert found["text"].numpy().tolist() == expected["text"].numpy().tolist()
    np.testing.assert_allclose(found["score"], expected["score"], atol=1e-5)
    assert endpoints["serve_bytes"][0](files[:0])["text"].shape == (0,)


def data_of(**given):
    return CaptionDataConfig(**{"source": "x", **given})


LAYOUTS = {
    "captions.txt": 'image,caption\na.jpg,A dog, brown, runs .\nb.jpg,"One ""cat"", asleep"\n',
    "Flickr8k.token.txt": 'a.jpg#0\tA dog, brown, runs .\nb.jpg#0\tOne "cat", asleep\n',
    "semicolons.csv": (
        'id;file;caption\n1;a.jpg;A dog, brown, runs .\n2;b.jpg;"One ""cat"", asleep"\n'
    ),
    "results.csv": (
        "image_name| comment_number| comment\na.jpg| 0| A dog, brown, runs .\n"
        'b.jpg| 0|"One ""cat"", asleep"\n'
    ),
    "tabs.tsv": 'Caption\tFileName\nA dog, brown, runs .\ta.jpg\n"One ""cat"", asleep"\tb.jpg\n',
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_captions_are_read_from_every_layout(tmp_path, name):
    (tmp_path / name).write_text(LAYOUTS[name])
    found = read_captions(tmp_path / name, data_of())
    assert found == {"a.jpg": ["A dog, brown, runs ."], "b.jpg": ['One "cat", asleep']}


def test_an_image_has_all_its_captions_and_what_is_left_out_is_told(tmp_path):
    path = tmp_path / "captions.txt"
    path.write_text("file,text\na.jpg,x  y\na.jpg,x y\nb.jpg,\na.jpg,z\n")
    notes = []
    assert read_captions(tmp_path, data_of(), tell=notes.append) == {"a.jpg": ["x y", "z"]}
    assert notes == ["1 row of captions.txt without a caption, left out."]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name;words\na.jpg;x\n", "names no column of images and captions"),
        ("image,caption\na.jpg\n", "Line 2 of c.csv has 1 cell"),
        ("image,caption\na.jpg,x\n,y\n", "Line 3 of c.csv has 2 cells"),
        ("", "c.csv"),
    ],
)
def test_files_that_hold_no_captions_are_refused(tmp_path, text, told):
    (tmp_path / "c.csv").write_text(text)
    with pytest.raises(UserError, match=told):
        read_captions(tmp_path / "c.csv", data_of())


def flickr(tmp_path, count=12):
    """The layout of Flickr8k: images in a folder, captions and lists of names next to it."""
    rows = write_pictures(tmp_path / "Images", count, seed=2)
    (tmp_path / "Flickr8k.token.txt").write_text(
        "".join(
            f"{name}#{number}\t{caption}\n"
            for name, captions in rows
            for number, caption in enumerate(captions)
        )
    )
    names = [name for name, _ in rows]
    parts = {"trainImages": names[:7], "devImages": names[7:9], "testImages": names[9:]}
    for part, of_part in parts.items():
        (tmp_path / f"Flickr_8k.{part}.txt").write_text("\n".join(of_part) + "\n")
    return parts


def test_lists_of_names_divide_the_images_as_published(tmp_path):
    names = flickr(tmp_path)
    given = {
        "captions": str(tmp_path / "Flickr8k.token.txt"),
        "train": str(tmp_path / "Flickr_8k.trainImages.txt"),
        "valid": str(tmp_path / "Flickr_8k.devImages.txt"),
        "test": str(tmp_path / "Flickr_8k.testImages.txt"),
        "images": str(tmp_path / "Images"),
    }
    parts = load(CaptionDataConfig(**given))
    for part, expected in zip((parts.train, parts.valid, parts.test), names.values(), strict=True):
        assert list(part.names) == expected and all(len(one) == 2 for one in part.captions)
    # Without a list for training, it has the images that no other part has.
    given |= {"source": given.pop("captions"), "train": None}
    parts = load(CaptionDataConfig(**given))
    assert list(parts.train.names) == names["trainImages"]
    with pytest.raises(UserError, match="lists names of images, without captions"):
        load(CaptionDataConfig(train=str(tmp_path / "Flickr_8k.trainImages.txt")))


def test_images_are_found_by_name_at_any_depth_and_parts_share_none(tmp_path):
    flickr(tmp_path)
    parts = load(CaptionDataConfig(source=str(tmp_path), height=8, width=9), seed=3)
    assert parts.size == (8, 9, 3) and parts.name == tmp_path.name
    every = [*parts.train.names, *parts.valid.names, *parts.test.names]
    assert len(set(every)) == len(every) == 12 and every[0].startswith("Images/")
    assert len(parts.test) == len(parts.valid) == 1


def test_equal_images_stay_in_one_part(tmp_path):
    rows = write_pictures(tmp_path / "p", 10, seed=4)
    for name, captions in rows[:]:
        twin = f"twin-{name}"
        (tmp_path / "p" / twin).write_bytes((tmp_path / "p" / name).read_bytes())
        rows.append((twin, captions))
    write_csv(tmp_path / "p" / "captions.csv", rows)
    parts = load(CaptionDataConfig(source=str(tmp_path / "p"), test_share=0.3))
    assert "20 of 20 images occur more than once; equal ones stay in one part." in parts.notes
    assert len(parts.test) >= 4 and not set(parts.test.keys()) & set(parts.train.keys())


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["data.source=missing"], "missing"),
        (["data.source=digits"], "one of: scenes"),
        (["data.source=scenes", "data.train=x"], "both data.source and data.train"),
        (["data.images={folder}/new", "data.source={folder}/only.csv"], "None of the 1 image"),
        (["data.images=nowhere"], "nowhere does not exist"),
        (["model.encoder=resnet"], "model.encoder 'resnet'"),
        (["model.encoder=MobileNetV9"], "no network 'MobileNetV9'"),
        (["model.encoder_weights=x.h5"], "model.encoder_weights and model.encoder 'conv'"),
        (["model.encoder=MobileNetV2", "model.encoder_weights=x.h5"], "weights x.h5 do not exist"),
        (["data.max_length=3"], "Every caption has more than 3 tokens"),
        (["data.image_col=url"], "names no column"),
    ],
)
def test_mistakes_are_told_in_one_message(folder, tmp_path, given, told):
    (folder / "only.csv").write_text("image,caption\nother.png,a dog\n")
    target = tmp_path / "run"
    given = [one.format(folder=folder) for one in given]
    message = krr("run", str(folder / "my.toml"), *given, "--run-dir", str(target), status=2)
    assert told in " ".join(message.split()) and "Traceback" not in message
    assert not target.exists()


def test_a_permutation_leaves_no_image_in_its_place():
    for count in (2, 3, 10, 101):
        found = _others(count)
        assert sorted(found) == list(range(count)) and (found != np.arange(count)).all()
    assert _others(1).tolist() == [0]


def test_permuted_images_have_the_captions_of_others():
    words = tuple("abcdefgh")
    images = np.arange(8, dtype="uint8").reshape(8, 1, 1, 1)
    part = CaptionedImages(images, tuple((word,) for word in words), words)
    tokenizer = fit_tokenizer(words, Preparation(ends=True))
    parts = ImageParts("letters", part, part, part, (1, 1, 1))
    for permuted in (False, True):
        config = CaptionConfig(data=data_of(), fit=CaptionFitConfig(permute_images=permuted))
        endless, watched, count = captioning.batches(parts, tokenizer, config)
        first = next(iter(endless(first_epoch=2)))
        for given, following in (first, next(iter(watched))):
            numbers = given["image"].numpy().ravel().astype(int)
            texts = tokenizer.texts(following).numpy()
            own = [
                words[number] == text.decode() for number, text in zip(numbers, texts, strict=True)
            ]
            assert count == len(own) == 8 and own == [not permuted] * 8
            assert sorted(text.decode() for text in texts) == list(words)


def test_the_nearest_image_is_that_of_brute_force():
    random = np.random.default_rng(0)
    train = random.integers(0, 256, (30, 4, 5, 3)).astype("uint8")
    images = random.integers(0, 256, (10, 4, 5, 3)).astype("uint8")
    part = CaptionedImages(train, tuple((str(n), "x") for n in range(30)), ("",) * 30)
    away = ((images[:, None].astype(int) - train[None].astype(int)) ** 2).sum(axis=(2, 3, 4))
    assert nearest_captions(part, images) == [str(n) for n in away.argmin(axis=1)]


def test_any_reference_counts_and_scores_are_those_of_the_captions():
    references = (("a red dog", "the dog is red"), ("two cats",))
    answers = {"lstm": ["The dog is red", "one cat"], "other": ["a dog", "two cats"]}
    found = captioning.score(references, answers, metrics=["exact_match", "word_accuracy"])
    assert found["lstm"] == {"exact_match": 0.5, "word_accuracy": pytest.approx(1 - 2 / 6)}
    assert found["other"] == {"exact_match": 0.5, "word_accuracy": pytest.approx(1 - 1 / 5)}


def test_attention_is_drawn_over_the_picture_for_each_word():
    caption = small()
    random = np.random.default_rng(0)
    part = CaptionedImages(
        random.integers(0, 256, (2, 6, 8, 3)).astype("uint8"),
        (("a red square .",),) * 2,
        ("a", "b"),
    )
    sections = attention_sections(part, caption)
    written = np.asarray(caption.beams(part.images.astype("float32")).tokens)[:, 0]
    for section, tokens, text in zip(sections, written, caption(part.images), strict=True):
        assert section.heading == f"Attention: {text}"
        assert section.picture.count("<image") == 1 + np.count_nonzero(tokens)
    assert attention_sections(part, small(None)) == []


def test_wrong_and_correct_captions_are_shown_apart():
    part = CaptionedImages(np.zeros((3, 4, 4, 1), "uint8"), (("a", "B"),) * 3, tuple("xyz"))
    right = captions_section(part, ["b", "c", "a"], right=True)
    wrong = captions_section(part, ["b", "c", "a"], right=False)
    assert right.picture.count("<image") == 2 and "2 captions of 3" in right.caption
    assert wrong.picture.count("<image") == 1 and "1 caption of 3" in wrong.caption
    assert captions_section(part, ["a", "a", "a"], right=False) is None


def test_captions_that_are_too_long_are_told(capsys):
    part = CaptionedImages(np.zeros((2, 1, 1, 1)), (("a b", "a b c d e"), ("a b c d",)), ("x", "y"))
    tokenizer = fit_tokenizer(part.texts(), Preparation(ends=True))
    kept, ids = captioning.encode(part, tokenizer, max_length=5)
    assert kept.names == ("x",) and [len(row) for row in ids[0]] == [4]
    assert "2 captions of more than 5 tokens" in capsys.readouterr().out


def test_an_application_without_weights_is_told_and_learns(capsys):
    tokenizer = Tokenizer(Preparation(ends=True), (*SPECIALS, "a"))
    config = CaptionerConfig(encoder="MobileNetV3Small", units=(4,), embedding_size=3)
    model = captioning.build((32, 32, 3), tokenizer, config)
    assert "starts from random weights" in capsys.readouterr().out
    assert model.get_layer("mobilenetv3small").trainable_variables
    with pytest.raises(UserError, match="model.encoder VGG16 cannot be made for images of 8 by 8"):
        captioning.build((8, 8, 3), tokenizer, CaptionerConfig(encoder="VGG16"))
