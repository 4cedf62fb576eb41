"""The runner around a script: what it leaves when the script fails, and what it resumes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from keras_rnn_recipes.config.defaults import choose_defaults
from keras_rnn_recipes.config.files import config_from_dict, config_to_dict
from keras_rnn_recipes.data.frames import Panel
from keras_rnn_recipes.data.split import split_by_time
from keras_rnn_recipes.data.window_spec import WindowSpec
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.families.forecasting.training import validation_windows
from keras_rnn_recipes.workflows.run import (
    continue_config,
    run,
    run_from_command_line,
    run_script,
    shrink,
)


def config(**model):
    return config_from_dict({"data": {"source": "co2"}, "model": {"horizon": 12, **model}})


def good(config, run) -> None:
    run.write_config(config)
    run.write_json("metrics.json", {"model": {"mae": 1.0}})


def bad(config, run) -> None:
    run.write_config(config)
    raise UserError("It failed.", "that it works.", "try again.")


def test_a_run_returns_what_it_wrote(tmp_path: Path):
    result = run_script(good, config(), tmp_path / "r")
    assert result.metrics == {"model": {"mae": 1.0}}
    assert result.config == config() and result.run_dir == tmp_path / "r"
    assert (tmp_path / "r" / "environment.json").exists()


def test_a_users_mistake_leaves_nothing_behind(tmp_path: Path):
    with pytest.raises(UserError, match="It failed"):
        run_script(bad, config(), tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_a_mistake_found_before_writing_spares_the_run_to_be_replaced(tmp_path: Path):
    run_script(good, config(), tmp_path / "r")

    def bad_at_once(config, run) -> None:
        raise UserError("It failed.", "that it works.", "try again.")

    with pytest.raises(UserError):
        run_script(bad_at_once, config(), tmp_path / "r", overwrite=True)
    assert (tmp_path / "r" / "metrics.json").exists()


def test_what_was_trained_survives_a_later_mistake(tmp_path: Path):
    def late(config, run) -> None:
        run.write_config(config)
        run.folder("checkpoints")
        raise UserError("The disk is full.", "room.", "make some.")

    with pytest.raises(UserError):
        run_script(late, config(), tmp_path / "r")
    assert (tmp_path / "r" / "checkpoints").exists()
    assert run_script(good, config(), tmp_path / "r", resume=True).config == config()


def test_resuming_keeps_what_was_chosen_and_refuses_what_was_changed():
    resolved = config(lookback=48)
    stored = config_to_dict(resolved)
    assert continue_config(config(), stored) == resolved
    with pytest.raises(UserError, match="model.lookback was 48, is 24"):
        continue_config(config(lookback=24), stored)
    with pytest.raises(UserError, match="model.preset was 'lstm', is 'gru'"):
        continue_config(config(preset="gru"), stored)


def test_smoke_shrinks_training_and_nothing_else():
    small = shrink(config())
    assert (small.fit.epochs, small.fit.steps_per_epoch, small.fit.batch_size) == (2, 4, 8)
    assert small.model == config().model and small.data == config().data
    assert shrink(small) == small


def test_a_recipe_with_a_typo_is_told_before_anything_is_written(tmp_path: Path):
    with pytest.raises(UserError, match="did you mean forecasting/co2_lstm_direct"):
        run("forecasting/co2_lstm_drect", tmp_path / "r")
    assert list(tmp_path.iterdir()) == []


def test_a_data_file_is_kept_with_its_whole_path(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sales.csv").write_text("ds,y\n")
    asked = config_from_dict({"data": {"source": "sales.csv"}, "model": {"horizon": 1}})
    assert run_script(good, asked, "r").config.data.source == str(tmp_path / "sales.csv")
    assert run_script(good, asked, "r", resume=True).config.data.source.endswith("sales.csv")


def test_a_script_run_by_itself_tells_mistakes_in_words(tmp_path: Path, capsys):
    path = tmp_path / "my.toml"
    path.write_text('[data]\nsource = "co2"\n[model]\nhorizn = 3\n')
    with pytest.raises(SystemExit) as stopped:
        run_from_command_line(good, ["--config", str(path), "--run-dir", str(tmp_path / "r")])
    assert stopped.value.code == 2
    assert "did you mean model.horizon" in capsys.readouterr().err
    path.write_text('[data]\nsource = "co2"\n[model]\nhorizon = 3\n')
    run_from_command_line(
        good, ["--config", str(path), "--run-dir", str(tmp_path / "r"), "fit.epochs=7"]
    )
    assert '"epochs": 7' in (tmp_path / "r" / "config.json").read_text()


def panel_of(lengths: list[int], season: int = 7) -> Panel:
    frames = [
        pd.DataFrame({"unique_id": f"s{i}", "ds": range(n), "y": 1.0 * i})
        for i, n in enumerate(lengths)
    ]
    return Panel(pd.concat(frames, ignore_index=True), "1", season)


@given(
    lengths=st.lists(st.integers(1, 400), min_size=1, max_size=5),
    horizon=st.integers(1, 60),
    season=st.sampled_from([1, 7, 12, 24]),
)
def test_chosen_sizes_leave_something_to_train_on(lengths, horizon, season):
    """The median of the series longer than the horizon can be split, and trained on if long."""
    panel = panel_of(lengths, season)
    usable = [length for length in lengths if length > horizon]
    median = int(pd.Series(usable or lengths).median())
    asked = config_from_dict({"data": {"source": "x"}, "model": {"horizon": horizon}})
    if median <= horizon:
        with pytest.raises(UserError, match="longer than the horizon"):
            choose_defaults(asked, panel)
        return
    chosen = choose_defaults(asked, panel)
    held_out = chosen.data.test_size + chosen.data.valid_size
    assert chosen.data.test_size % horizon == chosen.data.valid_size % horizon == 0
    assert horizon <= chosen.data.test_size <= max(horizon, median // 10)
    assert 1 <= chosen.model.lookback <= 2 * max(horizon, season)
    assert held_out < median
    if median >= 3 * horizon + 1:
        assert median - held_out >= horizon + 1 and chosen.data.valid_size >= horizon
    sizes = {"valid_size": chosen.data.valid_size, "test_size": chosen.data.test_size}
    split_by_time(panel.frame, lookback=chosen.model.lookback, **sizes)


def test_what_is_given_stays():
    given_sizes = {"source": "x", "valid_size": 0, "test_size": 5, "season_length": 3}
    asked = config_from_dict({"data": given_sizes, "model": {"horizon": 2, "lookback": 3}})
    chosen = choose_defaults(asked, panel_of([50], season=3))
    assert (chosen.data.valid_size, chosen.data.test_size, chosen.model.lookback) == (0, 5, 3)
    short = config_from_dict({"data": {"source": "x", "test_size": 1}, "model": {"horizon": 2}})
    with pytest.raises(UserError, match="shorter than the horizon"):
        choose_defaults(short, panel_of([50]))


@pytest.mark.parametrize("strategy", ["direct", "recursive", "seq2seq"])
def test_validation_counts_no_target_that_was_trained_on(strategy):
    frame = pd.DataFrame({"unique_id": "a", "ds": range(30), "y": [float(i) for i in range(30)]})
    split = split_by_time(frame, valid_size=6, test_size=4, lookback=5)
    spec = WindowSpec(lookback=5, horizon=3, strategy=strategy)
    first = 30 - 6 - 4
    total, counted = 0.0, []
    for _, y, w in validation_windows(split.valid, spec, batch_size=2):
        total += float(w.numpy().sum())
        counted += y.numpy()[..., 0][w.numpy() > 0].tolist()
    assert min(counted) == first and max(counted) == 25
    ahead = 1 if strategy == "recursive" else 3
    windows = 6 - ahead + 1
    scale = 1 if strategy == "direct" else 5
    assert total == windows * ahead * scale
    assert validation_windows(split.valid.iloc[:0], spec) is None
