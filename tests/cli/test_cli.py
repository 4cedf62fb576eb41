"""The commands, as they are typed: what they print, import, and leave behind."""

from __future__ import annotations

import subprocess
import sys
import tomllib

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from keras_rnn_recipes.cli import commands as cli
from keras_rnn_recipes.cli.commands import app
from keras_rnn_recipes.pretrained.card import pretrained_card
from keras_rnn_recipes.serving import quiet_import
from keras_rnn_recipes.workflows.inference import evaluate

COMMANDS = [
    "forecast",
    "classify",
    "tag",
    "translate",
    "write",
    "run",
    "predict",
    "complete",
    "compose",
    "evaluate",
    "gradients",
    "backtest",
]
COMMANDS += ["tune", "update", "shard", "ls", "cp", "validate", "table", "export", "explain"]
SLOW_TO_IMPORT = {"tensorflow", "keras", "jax", "torch", "numpy", "pandas", "scipy", "sklearn"}
SLOW_TO_IMPORT |= {"statsmodels", "utilsforecast", "matplotlib", "tensorboard", "optuna", "onnx"}


def krr(*arguments: str, status: int = 0):
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == status, result.output
    return result


def imported_by(*arguments: str, status: int = 0) -> set[str]:
    """The top-level modules that a command imports, in a process of its own."""
    code = (
        "import sys\nsys.argv[0] = 'krr'\nfrom keras_rnn_recipes.cli.commands import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n"
        f"    assert (end.code or 0) == {status}, end.code\n"
        "print('\\n' + ' '.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}


def test_help_names_every_command():
    text = krr("--help").stdout
    assert [line.split()[0] for line in text.split("Commands:")[1].split("\n") if line] == COMMANDS
    for command in COMMANDS:
        assert krr(command, "--help").stdout.startswith("Usage:")


@pytest.mark.parametrize("arguments", [["--help"], ["forecast", "--help"], ["ls"]])
def test_help_and_lists_import_nothing_slow(arguments):
    """What makes them instant; `make bench` measures the seconds."""
    assert not imported_by(*arguments) & SLOW_TO_IMPORT


def test_validate_needs_no_tensorflow(tmp_path):
    (tmp_path / "my.toml").write_text('[data]\nsource = "co2"\n[model]\nhorizon = 3\n')
    assert not imported_by("validate", str(tmp_path / "my.toml")) & {"tensorflow", "keras"}


MONTHS = "".join(f"{year}-{month:02}-01,7\n" for year in (2020, 2021) for month in range(1, 13))


@pytest.mark.parametrize(
    ("table", "options"),
    [
        (None, ["--horizon", "3"]),
        ("", ["--horizon", "3"]),
        ("ds,y\nnot a date,1\n", ["--horizon", "3"]),
        ("ds,y\n" + MONTHS, ["--horizon", "90", "--model", "train"]),
        ("ds,y\n" + MONTHS, ["--horizon", "3", "--cell", "lstn"]),
        ("ds,y\n" + MONTHS, ["--horizon", "3", "--target-col", "sales"]),
    ],
    ids=["no file", "nothing in it", "no dates", "too short", "no such cell", "no such column"],
)
def test_a_mistake_is_told_without_waiting_for_tensorflow(tmp_path, table, options):
    file = tmp_path / "sales.csv"
    if table is not None:
        file.write_text(table)
    arguments = ["forecast", str(file), *options, "--run-dir", str(tmp_path / "run")]
    slow = {"tensorflow", "keras", "sklearn", "statsmodels", "matplotlib", "utilsforecast"}
    assert not imported_by(*arguments, status=2) & slow


def test_lists():
    both = krr("ls").stdout
    assert "recipes:" in both and "datasets:" in both
    names = [line.split()[0] for line in krr("ls", "datasets").stdout.splitlines()]
    assert {"co2", "elnino", "sunspots", "macrodata"} <= set(names)
    assert names == sorted(names)
    recipes = [line.split()[0] for line in krr("ls", "recipes").stdout.splitlines()]
    assert "forecasting/co2_lstm_direct" in recipes
    assert "models:" in both and f"{pretrained_card().facts['parameters']:,}" in both


def test_the_card_of_the_pretrained_model_is_shown():
    lines = krr("ls", "models").stdout.splitlines()
    card = pretrained_card()
    assert lines[0].split() == ["name", card.name]
    assert len(lines) > len(card.facts)
    for label, fact in card.facts.items():
        if not isinstance(fact, dict):
            (line,) = [line for line in lines if line.startswith(label.replace("_", " "))]
            shown = f"{fact:,}" if isinstance(fact, int) else str(fact)
            assert line.endswith(shown)


def test_copy_can_be_validated_and_is_never_written_over(tmp_path):
    printed = krr("cp", "co2_lstm_direct", str(tmp_path / "mine")).stdout
    copied = tmp_path / "mine" / "co2_lstm_direct.toml"
    assert str(copied) in printed
    assert {p.suffix for p in copied.parent.iterdir()} == {".toml", ".py"}
    assert "is valid" in krr("validate", str(copied)).stdout
    copied.write_text("# mine\n")
    krr("cp", "co2_lstm_direct", str(tmp_path / "mine"), status=2)
    assert copied.read_text() == "# mine\n"


def interrupted(*_, **__):
    raise KeyboardInterrupt


def test_interruption_says_how_to_go_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.toml").write_text('[data]\nsource = "co2"\n[model]\nhorizon = 3\n')

    def begun(config, run_dir, **_):
        run_dir.mkdir(parents=True)
        (run_dir / "config.json").write_text("{}")
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "run_checked", begun)
    told = krr("run", "my.toml", "model.units=[8, 8]", "--smoke", status=130).stderr
    assert "krr run my.toml 'model.units=[8, 8]' --run-dir runs/my --resume --smoke" in told
    assert "Traceback" not in told


