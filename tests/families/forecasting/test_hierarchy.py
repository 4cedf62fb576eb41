"""Forecasts of all levels of a hierarchy add up, whatever the method."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from keras_rnn_recipes.cli.commands import app
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families.forecasting.hierarchy import (
    METHODS,
    TOTAL,
    Hierarchy,
    predict_hierarchy,
    reconcile,
)

SHOPS = ["n/p/1", "n/p/2", "n/q/3", "s/r/4", "s/r/5"]
COLUMNS = "country,region,shop"
PARTS = {TOTAL: SHOPS, "n": SHOPS[:3], "s": SHOPS[3:], "n/p": SHOPS[:2], "n/q": SHOPS[2:3]}


def sales(days: int = 70) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    parts = []
    for name in SHOPS:
        week = 1 + 0.4 * np.sin(np.arange(days) * 2 * np.pi / 7)
        y = (rng.lognormal(3, 0.5) * week + rng.normal(0, 1, days)).clip(0)
        ds = pd.date_range("2024-01-01", periods=days)
        labels = dict(zip(COLUMNS.split(","), name.split("/"), strict=True))
        parts.append(pd.DataFrame({**labels, "ds": ds, "y": y}))
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def hierarchy() -> Hierarchy:
    return Hierarchy.of(SHOPS, COLUMNS.split(","))


def forecasts(hierarchy: Hierarchy, seed: int, *, true: bool = False) -> pd.DataFrame:
    """Forecasts of three steps that do not add up, with true values if asked."""
    rng = np.random.default_rng(seed)
    table = pd.MultiIndex.from_product([hierarchy.names, range(3)], names=["unique_id", "ds"])
    found = table.to_frame(index=False)
    if true:
        found["y"] = rng.uniform(20, 50, len(found))
    return found.assign(lstm=rng.uniform(20, 50, len(found)))


def check_sums(table: pd.DataFrame, column: str) -> None:
    wide = table.pivot(index="ds", columns="unique_id", values=column)
    for one, parts in PARTS.items():
        np.testing.assert_allclose(wide[one], wide[parts].sum(axis=1), rtol=1e-8)


def test_the_levels_are_the_beginnings_of_the_names(hierarchy):
    assert hierarchy.levels == {
        "total": [TOTAL],
        "country": ["n", "s"],
        "country/region": ["n/p", "n/q", "s/r"],
        "country/region/shop": SHOPS,
    }
    by_name = dict(zip(hierarchy.names, hierarchy.sums, strict=True))
    for one, parts in PARTS.items():
        assert [name for name, part in zip(SHOPS, by_name[one], strict=True) if part] == parts
    assert list(Hierarchy.of(["n/1", "n/2"], ["country", "shop"]).levels) == [
        "country",
        "country/shop",
    ]


def test_a_sum_begins_with_its_first_part_and_lacks_what_a_part_lacks(hierarchy):
    frame = sales(6)
    frame["unique_id"] = frame["country"] + "/" + frame["region"] + "/" + frame["shop"]
    late = (frame["unique_id"] == "n/p/1") & (frame["ds"] < "2024-01-03")
    frame.loc[(frame["unique_id"] == "n/q/3") & (frame["ds"] == "2024-01-02"), "y"] = np.nan
    found = hierarchy.aggregated(frame[~late]).set_index(["unique_id", "ds"])["y"]
    values = frame.set_index(["unique_id", "ds"])["y"]
    days = pd.date_range("2024-01-01", periods=6)
    assert len(found["n/p/1"]) == 4 and len(found["n/p"]) == 6
    assert found["n/p", days[0]] == values["n/p/2", days[0]]
    assert np.isnan(found["n", days[1]]) and np.isnan(found[TOTAL, days[1]])
    assert found["s", days[1]] == values["s/r/4", days[1]] + values["s/r/5", days[1]]
    with pytest.raises(UserError, match="1 series ends before .*: n/p/1"):
        hierarchy.aggregated(frame.drop(index=[5]))


@pytest.mark.parametrize("method", METHODS)
def test_reconciled_forecasts_add_up(hierarchy, method):
    base, errors = forecasts(hierarchy, 0), forecasts(hierarchy, 1, true=True)
    base = base.sample(frac=1, random_state=0)
    table = base.assign(lstm=reconcile(base, hierarchy, method, errors))
    check_sums(table, "lstm")
    kept = {"bottom_up": SHOPS, "top_down": [TOTAL], "mint": []}[method]
    same = table["unique_id"].isin(kept)
    np.testing.assert_allclose(table["lstm"][same], base["lstm"][same])


@pytest.mark.parametrize("method", METHODS)
def test_forecasts_that_add_up_stay_as_they_are(hierarchy, method):
    base, errors = forecasts(hierarchy, 0), forecasts(hierarchy, 1, true=True)
    bottom = base.pivot(index="unique_id", columns="ds", values="lstm").loc[SHOPS].to_numpy()
    base["lstm"] = (hierarchy.sums @ bottom).ravel()
    np.testing.assert_allclose(reconcile(base, hierarchy, method, errors), base["lstm"], rtol=1e-6)


def test_mint_is_the_projection_that_the_covariance_of_the_errors_weights():
    """With one part alone there is nothing to choose; with two, the exact one moves least."""
    two = Hierarchy.of(["a", "b"], ["shop"])
    rng = np.random.default_rng(0)
    steps = np.repeat([list(range(200))], 3, axis=0).ravel()
    noise = np.concatenate([rng.normal(0, size, 200) for size in (1.0, 0.01, 1.0)])
    errors = pd.DataFrame({"unique_id": np.repeat([TOTAL, "a", "b"], 200), "ds": steps, "y": 0.0})
    errors["lstm"] = noise
    base = pd.DataFrame({"unique_id": [TOTAL, "a", "b"], "ds": 0, "lstm": [12.0, 4.0, 5.0]})
    total, exact, other = reconcile(base, two, "mint", errors)
    # Equal variances of the sum and of b share the gap of 3; that of a is ten thousand times less.
    assert exact == pytest.approx(4.0, abs=0.02)
    assert total == pytest.approx(10.5, abs=0.2) and other == pytest.approx(6.5, abs=0.2)


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory) -> Path:
    """A run of the pretrained network, which takes no training."""
    folder = tmp_path_factory.mktemp("hierarchy")
    sales().to_csv(folder / "sales.csv", index=False)
    arguments = ["forecast", folder / "sales.csv", "--id-col", COLUMNS, "--horizon", 3]
    arguments += ["--model", "pretrained", "--run-dir", folder / "run"]
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    return folder


def test_a_run_forecasts_all_levels(run_dir):
    output = run_dir / "out.csv"
    arguments = ["predict", run_dir / "run", "--input", run_dir / "sales.csv", "--output", output]
    arguments += ["--hierarchy", COLUMNS, "--reconcile", "bottom_up"]
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    assert "Mean absolute error of the last 3 steps by level, bottom_up: total:" in result.output
    table = pd.read_csv(output)
    assert table["unique_id"].nunique() == 11 and len(table) == 33
    model = table.columns[2]
    check_sums(table, model)
    shops = table[table["unique_id"].isin(SHOPS)]
    pd.testing.assert_series_equal(shops[model], shops[f"{model}-unreconciled"], check_names=False)
    mint = predict_hierarchy(run_dir / "run", sales(), COLUMNS)
    check_sums(mint, model)
    assert not np.allclose(mint[model], mint[f"{model}-unreconciled"])


def test_what_is_no_hierarchy_is_one_message(run_dir):
    named = ["--input", str(run_dir / "sales.csv"), "--output", str(run_dir / "x.csv")]
    result = CliRunner().invoke(
        app, ["predict", str(run_dir / "run"), *named, "--reconcile", "mint"]
    )
    assert result.exit_code != 0
    with pytest.raises(UserError, match="too few for --reconcile mint"):
        predict_hierarchy(run_dir / "run", sales(12), COLUMNS)
    with pytest.raises(UserError, match="has a '/' in it"):
        predict_hierarchy(run_dir / "run", sales().replace({"shop": {"1": "1/x"}}), COLUMNS)
    with pytest.raises(UserError, match="--reconcile"):
        predict_hierarchy(run_dir / "run", sales(), COLUMNS, method="top")
