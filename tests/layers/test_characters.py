"""The convolution over the characters of each token."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from profiles import draws

from keras_rnn_recipes.layers import CharacterConvolution


def by_loops(characters, vectors, kernel, bias):
    """The maximum over the places of each token, with zeros beyond both ends."""
    filters, reach = kernel.shape[2], kernel.shape[0]
    found = np.zeros((*characters.shape[:2], filters))
    for place in np.ndindex(characters.shape[:2]):
        known = vectors[characters[place][characters[place] > 0]].reshape(-1, vectors.shape[1])
        padded = np.pad(known, [((reach - 1) // 2, reach), (0, 0)])
        for at in range(len(known)):
            answer = bias + np.einsum("kc,kcf->f", padded[at : at + reach], kernel)
            found[place] = np.maximum(found[place], answer)
    return found


@draws(20)
@given(kernel_size=st.integers(1, 4), seed=st.integers(0, 999))
def test_it_is_the_maximum_of_a_convolution_over_the_characters_of_a_token(kernel_size, seed):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, 6, size=(3, 4, 1))
    characters = np.where(np.arange(5) < lengths, rng.integers(1, 8, size=(3, 4, 5)), 0)
    layer = CharacterConvolution(8, 3, 6, kernel_size)
    layer.build(characters.shape)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    expected = by_loops(characters, *(np.asarray(w, "float64") for w in layer.get_weights()))
    np.testing.assert_allclose(np.array(layer(characters)), expected, atol=1e-5)


def test_more_padding_changes_nothing():
    layer, characters = CharacterConvolution(9, 4, 5), np.array([[[3, 4, 8], [2, 0, 0]]])
    padded = np.pad(characters, [(0, 0), (0, 2), (0, 3)])
    expected, found = np.array(layer(characters)), np.array(layer(padded))
    np.testing.assert_allclose(found[:, :2], expected, atol=1e-6)
    assert not found[:, 2:].any()


@pytest.mark.parametrize("name", ["num_characters", "embedding_size", "filters", "kernel_size"])
def test_each_size_is_at_least_one(name):
    sizes = {"num_characters": 5, "embedding_size": 3, "filters": 4, "kernel_size": 3, name: 0}
    with pytest.raises(ValueError, match="must be at least 1"):
        CharacterConvolution(**sizes)
