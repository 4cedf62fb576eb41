"""Text classifiers: shapes, padding that changes nothing, gradients everywhere, word order."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from keras_rnn_recipes.builders import averaged_embeddings, text_classifier

ROWS = [[5, 4, 3, 9, 2], [7], [3, 3, 8], [1, 6]]
VARIANTS = {
    "last": {"cell": "simple_rnn"},
    "deep": {"cell": "gru", "units": (4, 3), "residual": True, "layer_norm": True, "dropout": 0.2},
    "max": {"cell": "lstm", "pooling": "max", "embedding_dropout": 0.3},
    "mean": {"cell": "gru", "pooling": "mean", "l2": 0.01},
    "attention": {"cell": "lstm", "pooling": "attention", "bidirectional": True},
    "bidirectional": {"cell": "gru", "bidirectional": True},
    "members": {"cell": "gru", "members": 3, "pooling": "max"},
    "deep bidirectional": {"cell": "lstm", "units": (3, 4), "bidirectional": True},
}


def small(variant, classes=3):
    options = {"units": 5, "embedding_size": 4, **VARIANTS[variant]}
    model = text_classifier(10, classes, **options)
    random = np.random.default_rng(0)
    model.set_weights([random.normal(0, 0.5, w.shape) for w in model.get_weights()])
    return model


def padded(rows, time=None):
    time = time or max(map(len, rows))
    return np.array([[*row, *[0] * (time - len(row))] for row in rows], "int32")


@pytest.mark.parametrize("variant", VARIANTS)
def test_neither_padding_nor_the_company_in_a_batch_changes_a_prediction(variant):
    model = small(variant)
    together = np.array(model(padded(ROWS, 9)))
    assert together.shape == (4, 3) and np.abs(together - together.mean(axis=0)).max() > 1e-3
    for row, expected in zip(ROWS, together, strict=True):
        np.testing.assert_allclose(model(padded([row]))[0], expected, rtol=1e-4, atol=1e-5)
    backwards = np.array(model(padded(ROWS[::-1])))[::-1]
    np.testing.assert_allclose(backwards, together, rtol=1e-4, atol=1e-5)


def test_a_row_of_padding_alone_has_a_finite_answer():
    for variant in VARIANTS:
        assert np.isfinite(np.array(small(variant)(padded([[0, 0], [4, 5]])))).all()


@pytest.mark.parametrize("variant", [*VARIANTS, "averaged"])
def test_every_weight_receives_a_gradient(variant):
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("the tape is TensorFlow's")
    model = averaged_embeddings(10, 3) if variant == "averaged" else small(variant)
    ids = padded(ROWS)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(ids)[:, 0] ** 2)
    gradients = tape.gradient(loss, [w.value for w in model.trainable_weights])
    for weight, gradient in zip(model.trainable_weights, gradients, strict=True):
        values = tf.convert_to_tensor(gradient).numpy()
        assert np.isfinite(values).all() and values.any(), weight.path


@pytest.mark.parametrize("variant", [*VARIANTS, "averaged"])
def test_a_saved_model_answers_the_same(variant, tmp_path):
    model = averaged_embeddings(10, 2, dropout=0.1) if variant == "averaged" else small(variant, 2)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded(padded(ROWS)), model(padded(ROWS)), rtol=1e-6)


def test_the_last_word_and_the_first_both_count_in_each_direction():
    for variant in ("last", "bidirectional"):
        model = small(variant)
        answers = [np.array(model(padded([row]))) for row in ([4, 5, 6], [9, 5, 6], [4, 5, 9])]
        assert np.abs(answers[0] - answers[1]).max() > 1e-3
        assert np.abs(answers[0] - answers[2]).max() > 1e-3


def test_averaged_embeddings_know_no_order():
    keras.utils.set_random_seed(0)  # by chance a logit may be so near zero that rounding shows
    model = averaged_embeddings(10, 2)
    np.testing.assert_allclose(model(padded([[4, 5, 6]])), model(padded([[6, 4, 5]], 5)), rtol=1e-5)


def test_pretrained_vectors_are_used_and_may_be_kept(tmp_path):
    matrix = np.random.default_rng(1).normal(size=(10, 7)).astype("float32")
    for build, options in ((text_classifier, {"units": 3}), (averaged_embeddings, {})):
        model = build(10, 2, embeddings=matrix, train_embeddings=False, **options)
        np.testing.assert_array_equal(model.get_layer("embedding").get_weights()[0], matrix)
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.train_on_batch(padded(ROWS), np.array([0, 1, 0, 1]))
        model.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras")
        np.testing.assert_array_equal(loaded.get_layer("embedding").get_weights()[0], matrix)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"pooling": "first"}, "pooling must be one of"),
        ({"cell": "transformer"}, "cell must be one of"),
        ({"embeddings": np.zeros((9, 3))}, "a row for each of 10 ids"),
        ({"num_classes": 0}, "num_classes must be at least 1"),
    ],
)
def test_what_cannot_be_is_refused(options, said):
    with pytest.raises(ValueError, match=said):
        text_classifier(**{"vocabulary_size": 10, "num_classes": 2, **options})