def test_interruption_before_anything_was_written_promises_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.toml").write_text('[data]\nsource = "co2"\n[model]\nhorizon = 3\n')
    monkeypatch.setattr(cli, "run_checked", interrupted)
    assert krr("run", "my.toml", status=130).stderr.strip() == "Interrupted."


def test_fault_of_ours_keeps_its_traceback(tmp_path, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("ours")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("keras_rnn_recipes.config.catalogue.copy_recipe", broken)
    with pytest.raises(ZeroDivisionError):
        CliRunner().invoke(app, ["cp", "x", "y"], catch_exceptions=False)


def test_messages_of_a_failing_import_are_shown(capfd, monkeypatch):
    """What is kept quiet about is kept, not lost: a broken installation must be seen."""
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    monkeypatch.delitem(sys.modules, "tensorflow")

    class Broken:
        def find_spec(self, name, path=None, target=None):
            if name == "tensorflow":
                subprocess.run(["sh", "-c", "echo driver noise >&2"], check=True)
                raise ImportError("no driver")

    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(ImportError, match="no driver"):
        quiet_import.import_tensorflow_quietly()
    assert "driver noise" in capfd.readouterr().err


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A folder with a file of two series and a third too short to learn from."""
    folder = tmp_path_factory.mktemp("shop")
    lengths = {"north": 120, "south": 90, "new": 3}
    parts = [
        pd.DataFrame(
            {
                "store": name,
                "date": pd.date_range("2024-01-01", periods=length),
                "sales": 100 + 10 * np.sin(np.arange(length) * 2 * np.pi / 7),
            }
        )
        for name, length in lengths.items()
    ]
    pd.concat(parts).to_csv(folder / "sales.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def forecast_run(shop):
    """One forecast by the command line, small, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "keras_rnn_recipes", "forecast", "sales.csv", "--horizon", "4"]
        + ["--id-col", "store", "--units", "4", "--smoke", "--output", "forecasts.csv"],
        cwd=shop,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (run_dir,) = (shop / "runs").iterdir()
    return run_dir, done


@pytest.mark.slow
def test_forecast_tells_what_it_does_and_where_things_are(shop, forecast_run):
    run_dir, done = forecast_run
    for word in (
        "Frequency D",
        "Season of 7",
        "Lookback",
        "Strategy seq2seq",
        "new.",
        "MASE",
        "naive",
    ):
        assert word in done.stdout
    for name in ("forecasts.csv", "report.html", "saved_model"):
        assert f"{run_dir.relative_to(shop)}/{name}" in done.stdout
    assert "oneDNN" not in done.stderr and "cuda" not in done.stderr.lower()
    assert run_dir.name.startswith("sales-")


@pytest.mark.slow
def test_forecast_of_every_series_begins_after_its_end(shop, forecast_run):
    run_dir, _ = forecast_run
    forecasts = pd.read_csv(shop / "forecasts.csv", parse_dates=["ds"])
    assert forecasts.columns.tolist() == ["unique_id", "ds", "lstm"]
    firsts = forecasts.groupby("unique_id")["ds"].min()
    assert firsts.to_dict() == {
        "new": pd.Timestamp("2024-01-04"),
        "north": pd.Timestamp("2024-04-30"),
        "south": pd.Timestamp("2024-03-31"),
    }
    assert np.isfinite(forecasts["lstm"]).all() and len(forecasts) == 12
    assert (shop / "forecasts.csv").read_bytes() == (run_dir / "forecasts.csv").read_bytes()


@pytest.mark.slow
def test_recipe_that_is_left_gives_the_same_run_again(forecast_run, tmp_path, monkeypatch):
    run_dir, _ = forecast_run
    monkeypatch.chdir(tmp_path)
    recipe = tomllib.loads((run_dir / "recipe.toml").read_text())
    assert recipe["data"]["season_length"] == 7 and recipe["model"]["lookback"] > 1
    krr("run", str(run_dir / "recipe.toml"), "--run-dir", "again")
    for name in ("forecasts.csv", "backtest.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (run_dir / name).read_bytes()


@pytest.mark.slow
def test_finished_run_serves_new_data(shop, forecast_run, tmp_path):
    run_dir, _ = forecast_run
    data = str(shop / "sales.csv")
    krr("predict", str(run_dir), "--input", data, "--output", str(tmp_path / "out.csv"))
    again = pd.read_csv(tmp_path / "out.csv")
    pd.testing.assert_frame_equal(again, pd.read_csv(run_dir / "forecasts.csv"), rtol=1e-4)
    # It has learned from all of these by now; series that it never saw judge it.
    told = krr("evaluate", str(run_dir), "--input", data, status=2).stderr
    assert "has learned from all steps of series" in told and "--no-refit" in told
    others = pd.read_csv(data).assign(store=lambda frame: "other-" + frame["store"])
    others.to_csv(tmp_path / "others.csv", index=False)
    printed = krr("evaluate", str(run_dir), "--input", str(tmp_path / "others.csv")).stdout
    found = evaluate(run_dir, tmp_path / "others.csv").summary["lstm"]["mae"]
    assert "naive" in printed and f"{found:.3g}"[:3] in printed


@pytest.mark.slow
def test_export_again(forecast_run, tmp_path):
    run_dir, _ = forecast_run
    krr("export", str(run_dir), "--to", str(tmp_path / "served"))
    assert (tmp_path / "served" / "saved_model.pb").is_file()
