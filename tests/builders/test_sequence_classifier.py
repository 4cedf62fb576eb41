"""Classifiers of sequences: padding and company never change an answer; all kernels learn."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest

from keras_rnn_recipes.builders import sequence_classifier
from keras_rnn_recipes.families.sequence_classification import Pipeline
from keras_rnn_recipes.layers import CenterSkeleton, EncodeFrames, LogMel

STATISTICS = ((1.0, -2.0), (2.0, 0.5))
COMBINATIONS = (
    {"pooling": "last", "scaling": "training", "statistics": STATISTICS},
    {"pooling": "last", "bidirectional": True, "scaling": "channel", "units": (4, 3)},
    {"pooling": "mean", "cell": "lstm", "scaling": "sequence", "differences": True, "noise": 0.1},
    {"pooling": "max", "cell": "simple_rnn", "scaling": "none", "convolutions": (5,)},
    {
        **{"pooling": "attention", "bidirectional": True, "convolutions": (5, 4), "stride": 3},
        **{"scaling": "sequence", "dropout": 0.5, "members": 2},
    },
)


def small(num_channels=2, **options):
    keras.utils.set_random_seed(2)
    return sequence_classifier(num_channels, 3, **{"units": 4, **options})


def some(lengths=(1, 9, 4, 30, 2, 17), seed=0):
    random = np.random.default_rng(seed)
    values = [random.normal(size=(length, 2)).astype("float32") for length in lengths]
    values[1][3, 0] = values[1][0, 1] = np.nan
    return values


@pytest.mark.parametrize("options", COMBINATIONS, ids=lambda one: one["pooling"])
def test_padding_and_company_never_change_an_answer(options):
    classify, values = Pipeline(small(**options), "abc", "xy"), some()
    together = classify(values)
    for one, expected in zip(values, together, strict=True):
        np.testing.assert_allclose(classify([one])[0], expected, atol=1e-6)
        longer = np.concatenate([one, np.full((11, 2), np.nan, "float32")])
        np.testing.assert_allclose(classify([longer])[0], expected, atol=1e-6)
    np.testing.assert_allclose(together.sum(axis=1), 1, atol=1e-6)
    assert np.ptp(together, axis=0).max() > 1e-3


@pytest.mark.parametrize("options", COMBINATIONS, ids=lambda one: one["pooling"])
def test_a_saved_model_answers_alike(options, tmp_path):
    model = small(**options)
    model.save(tmp_path / "model.keras")
    again, values = keras.models.load_model(tmp_path / "model.keras"), some()
    first, second = (Pipeline(one, "abc", "xy")(values) for one in (model, again))
    np.testing.assert_array_equal(first, second)


def test_waveforms_and_skeletons_have_a_front_end(tmp_path):
    random = np.random.default_rng(0)
    waves = [random.normal(0, 0.1, (n, 1)).astype("float32") for n in (300, 2500, 90)]
    bodies = [random.normal(size=(n, 12)).astype("float32") for n in (5, 14, 1)]
    options = {"scaling": "channel", "speed": 0.2, "mask_steps": 0.2, "mask_channels": 0.1}
    hearing = small(1, front_end=LogMel(8000, 20), convolutions=(4,), stride=2, **options)
    skeleton = CenterSkeleton(1, 3, travel=True)
    watching = small(12, front_end=skeleton, turn=30.0, **options)
    for model, values in ((hearing, waves), (watching, bodies)):
        classify = Pipeline(model, "abc", "x" * values[0].shape[1])
        together = classify(values)
        for one, expected in zip(values, together, strict=True):
            np.testing.assert_allclose(classify([one])[0], expected, atol=1e-5)
        model.save(tmp_path / "model.keras")
        again = keras.models.load_model(tmp_path / "model.keras")
        np.testing.assert_array_equal(Pipeline(again, "abc", classify.channels)(values), together)
        assert np.ptp(together, axis=0).max() > 1e-4


def test_videos_are_answered_alike_alone_together_and_after_saving(tmp_path):
    random = np.random.default_rng(0)
    videos = [random.integers(0, 256, (n, 9, 12, 3), "uint8") for n in (4, 11, 1)]
    statistics = ((120.0,) * 3, (70.0,) * 3)
    options = {"scaling": "training", "statistics": statistics, "differences": True}
    for more in ({"pooling": "mean"}, {"every_step": True, "members": 2}):
        front = EncodeFrames((4, 4), 6, name="frames")
        model = small((9, 12, 3), front_end=front, **options, **more)
        classify = Pipeline(model, "abc", "rgb", 10)
        together = classify(videos)
        for one, expected in zip(videos, together, strict=True):
            np.testing.assert_allclose(classify([one])[0], expected, atol=1e-5)
        assert np.ptp(together, axis=0).max() > 1e-3
        model.save(tmp_path / "model.keras")
        again = keras.models.load_model(tmp_path / "model.keras")
        np.testing.assert_array_equal(Pipeline(again, "abc", "rgb", 10)(videos), together)


def test_the_place_and_size_of_a_shape_do_not_matter_after_scaling_by_the_sequence():
    classify = Pipeline(small(scaling="sequence"), "abc", "xy")
    values = some(lengths=(12, 20, 5))
    moved = [one * 30 + np.array([500, -70], "float32") for one in values]
    np.testing.assert_allclose(classify(values), classify(moved), atol=1e-3)


def test_training_statistics_are_undone():
    plain, scaled = small(scaling="none"), small(scaling="training", statistics=STATISTICS)
    scaled.set_weights([*scaled.get_weights()[: -len(plain.get_weights())], *plain.get_weights()])
    values = some(lengths=(6, 6))[:1]
    raw = [one * np.array(STATISTICS[1]) + np.array(STATISTICS[0]) for one in values]
    first, second = (Pipeline(*pair, "xy") for pair in ((plain, "abc"), (scaled, "abc")))
    np.testing.assert_allclose(first(values), second(raw), atol=1e-5)


def test_every_weight_gets_a_gradient():
    import tensorflow as tf

    model = small(**{**COMBINATIONS[-1], "members": 1, "dropout": 0.0})
    values = np.stack([one[:9] for one in some(lengths=(9, 9, 12, 14))])
    with tf.GradientTape() as tape:
        logits = model(values, training=True)
        loss = tf.reduce_sum(logits * tf.constant([[1.0, -2.0, 3.0]]))
    for weight, gradient in zip(
        model.trainable_variables,
        tape.gradient(loss, [one.value for one in model.trainable_variables]),
        strict=True,
    ):
        assert gradient is not None and np.abs(gradient.numpy()).max() > 0, weight.path


@pytest.mark.parametrize(
    "options, told",
    [
        ({"pooling": "sum"}, "pooling"),
        ({"scaling": "unit"}, "scaling"),
        ({"scaling": "training"}, "statistics"),
        ({"num_classes": 1}, "num_classes"),
        ({"every_step": True, "convolutions": (3,)}, "every_step"),
        ({"front_end": EncodeFrames(), "scaling": "channel"}, "Frames are scaled"),
    ],
)
def test_unknown_options_are_refused(options, told):
    given = {"num_classes": 3, "scaling": "none", **options}
    with pytest.raises(ValueError, match=told):
        sequence_classifier(2, **given)


def test_long_sequences_are_answered_one_by_one():
    classify = Pipeline(small(stride=4, convolutions=(4,), scaling="channel"), "abc", "xy")
    random = np.random.default_rng(0)
    values = [random.normal(size=(5000, 2)).astype("float32") for _ in range(2)]
    answers = classify([*values, values[0][:40]])
    np.testing.assert_allclose(classify(values[:1])[0], answers[0], atol=1e-5)
    assert len(list(itertools.chain(answers))) == 3
