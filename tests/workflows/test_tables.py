"""Tables hold what the runs gave, and a README that says otherwise is found out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from keras_rnn_recipes.config.schemas import FAMILIES
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.runs.records import record_run
from keras_rnn_recipes.workflows.tables import (
    BEGIN,
    END,
    check_table,
    results_markdown,
    update_table,
)


def make_run(folder: Path, *, seed: int = 0, mase: float | None = 0.5, units: int = 32) -> Path:
    folder.mkdir(parents=True)
    files = {
        "config.json": {
            "format_version": 1,
            "data": {"source": "co2"},
            "model": {"preset": "lstm", "strategy": "direct", "units": [units]},
            "fit": {"seed": seed, "epochs": 3},
        },
        "metrics.json": {
            "format_version": 1,
            "task": "forecasting",
            "model": {"mae": 12345.678 + seed, "smape": 1.5, "mase": mase},
            "baselines": {
                "naive": {"mae": 1.0, "smape": 4.0, "mase": 2.0},
                "ridge": {"mae": 20000.0, "smape": 3.0, "mase": 1.0},
            },
            "num_parameters": 4321,
            "fit_seconds": 10.4 + seed,
        },
        "environment.json": {"seed": seed, "versions": {"keras": "3.15.1"}},
    }
    for name, data in files.items():
        (folder / name).write_text(json.dumps(data))
    return folder


def cells(table: str, row: int = 0) -> dict[str, str]:
    lines = table.splitlines()
    parts = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[:20]]
    return dict(zip(parts[0], parts[2 + row], strict=True))


def test_one_run_is_one_row(tmp_path: Path) -> None:
    table = results_markdown([make_run(tmp_path / "run")])
    assert cells(table) == {
        "Recipe": "co2_lstm_direct",
        "Model": "LSTM",
        "MAE": "12,346",
        "sMAPE, %": "1.500",
        "MASE": "0.5000",
        "Best baseline": "ridge",
        "Its MAE": "20,000",
        "Its MASE": "1.000",
        "Ratio": "**0.500**",
        "Parameters": "4,321",
        "Fit, s": "10",
        "Seeds": "1",
    }


def test_seeds_share_a_row(tmp_path: Path) -> None:
    figures = {0: 0.9, 1: 1.5, 2: 1.2}
    runs = [make_run(tmp_path / str(s), seed=s, mase=m) for s, m in figures.items()]
    row = cells(results_markdown(runs))
    assert row["MASE"] == "1.200 (0.9000 to 1.500)"
    assert row["MAE"] == "12,347 (12,346 to 12,348)"
    assert row["Ratio"] == "1.200" and row["Seeds"] == "3" and row["Fit, s"] == "11"


def test_other_settings_have_a_row_of_their_own(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / "a"), make_run(tmp_path / "b", seed=1, units=64)]
    table = results_markdown(runs)
    assert cells(table, 0)["Seeds"] == cells(table, 1)["Seeds"] == "1"


def test_without_mase_the_mean_absolute_error_decides(tmp_path: Path) -> None:
    row = cells(results_markdown([make_run(tmp_path / "a", mase=None)]))
    assert row["MASE"] == "–" and row["Best baseline"] == "naive"
    assert row["Ratio"] == "12345.678"


def test_recorded_runs_give_the_same_table(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / str(seed), seed=seed) for seed in (0, 1, 2)]
    kept = [record_run(run, "forecasting/co2_lstm_direct", tmp_path / "results") for run in runs]
    assert kept[2] == tmp_path / "results" / "co2_lstm_direct" / "seed2.json"
    assert results_markdown([tmp_path / "results"]) == results_markdown(runs)
    assert results_markdown(kept) == results_markdown(runs)
    record = json.loads(kept[1].read_text())
    assert record["seed"] == 1 and record["versions"] == {"keras": "3.15.1"}
    assert record["date"].startswith("20") and record["recipe"] == "co2_lstm_direct"
    assert str(tmp_path) not in kept[1].read_text()


def test_a_readme_is_generated_and_checked(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    readme = tmp_path / "README.md"
    readme.write_text(f"# Ours\n\n{BEGIN}\nold\n{END}\n\nThe end.\n")
    with pytest.raises(UserError, match="'old'"):
        check_table([run], readme)
    update_table([run], readme)
    check_table([run], readme)
    text = readme.read_text()
    assert text.startswith("# Ours\n\n" + BEGIN) and text.endswith(END + "\n\nThe end.\n")
    update_table([run], readme)
    assert readme.read_text() == text
    readme.write_text(text.replace("**0.500**", "**0.400**"))
    with pytest.raises(UserError, match="0.400.*0.500"):
        check_table([run], readme)
    readme.write_text(text.replace(END, "| more |\n" + END))
    with pytest.raises(UserError, match="not that of the runs"):
        check_table([run], readme)


def test_mistakes_are_told(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    (tmp_path / "README.md").write_text("no table\n")
    with pytest.raises(UserError, match="no table of results"):
        check_table([run], tmp_path / "README.md")
    with pytest.raises(UserError, match="cannot be read"):
        check_table([run], tmp_path / "missing.md")
    with pytest.raises(UserError, match="no finished run"):
        results_markdown([tmp_path / "nowhere"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no finished run"):
        results_markdown([tmp_path / "empty"])
    with pytest.raises(UserError, match="no finished run"):
        record_run(tmp_path / "empty", "x", tmp_path)
    (tmp_path / "seed0.json").write_text("{}")
    with pytest.raises(UserError, match="lacks"):
        results_markdown([tmp_path / "seed0.json"])
    (tmp_path / "seed0.json").write_text("[oops")
    with pytest.raises(UserError, match="cannot be read"):
        results_markdown([tmp_path / "seed0.json"])


def test_reporting_and_tables_import_no_tensorflow(run_python) -> None:
    reports = ", ".join(f"keras_rnn_recipes.families.{name}.report" for name in FAMILIES)
    run_python(
        "import sys\n"
        f"import {reports}\n"
        "import keras_rnn_recipes.reporting.readme_tables\n"
        "import keras_rnn_recipes.evaluation.baselines\n"
        "assert not {'tensorflow', 'keras', 'sklearn', 'matplotlib.pyplot'} & set(sys.modules)"
    )


def test_of_texts_every_baseline_has_a_row_below_its_model(tmp_path):
    for seed, accuracy in ((0, 0.8), (1, 0.9), (2, 0.85)):
        record = {
            "recipe": "films_gru",
            "name": "gru",
            "seed": seed,
            "task": "text_classification",
            "model": {"accuracy": accuracy, "log_loss": 0.4},
            "baselines": {
                "majority": {"accuracy": 0.5, "log_loss": 0.69},
                "tfidf": {"accuracy": 0.7 + seed / 100, "log_loss": 0.5},
            },
            "num_parameters": 1234,
            "fit_seconds": 10.0 + seed,
        }
        path = tmp_path / "films_gru" / f"seed{seed}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(record))
    lines = results_markdown([tmp_path]).splitlines()
    assert lines[0].startswith("| Recipe | Answered by | accuracy | log loss |")
    assert lines[2].startswith("| films_gru | **GRU** | 0.8500 (0.8000 to 0.9000) | 0.4000 (0.4")
    assert lines[2].endswith("| 1,234 | 11 | 3 |")
    assert lines[3].startswith("|  | tf-idf and logistic regression | 0.7100 |")
    assert lines[4].startswith("|  | majority | 0.5000 |")
