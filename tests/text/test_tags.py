"""Tags and the spans they mark, against tables written out by hand and every short sequence."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, strategies as st

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.text.tags import (
    SCHEMES,
    allowed_transitions,
    convert_tags,
    keeps_to,
    spans,
    split_tag,
    tags_of,
)

# The same sentence by hand: two persons side by side, a place, and a person of one token after it.
SENTENCE = {
    "IOB1": "I-PER I-PER B-PER O I-LOC I-LOC I-LOC I-PER O",
    "IOB2": "B-PER I-PER B-PER O B-LOC I-LOC I-LOC B-PER O",
    "IOBES": "B-PER E-PER S-PER O B-LOC I-LOC E-LOC S-PER O",
}
SPANS = [(0, 2, "PER"), (2, 3, "PER"), (4, 7, "LOC"), (7, 8, "PER")]
NAMES = {
    "IOB1": ("O", "B-X", "I-X", "B-Y", "I-Y"),
    "IOB2": ("O", "B-X", "I-X", "B-Y", "I-Y"),
    "IOBES": ("O", "B-X", "I-X", "E-X", "S-X", "E-Y", "B-Y"),
}


@st.composite
def span_lists(draw):
    """Spans side by side or apart, and the length of their sentence."""
    parts = draw(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3), st.sampled_from("XY"))))
    found, end = [], 0
    for gap, length, kind in parts:
        found.append((end + gap, end + gap + length, kind))
        end += gap + length
    return found, end + draw(st.integers(0, 2))


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("other", SCHEMES)
def test_every_scheme_becomes_every_other(scheme, other):
    tags = SENTENCE[scheme].split()
    assert spans(tags) == SPANS
    assert convert_tags(tags, other) == SENTENCE[other].split()
    assert [name for name in SCHEMES if keeps_to(tags, name)] == [scheme]


@given(span_lists(), st.sampled_from(SCHEMES))
def test_spans_survive_their_tags(marked, scheme):
    found, length = marked
    tags = tags_of(found[::-1], length, scheme)
    assert len(tags) == length and spans(tags) == found
    assert keeps_to(tags, scheme)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("O I-X I-Y", [(1, 2, "X"), (2, 3, "Y")]),
        ("B-X I-Y B-Y", [(0, 1, "X"), (1, 2, "Y"), (2, 3, "Y")]),
        ("I-X E-X I-X", [(0, 2, "X"), (2, 3, "X")]),
        ("S-X I-X O E-Y", [(0, 1, "X"), (1, 2, "X"), (3, 4, "Y")]),
        ("", []),
    ],
)
def test_tags_of_no_scheme_are_read_as_the_shared_task_reads_them(tags, expected):
    assert spans(tags.split()) == expected


def test_a_type_may_hold_a_hyphen():
    assert split_tag("B-geo-loc") == ("B", "geo-loc")
    assert spans(["B-geo-loc", "I-geo-loc"]) == [(0, 2, "geo-loc")]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_allowed_transitions_let_through_what_keeps_to_the_scheme_and_nothing_else(scheme):
    names = NAMES[scheme]
    allowed = allowed_transitions(names, scheme)
    assert allowed.shape == (len(names) + 1,) * 2
    legal = 0
    for length in (1, 2, 3, 4):
        for ids in itertools.product(range(len(names)), repeat=length):
            steps = itertools.pairwise((-1, *ids, -1))
            expected = keeps_to([names[tag] for tag in ids], scheme)
            assert all(allowed[step] for step in steps) == expected
            legal += expected
    assert legal > 50


def test_without_spans_every_scheme_would_do():
    assert all(keeps_to(tags, scheme) for tags in (["O", "O"], []) for scheme in SCHEMES)
    np.testing.assert_array_equal(allowed_transitions(["O"]), [[True, True], [True, False]])


@pytest.mark.parametrize("tag", ["NN", "B-", "X-PER", "", "O-PER", "b-PER", "BPER"])
def test_what_marks_no_span_is_refused(tag):
    with pytest.raises(UserError, match="is not a tag of a span"):
        spans(["O", tag])


@pytest.mark.parametrize("marked", [[(0, 2, "X"), (1, 3, "X")], [(1, 1, "X")], [(2, 4, "X")]])
def test_spans_that_cannot_be_marked_are_refused(marked):
    with pytest.raises(ValueError, match="must lie in a sentence of 3 tokens"):
        tags_of(marked, 3)


def test_an_unknown_scheme_is_refused():
    for function in (lambda: tags_of([], 1, "BILOU"), lambda: allowed_transitions(["O"], "BILOU")):
        with pytest.raises(ValueError, match=r"scheme must be one of .* received 'BILOU'"):
            function()
