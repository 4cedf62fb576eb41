import numpy as np
import pytest

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.media.mfc import read_mfc

VALUES = np.random.default_rng(0).normal(size=(7, 13)).astype("float32")


def content(order):
    return np.array([VALUES.size], f"{order}i4").tobytes() + VALUES.astype(f"{order}f4").tobytes()


@pytest.mark.parametrize("order", ["<", ">"])
def test_cepstra_of_both_byte_orders_are_read(order, tmp_path):
    (tmp_path / "x.mfc").write_bytes(content(order))
    np.testing.assert_array_equal(read_mfc(tmp_path / "x.mfc"), VALUES)


@pytest.mark.parametrize("damaged", [b"", b"\0\0\0\1", content(">")[:-4], content(">") + b"\0"])
def test_a_damaged_file_is_named(damaged, tmp_path):
    (tmp_path / "x.mfc").write_bytes(damaged)
    with pytest.raises(UserError, match=r"x\.mfc"):
        read_mfc(tmp_path / "x.mfc")
