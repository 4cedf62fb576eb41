"""Drawings of shapes: their boxes, and their place at the beginning of a report."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest

from keras_rnn_recipes.config.shapes import SHAPES
from keras_rnn_recipes.reporting.page import Page, render_page
from keras_rnn_recipes.reporting.shapes import report_shape, shape_drawing

# Inputs, states, answers, and arrows: one for each input and answer, one between two states.
COUNTS = {
    "one-to-one": (1, 1, 1, 2),
    "one-to-many": (1, 3, 3, 6),
    "many-to-one": (3, 3, 1, 6),
    "many-to-many-equal": (3, 3, 3, 8),
    "many-to-many-different": (3, 5, 3, 10),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_drawing_has_the_boxes_and_arrows_of_its_shape(shape):
    drawing = ElementTree.fromstring(shape_drawing(shape))
    kinds = [element.get("class") for element in drawing]
    counted = tuple(kinds.count(kind) for kind in ("input", "state", "output", "arrow"))
    assert counted == COUNTS[shape]
    _, _, width, height = map(float, drawing.get("viewBox").split())
    for box in drawing.findall("rect"):
        x, y, side = (float(box.get(name)) for name in ("x", "y", "width"))
        assert 0 < x < x + side < width and 0 < y < y + side < height
    assert SHAPES[shape].title in drawing.get("aria-label")


def rows_of(shape, kind):
    boxes = ElementTree.fromstring(shape_drawing(shape)).findall("rect")
    return [(float(b.get("x")), float(b.get("y"))) for b in boxes if b.get("class") == kind]


def test_inputs_are_below_answers_above_and_time_runs_to_the_right():
    inputs, states, outputs = (
        rows_of("many-to-many-different", kind) for kind in ("input", "state", "output")
    )
    (below,), (between,), (above,) = ({y for _, y in row} for row in (inputs, states, outputs))
    assert above < between < below
    columns = [x for x, _ in states]
    assert columns == sorted(columns)
    assert [x for x, _ in inputs] == columns[:3] and [x for x, _ in outputs] == columns[2:]


def test_a_report_begins_with_its_shape():
    config = {"format_version": 1, "family": "tagging", "data": {"source": "people_places"}}
    shape = report_shape(config)
    assert shape[1] == "Many to many, of equal length: an answer for every step."
    page = Page("A run", "better", "It wins.", [], "", "Model", [], [], shape=shape)
    shown = render_page(page)
    assert re.search(r'<header>\s*<div class="shape">\s*<svg', shown)
    assert shown.index(shape[1]) < shown.index("<h1>")
    assert 'class="shape"' not in render_page(
        Page("A run", "better", "It wins.", [], "", "Model", [], [])
    )


def test_without_settings_that_can_be_read_there_is_no_drawing():
    assert report_shape({}) is None
    assert report_shape({"family": "unheard"}) is None
    assert report_shape({"fit": {"keep": "last"}}) is None
