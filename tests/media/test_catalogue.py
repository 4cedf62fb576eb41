"""Data sets of sequences by name: parts as published, nothing of one part in another."""

from __future__ import annotations

import hashlib
import subprocess

import numpy as np
import pytest

from keras_rnn_recipes.data.catalogue import find_card, list_datasets, sha256_of
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.media.catalogue import load_media_parts
from keras_rnn_recipes.media.sequences import LabelledSequences

FAMILY = "sequence_classification"
NAMES = [card.name for card in list_datasets() if card.task == FAMILY]
# Sequences of the parts, and of the classes; those of MSR Action3D as in Li et al. 2010.
SIZES = {
    "gestures": ({"train": 2400, "valid": 400, "test": 600}, 6),
    "moving_shapes": ({"train": 2400, "valid": 240, "test": 480}, 6),
    "fsdd": ({"train": 1600, "valid": 200, "test": 200}, 10),
    "msr_action3d": ({"train": 284, "test": 273}, 20),
}


def test_the_sets_are_found():
    assert set(NAMES) >= set(SIZES)


@pytest.mark.parametrize("name", SIZES)
def test_the_parts_have_the_published_sizes_and_share_no_sequence(name, request):
    if name not in ("gestures", "moving_shapes"):
        request.getfixturevalue("krr_data")
    parts, (sizes, classes) = load_media_parts(name, FAMILY), SIZES[name]
    assert {part: len(rows) for part, rows in parts.items()} == sizes
    for rows in parts.values():
        assert isinstance(rows, LabelledSequences) and len(set(rows.labels)) == classes
        assert all(one.shape[-1] == len(rows.channels) and len(one) for one in rows.values)
        assert all(np.isfinite(one).all() for one in rows.values)
    every = [one for rows in parts.values() for one in rows.names]
    assert len(set(every)) == len(every)


def test_people_who_are_tested_are_not_trained_on(krr_data):
    parts = load_media_parts("msr_action3d", FAMILY)
    people = {part: {int(name[5:7]) for name in rows.names} for part, rows in parts.items()}
    assert people == {"train": {1, 3, 5, 7, 9}, "test": {2, 4, 6, 8, 10}}
    first = krr_data / "sequences/msr_action3d/a01_s01_e01_skeleton3D.txt"
    hip = [float(cell) for cell in first.read_text().splitlines()[6].split()[:3]]
    (place,) = np.flatnonzero(np.array(parts["train"].names) == "a01_s01_e01")
    np.testing.assert_allclose(parts["train"].values[place][0, 18:21], hip, rtol=1e-6)


def test_a_set_of_another_task_is_refused():
    with pytest.raises(UserError, match="word_order is for another task"):
        load_media_parts("word_order", FAMILY)


def test_the_sum_of_a_folder_is_that_of_sha256sum(tmp_path):
    for name in ("b.txt", "a.txt", "C.txt"):
        (tmp_path / name).write_text(name * 3)
    (tmp_path / "inner").mkdir()
    done = subprocess.run(
        "LC_ALL=C sha256sum *.txt", shell=True, cwd=tmp_path, capture_output=True, check=True
    )
    assert sha256_of(tmp_path) == hashlib.sha256(done.stdout).hexdigest()
    (tmp_path / "a.txt").write_text("changed")
    assert sha256_of(tmp_path) != hashlib.sha256(done.stdout).hexdigest()


def test_a_folder_that_has_changed_is_refused(tmp_path):
    card = find_card("fsdd")
    (tmp_path / card.files[0]["path"]).mkdir(parents=True)
    with pytest.raises(UserError, match="SHA-256"):
        load_media_parts(card, FAMILY, root=tmp_path)
    with pytest.raises(UserError, match="is not in"):
        load_media_parts(card, FAMILY, root=tmp_path / "elsewhere")
