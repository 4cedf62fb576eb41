"""Generated scenes: parts that share no kind, pictures that show what the sentences say."""

from __future__ import annotations

import re

import numpy as np
import pytest

from keras_rnn_recipes.media.scenes import COLORS, SHAPES, SIZES, Kind, divided_kinds, scenes

NUMBERS = {"two": 2, "three": 3, "four": 4}
KIND = re.compile(rf"(small|little|large|big) ({'|'.join(COLORS)}) ({'|'.join(SHAPES)})")
OPPOSITE = {
    "to the left of": "to the right of",
    "to the right of": "to the left of",
    "above": "below",
    "below": "above",
}


@pytest.fixture(scope="module")
def parts():
    return scenes(train_size=300, valid_size=80, test_size=120, seed=3)


def kinds_of(sentence):
    plain = {"little": "small", "big": "large"}
    return [Kind(plain.get(size, size), *rest) for size, *rest in KIND.findall(sentence)]


def test_every_kind_belongs_to_one_part_and_all_are_divided():
    train, valid, test = map(set, divided_kinds())
    assert len(train) + len(valid) + len(test) == len(SHAPES) * len(COLORS) * len(SIZES)
    assert not train & valid and not train & test and not valid & test
    # The words of a held-out kind are all known, and so is each pair of them.
    for kind in valid | test:
        other = {"small": "large", "large": "small"}[kind.size]
        assert kind._replace(size=other) in train
        assert any(one.size == kind.size and one.shape == kind.shape for one in train)
        assert any(one.size == kind.size and one.color == kind.color for one in train)


def test_pictures_show_kinds_of_their_part_alone(parts):
    allowed = list(map(set, divided_kinds()))
    for part, own in zip(parts, allowed, strict=True):
        for sentences in part.captions:
            for sentence in sentences:
                found = kinds_of(sentence)
                assert found and set(found) & own and set(found) <= own | allowed[0]


def test_the_sentences_of_a_scene_say_the_same(parts):
    for sentences in parts[0].captions:
        assert len(set(sentences)) == len(sentences) in (4, 8)
        meanings = {meaning(sentence) for sentence in sentences}
        assert len(meanings) == 1


def meaning(sentence):
    """What a sentence says, however it is said: a second way to read them."""
    kinds = kinds_of(sentence)
    for word, number in NUMBERS.items():
        if f"{word} " in sentence:
            return number, kinds[0]
    if len(kinds) == 1:
        return kinds[0], frozenset(KIND.sub("", sentence).replace("there is a", "").split()) - {"a"}
    (relation,) = [one for one in OPPOSITE if f" {one} " in sentence]
    if relation in ("to the right of", "below"):
        relation, kinds = OPPOSITE[relation], kinds[::-1]
    return relation, *kinds


def blobs(image, color):
    """The pixels of a color: as a mask."""
    away = np.abs(image.astype(int) - np.array(COLORS[color])).sum(axis=-1)
    return away < 110


def test_a_single_object_lies_where_it_is_said_to_be(parts):
    seen = 0
    for image, sentences in zip(parts[0].images, parts[0].captions, strict=True):
        kinds = kinds_of(sentences[0])
        text = " ".join(sentences)
        if len(kinds) > 1 or any(f"{word} " in sentences[0] for word in NUMBERS):
            continue
        rows, columns = np.nonzero(blobs(image, kinds[0].color))
        x, y = np.median(columns), np.median(rows)
        assert ("left" in text) == (x < 15) and ("right" in text) == (x > 25)
        up = any(word in text for word in ("upper", "top"))
        down = any(word in text for word in ("lower", "bottom"))
        assert up == (y < 15) and down == (y > 25)
        seen += 1
    assert seen > 60


def test_two_objects_stand_in_the_relation_that_is_said(parts):
    seen = 0
    for image, sentences in zip(parts[0].images, parts[0].captions, strict=True):
        said = meaning(sentences[0])
        if said[0] not in OPPOSITE or said[1].color == said[2].color:
            continue
        (y1, x1), (y2, x2) = (
            np.mean(np.nonzero(blobs(image, kind.color)), axis=1) for kind in said[1:]
        )
        left, above = x2 - x1, y2 - y1
        assert (left > abs(above)) if said[0] == "to the left of" else (above > abs(left))
        seen += 1
    assert seen > 60


def test_scenes_are_the_same_at_each_call_and_shares_do_not_depend_on_sizes(parts):
    again = scenes(train_size=300, valid_size=80, test_size=120, seed=3)
    for one, other in zip(parts, again, strict=True):
        np.testing.assert_array_equal(one.images, other.images)
        assert one.captions == other.captions
    assert not np.array_equal(scenes(train_size=1, seed=4)[0].images[0], parts[0].images[0])
