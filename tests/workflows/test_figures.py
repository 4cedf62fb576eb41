"""Figures in a text are those of the recorded runs, and a text that says otherwise is found out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.workflows.figures import check_figures, recorded_figure, update_figures

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/guides/shapes.md")
TEXT = (
    "Right: <!-- figure: some/one accuracy .2f -->0.9<!-- end -->, and "
    "<!-- figure: some/one mae .0f below naive -->7<!-- end --> % better. | 12 |\n"
)


@pytest.fixture
def recipes(tmp_path):
    folder = tmp_path / "some" / "results" / "one"
    folder.mkdir(parents=True)
    for seed, (accuracy, mae) in enumerate(((0.5, 8.0), (0.75, 6.0), (1.0, 9.0))):
        record = {
            "model": {"accuracy": accuracy, "mae": mae},
            "baselines": {"naive": {"mae": 10.0}},
        }
        record |= {
            "recipe": "one",
            "name": "lstm",
            "seed": seed,
            "num_parameters": 1,
            "fit_seconds": 1.0,
        }
        (folder / f"seed{seed}.json").write_text(json.dumps(record))
    return tmp_path


def test_figures_are_medians_and_the_rest_of_the_text_stays(recipes, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(TEXT)
    with pytest.raises(UserError, match=r"some/one accuracy \.2f' in .*page.md is '0.9'"):
        check_figures(page, recipes)
    update_figures(page, recipes)
    assert page.read_text() == TEXT.replace(">0.9<", ">0.75<").replace(">7<", ">20<")
    check_figures(page, recipes)


@pytest.mark.parametrize(
    "where, told",
    [
        ("some/one accuracy", "a format"),
        ("some/two accuracy .2f", "two"),
        ("some/one bleu .2f", "have no figure"),
        ("some/one mae .2f below ridge", "have no figure"),
    ],
)
def test_a_figure_that_no_run_has_is_refused(recipes, where, told):
    with pytest.raises(UserError, match=told):
        recorded_figure(where, recipes)


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_of_the_project_are_up_to_date(page):
    assert (ROOT / page).read_text(encoding="utf-8").count("<!-- figure: ") >= 9
    check_figures(ROOT / page, ROOT / "recipes")
