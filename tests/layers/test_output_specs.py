"""Layers that state the shapes of their outputs state what Keras finds by tracing them."""

from __future__ import annotations

import itertools

import keras
import pytest

from keras_rnn_recipes import layers


def seasonal(**options):
    return layers.SeasonalBase(offsets=(0, 1, 5), **{"horizon": 4, "season_length": 3, **options})


CASES = {
    "fill": (layers.FillMissing(), [(None, None, 2)], {}),
    "fill known": (layers.FillMissing(), [(4, 7, 2)], {}),
    "start": (layers.AlignStart(), [(None, None, 5), (None, None, 2)], {}),
    "start known": (layers.AlignStart(), [(4, 7, 5), (4, 7, 2)], {}),
    "start half": (layers.AlignStart(dtype="float16"), [(None, None, 5), (None, None, 2)], {}),
    "end": (layers.AlignEnd(), [(None, None, 5), (None, 1)], {}),
    "end known": (layers.AlignEnd(), [(4, 7, 5), (4, 1)], {}),
    "real steps": (layers.RealSteps(), [(None, None, 2)], {}),
    "real steps known": (layers.RealSteps(), [(4, 7, 2)], {}),
    "blank padding": (layers.BlankPadding(), [(None, None, 5), (None, None)], {}),
    "blank padding known": (layers.BlankPadding(), [(4, 7, 5), (4, 7)], {}),
}
CASES |= {
    f"season {options} {shape[1]} {last}": (
        seasonal(**options),
        [shape, (None, 1, shape[2]) if last else shape],
        {"last_only": last},
    )
    for options, shape, last in itertools.product(
        ({}, {"seasons": 3, "transform": "log"}, {"season_length": (7, 3)}),
        ((None, None, 2), (None, 20, 1)),
        (False, True),
    )
}


@pytest.mark.parametrize("name", CASES)
def test_a_stated_shape_is_the_traced_one(name):
    layer, shapes, options = CASES[name]
    dtypes = [layer.compute_dtype, "int32" if len(shapes[-1]) == 2 else layer.compute_dtype]
    given = [
        keras.KerasTensor(shape, dtype=dtype) for shape, dtype in zip(shapes, dtypes, strict=False)
    ]
    traced = keras.Operation.compute_output_spec(layer, *given, **options)
    stated = layer.compute_output_spec(*given, **options)
    assert isinstance(stated, tuple) == isinstance(traced, tuple)
    found = [(one.shape, one.dtype) for one in keras.tree.flatten(stated)]
    expected = [(one.shape, one.dtype) for one in keras.tree.flatten(traced)]
    assert [dtype for _, dtype in found] == [dtype for _, dtype in expected]
    for (shape, _), (wanted, _) in zip(found, expected, strict=True):
        assert len(shape) == len(wanted)
        # Tracing loses a known length where the graph slices by a tensor.
        assert all(b in (a, None) for a, b in zip(shape, wanted, strict=True))
