"""What training took for granted is kept with the run and checked on new data."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from families.forecasting.test_inference import make_run

from keras_rnn_recipes.data.coding import match_categories
from keras_rnn_recipes.data.covariates import Covariate, Covariates
from keras_rnn_recipes.data.frames import read_panel
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families.forecasting.assumptions import Assumptions, read_assumptions
from keras_rnn_recipes.workflows.inference import evaluate, predict

DAYS = pd.date_range("2024-01-01", periods=60)


def table(values, name="a", ds=DAYS) -> pd.DataFrame:
    return pd.DataFrame({"unique_id": name, "ds": ds[: len(values)], "y": values})


LEARNED = table(np.arange(1.0, 61.0))


def run_with(folder, frame: pd.DataFrame, **model):
    """A run that repeats the last value, which was trained on these data."""
    folder.mkdir(exist_ok=True)
    run = make_run(folder / "run")
    config = json.loads((run / "config.json").read_text())
    config["model"] |= model
    (run / "config.json").write_text(json.dumps(config))
    data = {"format_version": 1, **asdict(Assumptions.of(frame))}
    (run / "assumptions.json").write_text(json.dumps(data))
    return run


def notes(run, frame: pd.DataFrame) -> list[str]:
    return list(predict(run, frame).attrs["notes"])


def test_assumptions_are_those_of_all_rows():
    frame = pd.concat([table([1.0, 2.0, np.nan, 3.0]), table([-10.5, 10.0], "b")])
    assert Assumptions.of(frame) == Assumptions(False, False, (2.0, 10.25), 5 / 6, ("a", "b"))


def test_they_are_read_as_they_were_written_and_a_damaged_file_is_told(tmp_path):
    run = run_with(tmp_path, LEARNED)
    assert read_assumptions(run) == Assumptions.of(LEARNED)
    assert read_assumptions(tmp_path) is None
    for text in ("{", "[]", '{"whole": true}'):
        (run / "assumptions.json").write_text(text)
        with pytest.raises(UserError, match=r"assumptions\.json cannot be read"):
            read_assumptions(run)


def test_data_like_those_of_the_run_are_forecast_without_a_word(tmp_path):
    assert notes(run_with(tmp_path, LEARNED), LEARNED) == []


@pytest.mark.parametrize("freq", ["W-SUN", "W-MON", "MS", "2D", "h", "15min"])
@pytest.mark.parametrize("use", [predict, evaluate])
def test_rows_at_another_frequency_are_refused(tmp_path, freq, use):
    run, ds = run_with(tmp_path, LEARNED), pd.date_range("2024-01-01", periods=40, freq=freq)
    with pytest.raises(UserError) as told:
        use(run, table(np.arange(40.0), ds=ds))
    assert "the run was trained on steps of 'D'" in told.value.what
    assert repr(freq) in told.value.what
    assert "--freq" not in told.value.fix  # predict and evaluate have no such option


def test_a_run_that_learned_from_sparse_days_takes_sparse_days(tmp_path):
    weekly = table(np.where(DAYS.day_of_week == 0, 5.0, np.nan))
    run = run_with(tmp_path, weekly)
    assert predict(run, weekly.dropna())["ds"].iloc[0] == pd.Timestamp("2024-02-27")


def test_new_series_other_units_and_negative_values_are_named(tmp_path):
    run = run_with(tmp_path, LEARNED)
    (new,) = notes(run, table(np.arange(1.0, 61.0), "b"))
    assert new == "New to the run: 1 series (b); forecast by what it learned from the others."
    (units,) = notes(run, table(np.arange(1.0, 61.0) * 1e6))
    assert units.startswith("Other units? The values of 1 series (a) are about 3.05e+07;")
    (negative,) = notes(run, table(np.arange(60.0) - 5))
    assert "Negative values in 1 series (a)" in negative and "not kept at or above 0" in negative


def test_negative_values_under_a_logarithm_have_no_forecast(tmp_path):
    run = run_with(tmp_path, LEARNED, transform="log", scaling="mean")
    frame = pd.concat([LEARNED, table([*range(1, 60), -3.0], "b")])
    forecasts = predict(run, frame)
    missing = forecasts.groupby("unique_id")["gru"].apply(lambda part: part.isna().all())
    assert missing.to_dict() == {"a": False, "b": True}
    assert any("(b)" in note and "logarithms" in note for note in forecasts.attrs["notes"])


def test_series_without_a_value_and_rows_to_forecast_are_named(tmp_path):
    run = run_with(tmp_path, LEARNED)
    frame = pd.concat([LEARNED, table([np.nan] * 60, "closed")])
    frame.loc[frame["ds"] > "2024-02-20", "y"] = np.nan
    told = " ".join(notes(run, frame))
    assert "closed" in told and "steps to forecast, from 2024-02-21 on" in told


def test_closed_weekdays_are_forecast_as_missing(tmp_path):
    frame = LEARNED.assign(y=LEARNED["y"].mask(DAYS.day_of_week == 6))
    forecasts = predict(run_with(tmp_path, frame), frame.iloc[:-3])  # ends on Monday, 26 February
    assert forecasts["ds"].iloc[0] == pd.Timestamp("2024-02-27")
    frame = frame.iloc[:-5]  # ends on Saturday
    forecasts = predict(run_with(tmp_path / "again", frame), frame)
    assert forecasts["gru"].isna().tolist() == [True, False, False]
    assert any("on Sundays" in note for note in forecasts.attrs["notes"])


def test_categories_written_otherwise_are_recognized_and_others_named():
    frame = table(np.arange(6.0)).assign(
        promo=["NO", " yes", "no", "YES", "free", "no"], size=["1.0", "2", "1", "2", "3", "1"]
    )
    panel = read_panel(frame, past_cols=["promo", "size"])
    known = Covariates(
        past=(Covariate("promo", ("no", "yes")), Covariate("size", ("1", "2"))),
    )
    found = match_categories(panel, known)
    assert found.frame["promo"].tolist()[:4] == ["no", "yes", "no", "yes"]
    assert "promo: 'NO', 'YES' were read as 'no', 'yes'." in found.notes
    assert any("does not know 'free' (1 row; it knows 'no', 'yes')" in n for n in found.notes)


def test_categories_that_differ_only_in_capitals_stay_apart():
    panel = read_panel(
        table(np.arange(4.0)).assign(unit=["kg", "KG", "Kg", "kg"]), past_cols=["unit"]
    )
    known = Covariates(past=(Covariate("unit", ("kg", "KG")),))
    found = match_categories(panel, known)
    assert found.frame["unit"].tolist() == ["kg", "KG", "Kg", "kg"]
    assert any("does not know 'Kg'" in note for note in found.notes)
