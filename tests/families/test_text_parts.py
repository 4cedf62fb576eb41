"""Vectors that join a vocabulary: which words, with which vectors, and what is said of them."""

from __future__ import annotations

import numpy as np
import pytest

from keras_rnn_recipes.families.text_parts import add_vectors
from keras_rnn_recipes.text.preparation import Preparation
from keras_rnn_recipes.text.tokenizer import fit_tokenizer

LINES = "Bonn 1 0\nrome 2 0\nnew york 3 0\nROME 4 0\noslo 5 0\nis 6 0\n1999 7 0\n"


@pytest.mark.parametrize("limit, added", [(9, ("rome", "oslo", "0000")), (1, ("rome",)), (0, ())])
def test_the_first_words_of_the_file_join_the_vocabulary(limit, added, tmp_path, capsys):
    (tmp_path / "a.txt").write_text(LINES)
    plan = Preparation(unit="whitespace", replace=(("[0-9]", "0"),))
    tokenizer = fit_tokenizer(["Bonn is far"], plan)
    larger, options = add_vectors(
        tokenizer, tmp_path / "a.txt", limit=limit, train=["Bonn is far"], test=["Oslo is near"]
    )
    assert larger.vocabulary == (*tokenizer.vocabulary, *added)
    assert options["num_fixed"] == len(added)
    vectors = {"bonn": 1.0, "is": 6.0, "rome": 2.0, "oslo": 5.0, "0000": 7.0}
    for number, token in enumerate(larger.vocabulary):
        if token in vectors:
            assert options["embeddings"][number].tolist() == [vectors[token], 0.0]
    told = capsys.readouterr().out
    assert "66.7% of the 3 words of training" in told
    assert "66.7% of the tokens of train" in told  # not of "far"
    assert f"{'66.7%' if 'oslo' in added else '33.3%'} of the tokens of test" in told
    assert "width 2" in told and f"{len(added)} of 5 words of the file" in told


def test_without_a_file_nothing_changes():
    tokenizer = fit_tokenizer(["a"], Preparation())
    assert add_vectors(tokenizer, None, limit=5) == (tokenizer, {})


def test_a_tagger_answers_by_the_vectors_of_words_that_training_lacks(tmp_path):
    """The first number of a vector tells places from people; words of the test part are new."""
    import keras

    from keras_rnn_recipes.builders import sequence_tagger
    from keras_rnn_recipes.training.token_loss import token_loss

    random, names = np.random.default_rng(0), [f"w{number}" for number in range(60)]
    kinds = random.integers(0, 2, 60)
    rows = np.c_[4.0 * kinds - 2.0, random.normal(size=(60, 3)) / 4]
    lines = (f"{name} {' '.join(map(str, row))}\n" for name, row in zip(names, rows, strict=True))
    (tmp_path / "a.txt").write_text("".join(lines))
    tokenizer = fit_tokenizer(names[:20], Preparation(unit="whitespace"))
    larger, options = add_vectors(tokenizer, tmp_path / "a.txt", limit=100)
    keras.utils.set_random_seed(0)
    model = sequence_tagger(
        len(larger.vocabulary), 2, units=4, crf=False, dropout=0.0, embedding_size=32, **options
    )
    model.compile(keras.optimizers.Adam(0.02), token_loss(padding=-1))
    model.fit(larger(names[:20]).numpy(), kinds[:20, None], epochs=40, verbose=0)
    found = np.argmax(model(larger(names[20:]).numpy()), axis=2)[:, 0]
    np.testing.assert_array_equal(found, kinds[20:])
