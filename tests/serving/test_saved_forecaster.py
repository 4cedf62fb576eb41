"""Loading a SavedModel: what can be given to it, and what is said when it is not one."""

from __future__ import annotations

import gc

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.serving.export_forecaster import export_saved_model
from keras_rnn_recipes.serving.saved_forecaster import load_saved_model


def last_values_model(features, targets, horizon=2):
    """Repeats the targets' last values: an answer known by hand."""
    history = keras.Input((None, features))
    last = history[:, -1, :targets]
    return keras.Model(history, keras.ops.stack([last] * horizon, axis=1))


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """For (features, targets), a forecaster loaded from disk."""
    folder = tmp_path_factory.mktemp("saved")
    return {
        key: load_saved_model(
            export_saved_model(last_values_model(*key), folder / f"sm{key}", verify=False)
        )
        for key in [(1, 1), (3, 1), (2, 2)]
    }


def test_lists_and_arrays_of_any_number_type_are_taken(saved):
    for history in ([[1, 2, 3]], np.array([[1, 2, 3]]), np.array([[[1.0], [2.0], [3.0]]])):
        np.testing.assert_array_equal(saved[1, 1](history), [[3, 3]])


def test_targets_and_past_are_told_apart(saved):
    history = np.array([[1.0, 2.0], [3.0, 4.0]])
    past = np.full((2, 2, 2), 9.0)
    np.testing.assert_array_equal(saved[3, 1](history, past), [[2, 2], [4, 4]])
    windows = np.concatenate([history[:, :, None], past], axis=2)
    np.testing.assert_array_equal(saved[3, 1].forecast_windows(windows), [[2, 2], [4, 4]])
    both = saved[2, 2]([[[1, 10], [2, 20]]])
    np.testing.assert_array_equal(both, [[[2, 20], [2, 20]]])


def test_windows_are_served_in_pieces_without_a_seam(saved):
    windows = np.arange(21, dtype="float32").reshape(7, 3, 1)
    expected = np.repeat(windows[:, -1], 2, axis=1)
    for size in (1, 3, 7, 100):
        answer = saved[1, 1].forecast_windows(windows, batch_size=size)
        np.testing.assert_array_equal(answer, expected)
    assert saved[1, 1].forecast_windows(windows[:0]).shape == (0, 2)


def test_attributes_tell_the_shapes(saved):
    shapes = {
        key: (f.horizon, f.num_features, f.num_targets, f.num_past, f.time)
        for key, f in saved.items()
    }
    assert shapes == {
        (1, 1): (2, 1, 1, 0, None),
        (3, 1): (2, 3, 1, 2, None),
        (2, 2): (2, 2, 2, 0, None),
    }


def test_module_is_kept_alive(tmp_path):
    history = keras.Input((None, 1))
    model = keras.Model(history, keras.layers.Dense(1, kernel_initializer="ones")(history[:, -1]))
    path = export_saved_model(model, tmp_path / "sm", verify=False)
    answer = [load_saved_model(path)][0]([[4.0]])
    gc.collect()
    np.testing.assert_array_equal(answer, [[4.0]])
    np.testing.assert_array_equal(load_saved_model(path)([[5.0]]), [[5.0]])


@pytest.mark.parametrize(
    "key, arguments, told",
    [
        ((1, 1), ([1.0, 2.0],), r"shape \(2,\).*\(batch, time\)"),
        ((1, 1), (np.ones((2, 3, 2)),), r"shape \(2, 3, 2\).*\(batch, time\)"),
        ((1, 1), (np.ones((2, 0)),), "at least one time step"),
        ((1, 1), ([[1.0, 2.0], [3.0]],), "cannot be read as numbers.*rectangular"),
        ((1, 1), ([["a"]],), "cannot be read as numbers"),
        ((1, 1), ([[1.0]], np.ones((1, 1, 1))), "has no past columns"),
        ((3, 1), (np.ones((2, 4)),), "needs past columns.*2 of them"),
        ((3, 1), (np.ones((2, 4)), np.ones((2, 4, 3))), r"past has shape \(2, 4, 3\)"),
        ((3, 1), (np.ones((2, 4)), np.ones((2, 5, 2))), r"past has shape \(2, 5, 2\)"),
        ((2, 2), (np.ones((2, 4)),), r"shape \(2, 4\).*\(batch, time, 2\)"),
        ((2, 2), (np.ones((2, 4, 3)),), r"\(batch, time, 2\)"),
    ],
)
def test_wrong_shapes_are_told_beside_the_right_ones(saved, key, arguments, told):
    with pytest.raises(UserError, match=f"(?s){told}"):
        saved[key](*arguments)


def test_windows_with_the_wrong_features_are_refused(saved):
    with pytest.raises(UserError, match=r"\(n, time, 3\)"):
        saved[3, 1].forecast_windows(np.ones((2, 4, 2)))


def test_run_directory_stands_for_the_saved_model_in_it(tmp_path):
    export_saved_model(last_values_model(1, 1), tmp_path / "saved_model", verify=False)
    assert load_saved_model(tmp_path).path == tmp_path / "saved_model"


def test_what_is_not_a_saved_model_is_told(tmp_path):
    with pytest.raises(UserError, match=r"nowhere does not exist"):
        load_saved_model(tmp_path / "nowhere")
    (tmp_path / "file.txt").write_text("x")
    with pytest.raises(UserError, match="is a file, not a folder"):
        load_saved_model(tmp_path / "file.txt")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError, match="no saved_model.pb in it"):
        load_saved_model(tmp_path / "folder")
    (tmp_path / "folder" / "saved_model.pb").write_bytes(b"not a graph")
    with pytest.raises(UserError, match="is not a SavedModel that can be loaded"):
        load_saved_model(tmp_path / "folder")
    (tmp_path / "folder" / "saved_model.pb").write_bytes(b"")
    with pytest.raises(UserError, match="is not a SavedModel that can be loaded"):
        load_saved_model(tmp_path / "folder")


def test_saved_model_of_something_else_is_told(tmp_path):
    class Doubles(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None,), tf.float32, name="x")])
        def serve(self, x):
            return {"twice": 2 * x}

    module = Doubles()
    tf.saved_model.save(module, str(tmp_path / "sm"), signatures={"serve": module.serve})
    with pytest.raises(UserError, match="not of a forecaster"):
        load_saved_model(tmp_path / "sm")
    with pytest.raises(UserError, match="not of a forecaster"):
        load_saved_model(tmp_path / "sm", endpoint="score")


def test_a_data_frame_is_refused_since_its_rows_are_time_steps(saved):
    """(time, series) would be taken for as many series of few steps."""
    frame = pd.DataFrame(np.ones((12, 2)), columns=["a", "b"])
    with pytest.raises(UserError, match=r"history was given as a DataFrame.*frame.to_numpy\(\).T"):
        saved[1, 1](frame)
    with pytest.raises(UserError, match="windows was given as a DataFrame"):
        saved[1, 1].forecast_windows(frame)
    assert saved[1, 1](frame.to_numpy().T).shape[0] == 2
