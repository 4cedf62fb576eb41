"""Image classification from folders to the SavedModel, on pictures drawn for it."""

from __future__ import annotations

import json

import keras
import numpy as np
import pandas as pd
import pytest
from families.command import krr
from PIL import Image

from keras_rnn_recipes.builders.image_classifier import image_classifier
from keras_rnn_recipes.config.image_classification import ImageDataConfig
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.classification_baselines import fit_pixels
from keras_rnn_recipes.families import image_classification
from keras_rnn_recipes.families.image_classification.report import mistakes_section
from keras_rnn_recipes.families.image_classification.task import hold_out, load
from keras_rnn_recipes.media.given_images import checked_arrays
from keras_rnn_recipes.media.labelled_images import LabelledImages
from keras_rnn_recipes.serving.saved_images import SavedImageClassifier
from keras_rnn_recipes.workflows.inference import evaluate, predict

RECIPE = """
family = "image_classification"
[data]
train = "pictures"
[model]
preset = "dense"
units = [16]
[fit]
epochs = 30
learning_rate = 0.01
"""
SAVES = (
    ("png", {}),
    ("jpg", {"quality": 95}),
    ("gif", {}),
    ("bmp", {}),
)


def picture(label, random, mode="RGB"):
    """Light above ("sky") or light below ("snow"), of some size, with noise."""
    height, width = random.integers(14, 24, 2)
    shade = np.linspace(230, 20, height) if label == "sky" else np.linspace(20, 230, height)
    pixels = shade[:, None, None] + random.normal(0, 12, (height, width, 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype("uint8")).convert(mode)


def write_folder(folder, each, seed, labels=("sky", "snow")):
    """Pictures of each label in several formats and modes."""
    random = np.random.default_rng(seed)
    for label in labels:
        (folder / label).mkdir(parents=True)
        for number in range(each):
            suffix, options = SAVES[number % len(SAVES)]
            mode = {"png": "RGBA", "jpg": "CMYK", "gif": "P", "bmp": "RGB"}[suffix]
            mode = "L" if number % 5 == 4 else mode
            image = picture(label, random, mode)
            image.save(folder / label / f"{number:02d}.{suffix}", **options)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    write_folder(folder / "pictures", 20, seed=0)
    (folder / "pictures" / "sky" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n oops")
    write_folder(folder / "new", 6, seed=1)
    (folder / "my.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def run(folder):
    printed = krr("run", str(folder / "my.toml"), "--run-dir", str(folder / "run"))
    return folder / "run", printed


@pytest.mark.slow
def test_a_run_on_folders_of_ones_own_leaves_everything(run):
    path, printed = run
    assert "1 file was left out" in printed and "broken.png" in printed
    metrics = json.loads((path / "metrics.json").read_text())
    assert metrics["task"] == "image_classification"
    assert set(metrics["baselines"]) == {"majority", "logistic_regression"}
    assert metrics["model"]["accuracy"] > 0.9 > 0.6 > metrics["baselines"]["majority"]["accuracy"]
    report = (path / "report.html").read_text()
    for heading in ("Confusion matrix", "Scores by class", "Calibration", "Learning curve"):
        assert heading in report
    table = pd.read_csv(path / "predictions.csv")
    assert (table["label"] == table["dense"]).mean() == pytest.approx(metrics["model"]["accuracy"])
    assert json.loads((path / "classes.json").read_text())["classes"] == ["sky", "snow"]


@pytest.mark.slow
def test_new_images_are_answered_and_judged(folder, run, tmp_path):
    path, _ = run
    out = str(tmp_path / "out.csv")
    (folder / "new" / "snow" / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe0 oops")
    printed = krr("predict", str(path), "--input", str(folder / "new"), "--output", out)
    assert "cut.jpg" in printed
    table = pd.read_csv(out)
    truth = table["image"].str.split("/").str[-2]
    assert len(table) == 12 and (table["label"] == truth).mean() > 0.9
    both = table[["probability-sky", "probability-snow"]].to_numpy()
    np.testing.assert_allclose(both.sum(axis=1), 1, atol=1e-5)
    judged = krr("evaluate", str(path), "--input", str(folder / "new"))
    assert f"{(table['label'] == truth).mean():.3g}" in judged and "cut.jpg" in judged
    # One file and arrays have the same answers.
    one = table["image"][0]
    np.testing.assert_allclose(predict(path, one)["probability-sky"], both[:1, 0], atol=1e-5)
    arrays = [np.asarray(Image.open(one).convert("RGBA"))]
    np.testing.assert_allclose(predict(path, arrays)["probability-sky"], both[:1, 0], atol=1e-5)
    message = krr(
        "predict", str(path), "--input", str(folder / "new/snow/cut.jpg"), "--output", out, status=2
    )
    assert "cut.jpg is damaged: Truncated File Read" in message
    with pytest.raises(UserError, match="'rain' of .* does not occur in training"):
        write_folder(tmp_path / "other", 1, seed=2, labels=("rain", "snow"))
        evaluate(path, tmp_path / "other")


@pytest.mark.slow
def test_exported_again_it_answers_alike_in_batches_of_one_and_of_many(folder, run, tmp_path):
    path, _ = run
    krr("export", str(path), "--to", str(tmp_path / "served"))
    random = np.random.default_rng(0)
    images = [random.integers(0, 256, shape).astype("uint8") for shape in [(9, 7, 3)] * 5]
    images += [random.integers(0, 256, (9, 7, 4)).astype("uint8")]
    served = SavedImageClassifier(tmp_path / "served")
    first, second = SavedImageClassifier(path / "saved_model")(images), served(images)
    assert first["label"] == second["label"]
    np.testing.assert_allclose(first["probabilities"], second["probabilities"], atol=1e-6)
    for number, image in enumerate(images):
        alone = served([image])["probabilities"][0]
        np.testing.assert_allclose(alone, first["probabilities"][number], atol=1e-6)
    answers = served._module.serve_uint8(image=np.stack(images[:5]))
    np.testing.assert_allclose(answers["probabilities"], first["probabilities"][:5], atol=1e-6)
    message = krr("export", str(path), "--to", str(tmp_path / "x"), "--format", "onnx", status=2)
    assert "ONNX" in message


def small() -> image_classification.Pipeline:
    keras.utils.set_random_seed(1)
    model = image_classifier((6, 5, 3), 3, preset="gru", units=4)
    return image_classification.Pipeline(model, ("cat", "dog", "猫"))


def test_an_answer_does_not_depend_on_the_images_beside_it():
    random = np.random.default_rng(0)
    shapes = [(6, 5, 3), (6, 5, 3), (12, 3, 1), (30, 40, 4), (1, 1, 3)]
    images = [random.integers(0, 256, shape).astype("uint8") for shape in shapes]
    classify = small()
    together = classify(images)
    assert together.shape == (5, 3)
    for number, image in enumerate(images):
        np.testing.assert_allclose(classify([image])[0], together[number], atol=1e-6)
    assert classify([]).shape == (0, 3)


def test_an_endpoint_answers_an_empty_batch_and_names_classes():
    classify = small()
    serve, _ = classify.endpoints()["serve"]
    empty = serve(np.zeros((0, 9, 9, 3), "float32"))
    assert empty["probabilities"].shape == (0, 3) and empty["label"].shape == (0,)
    image = np.full((1, 8, 8, 3), 90, "float32")
    label = serve(image)["label"].numpy()[0].decode()
    assert label == classify.classes[int(classify(image).argmax())]


def test_the_digits_are_always_the_same_and_parts_share_no_image():
    parts = load(ImageDataConfig(source="digits"), seed=0)
    other = load(ImageDataConfig(source="digits"), seed=1)
    np.testing.assert_array_equal(parts.test.images, other.test.images)
    assert parts.valid.names != other.valid.names
    names = [*parts.train.names, *parts.valid.names, *parts.test.names]
    assert len(names) == len(set(names)) == 1797
    counts = pd.Series(parts.test.labels).value_counts()
    assert counts.min() >= 34 and counts.max() <= 38
    assert parts.train.images.max() == 255 and parts.train.images.dtype == "uint8"


def test_equal_images_stay_in_one_part_and_rare_labels_in_training():
    pixels = np.arange(40, dtype="uint8").reshape(20, 1, 2, 1)
    pixels[1::2] = pixels[::2]  # ten pairs of equal images
    labels = tuple("ab" * 9 + "cc")
    part = LabelledImages(pixels, labels, tuple(map(str, range(20))))
    train, held = hold_out(part, 0.3)
    assert not set(train.keys()) & set(held.keys()) and 4 <= len(held) <= 8
    assert "c" in train.labels and "c" not in held.labels


def test_a_label_seen_once_trains_and_what_is_assumed_is_told(tmp_path):
    write_folder(tmp_path / "p", 10, seed=3)
    random = np.random.default_rng(0)
    (tmp_path / "p" / "fog").mkdir()
    picture("sky", random).save(tmp_path / "p" / "fog" / "only.png")
    twin = tmp_path / "p" / "sky" / "02.gif"
    (tmp_path / "p" / "snow" / "twin.gif").write_bytes(twin.read_bytes())
    parts = load(ImageDataConfig(train=str(tmp_path / "p"), height=8, color="grey"))
    assert parts.size == (8, parts.size[1], 1) and 14 <= parts.size[1] <= 24
    assert "fog" in parts.train.labels
    notes = "\n".join(parts.notes)
    assert "2 of 22 images occur more than once" in notes
    assert "occurs with different labels" in notes and "02.gif" in notes


def test_a_divided_folder_and_folders_of_parts(tmp_path):
    for name, seed in (("Train", 1), ("val", 2), ("test", 3)):
        write_folder(tmp_path / "d" / name, 4, seed=seed)
    parts = load(ImageDataConfig(train=str(tmp_path / "d")))
    assert [len(part) for part in (parts.train, parts.valid, parts.test)] == [8, 8, 8]
    assert "is divided into" in parts.notes[0]
    given = load(
        ImageDataConfig(
            train=str(tmp_path / "d" / "Train"),
            test=str(tmp_path / "d" / "Train"),
            valid=str(tmp_path / "d" / "val"),
        )
    )
    assert "8 images are in the test part and in the training part as well." in given.notes


@pytest.mark.parametrize(
    "given, told",
    [
        (["data.train=missing"], "missing does not exist"),
        (["data.source=digits", "data.train=x"], "both data.source and data.train"),
        (["data.source=digit"], "digits"),
        (["data.source=co2"], "data.source"),
        (["model.preset=lstn"], "model.preset"),
        (["model.bidirectional=true"], "model.bidirectional"),
        (["model.preset=gru", "model.batch_norm=true"], "model.batch_norm"),
        (["data.train={folder}/pictures/sky"], "holds no image in a subfolder"),
        (["data.train={folder}/one"], "one class only, 'sky'"),
        (["data.test={folder}/other"], "'rain' of the test part does not occur in training"),
    ],
)
def test_mistakes_are_told_in_one_message(folder, tmp_path, given, told):
    if not (folder / "one").exists():
        write_folder(folder / "one", 4, seed=4, labels=("sky",))
        write_folder(folder / "other", 2, seed=4, labels=("rain",))
    target = tmp_path / "run"
    given = [one.format(folder=folder) for one in given]
    message = krr("run", str(folder / "my.toml"), *given, "--run-dir", str(target), status=2)
    assert told in message and "Traceback" not in message
    assert not target.exists()


@pytest.mark.parametrize(
    "image, told",
    [
        (np.full((4, 4, 3), 0.5), "as if from 0 to 1"),
        (np.full((4, 4, 3), 300), "values from 300"),
        (np.full((4, 4, 3), np.nan), "values from nan"),
        (np.zeros((4, 4, 5)), r"shape \(4, 4, 5\)"),
        (np.zeros((0, 4, 3)), r"shape \(0, 4, 3\)"),
        (np.array([["a"]]), "type"),
    ],
)
def test_arrays_that_are_no_images_are_refused(image, told):
    with pytest.raises(UserError, match=told):
        checked_arrays([image])
    assert checked_arrays([np.zeros((4, 5), "uint8")])[0].shape == (4, 5, 1)


def test_logistic_regression_on_pixels_is_that_of_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    random = np.random.default_rng(0)
    images, labels = random.integers(0, 256, (60, 3, 4, 1)), random.integers(0, 3, 60)
    rows = images.reshape(60, -1) / 255
    expected = LogisticRegression(max_iter=500).fit(rows, labels).predict_proba(rows)
    np.testing.assert_allclose(fit_pixels(images, labels, 3)(images), expected, atol=1e-9)
    # 70 pixels are averaged by threes; a class without examples has probability 0.
    large = np.repeat(np.repeat(random.integers(0, 256, (20, 23, 23, 3)), 3, 1), 3, 2)
    large = np.pad(large, ((0, 0), (0, 1), (0, 1), (0, 0)))
    found = fit_pixels(large, labels[:20] % 2, 3)(large)
    small = fit_pixels(large[:, :69:3, :69:3], labels[:20] % 2, 3)(large[:, :69:3, :69:3])
    np.testing.assert_allclose(found, small, atol=1e-6)
    assert found[:, 2].max() == 0


def test_wrong_answers_are_shown_as_pictures_the_surest_first():
    images = np.zeros((4, 5, 5, 1), "uint8")
    part = LabelledImages(images, ("a", "a", "b", "b"), tuple("1234"))
    found = np.array([[0.9, 0.1], [0.3, 0.7], [0.1, 0.9], [0.95, 0.05]])
    section = mistakes_section(part, np.array([0, 0, 1, 1]), found, ("a", "b"))
    assert section.caption.startswith("True and predicted class, and the probability of the")
    assert "2 of 2 wrong answers" in section.caption and section.picture.count("<image") == 2
    first, second = section.picture.index("0.95"), section.picture.index("0.70")
    assert first < second
    assert mistakes_section(part, np.array([0, 1, 1, 0]), found, ("a", "b")) is None
