"""Image classifiers: shapes, rows as steps, augmentation while training only, refusals."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from keras_rnn_recipes.builders.image_classifier import image_classifier

PRESETS = ("dense", "conv", "simple_rnn", "lstm", "gru")


def images(count=3, shape=(6, 5, 3)):
    return np.random.default_rng(2).integers(0, 256, (count, *shape)).astype("float32")


@pytest.mark.parametrize("preset", PRESETS)
def test_one_logit_for_each_class_whatever_the_company(preset):
    model = image_classifier((6, 5, 3), 4, preset=preset, units=(8, 6), filters=(4, 6, 8))
    together = model(images()).numpy()
    assert together.shape == (3, 4)
    for number, image in enumerate(images()):
        np.testing.assert_allclose(model(image[None]).numpy()[0], together[number], atol=1e-5)


def test_a_recurrent_network_reads_the_rows_from_top_to_bottom():
    model = image_classifier((6, 5, 3), 4, preset="lstm", units=7)
    rows = images().reshape(3, 6, 15) / 255
    lstm = keras.layers.LSTM(7)
    lstm.build((None, 6, 15))
    lstm.set_weights(model.get_layer("lstm_1").get_weights())
    kernel, bias = model.get_layer("logits").get_weights()
    np.testing.assert_allclose(model(images()), lstm(rows).numpy() @ kernel + bias, atol=1e-5)


def test_in_both_directions_each_has_read_every_row():
    model = image_classifier((6, 5, 3), 4, preset="gru", units=7, bidirectional=True)
    first = images()
    changed = {row: first.copy() for row in (0, 5)}
    width = 7
    read = keras.Model(model.input, model.get_layer("pooling").output)
    for row, other in changed.items():
        other[:, row] = 255 - other[:, row]
        moved = np.abs(read(first).numpy() - read(other).numpy())
        assert moved[:, :width].max() > 1e-4 and moved[:, width:].max() > 1e-4


def test_images_are_varied_while_training_only():
    model = image_classifier(
        (6, 5, 3), 4, preset="dense", units=8, shift=0.3, rotate=0.1, zoom=0.3, batch_norm=True
    )
    plain = image_classifier((6, 5, 3), 4, preset="dense", units=8, batch_norm=True)
    plain.set_weights(
        [w for w in model.get_weights() if w.dtype.kind == "f"]
    )  # without the states of random generators
    np.testing.assert_allclose(model(images()), plain(images()), atol=1e-5)
    varied = keras.Model(model.input, model.get_layer("variation").output)
    assert np.abs(varied(images(), training=True) - varied(images())).max() > 0.05


@pytest.mark.parametrize("preset", ("conv", "gru"))
def test_a_saved_model_answers_alike(preset, tmp_path):
    model = image_classifier((8, 8, 1), 3, preset=preset, units=6, filters=(4,), shift=0.1)
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    pixels = images(2, (8, 8, 1))
    np.testing.assert_allclose(again(pixels), model(pixels), atol=1e-6)


def test_members_answer_by_their_median():
    model = image_classifier((4, 4, 1), 3, preset="dense", units=5, members=3)
    pixels = images(2, (4, 4, 1))
    heads = [model.get_layer(f"logits_member_{number}").output for number in (1, 2, 3)]
    each = keras.Model(model.input, heads)(pixels)
    np.testing.assert_allclose(model(pixels), np.median(np.stack(each), axis=0), atol=1e-6)


def test_what_does_not_go_together_is_refused():
    with pytest.raises(ValueError, match="at least 2"):
        image_classifier((4, 4, 1), 1)
    with pytest.raises(ValueError, match="bidirectional is for recurrent cells"):
        image_classifier((4, 4, 1), 2, preset="conv", bidirectional=True)
    with pytest.raises(ValueError, match="lstn"):
        image_classifier((4, 4, 1), 2, preset="lstn")
