"""Panels in object storage: written, trained on and forecast as on the disk, or one message."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from families.forecasting.test_files import (
    config_of,
    few_in_memory as few_in_memory,
    sales,
)
from typer.testing import CliRunner

from keras_rnn_recipes import UserError, extras
from keras_rnn_recipes.cli.commands import app
from keras_rnn_recipes.families.forecasting.task import load
from keras_rnn_recipes.shards.manifest import MANIFEST, read_manifest
from keras_rnn_recipes.shards.object_storage import completing, located
from keras_rnn_recipes.shards.panels import open_panel
from keras_rnn_recipes.shards.writing import write_shards
from keras_rnn_recipes.workflows.run import with_absolute_paths

pytest.importorskip("upath", reason="needs the extra: pip install 'keras-rnn-recipes[storage]'")


@pytest.fixture
def memory():
    """A storage in the memory of this process."""
    yield "memory://panel"
    folder = located("memory://panel")
    if folder.exists():
        folder.fs.rm("/panel", recursive=True)


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("table") / "all.parquet"
    sales().to_parquet(path, index=False)
    return path


def test_shards_are_those_on_the_disk(memory, table, tmp_path):
    """A path may have lost a slash, as those from the command line have."""
    ours, _ = write_shards(table, Path(memory) / "a", rows_per_file=150)
    theirs, _ = write_shards(table, tmp_path / "shards", rows_per_file=150)
    assert read_manifest(f"{memory}/a") == ours == theirs
    here, there = open_panel(tmp_path / "shards"), open_panel(f"{memory}/a")
    assert [file.path.read_bytes() for file in there.files] == [
        file.path.read_bytes() for file in here.files
    ]
    with pytest.raises(UserError, match="memory://.*a is not empty"):
        write_shards(table, f"{memory}/a")


def test_a_recipe_reads_the_same_panel(memory, table, tmp_path, few_in_memory):
    write_shards(table, memory, rows_per_file=150)
    write_shards(table, tmp_path / "shards", rows_per_file=150)
    there, here = (load(config_of(source).data) for source in (memory, tmp_path / "shards"))
    pd.testing.assert_frame_equal(there.frame, here.frame)
    pairs = zip(there.files.frames(), here.files.frames(), strict=True)
    assert all(ours.equals(theirs) for ours, theirs in pairs)
    absolute = with_absolute_paths(config_of(memory))
    assert absolute.data.source == memory


def test_a_file_that_is_not_complete_does_not_appear(memory):
    target = located(memory) / "out.parquet"
    with pytest.raises(KeyError), completing(target) as staged:
        staged.write_bytes(b"half")
        raise KeyError
    assert not target.exists()


def test_without_the_extra_the_message_names_it(table, monkeypatch):
    there = extras.find_spec
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "s3fs" else there(name))
    done = CliRunner().invoke(app, ["shard", str(table), "--to", "s3://bucket/panel"])
    assert done.exit_code == 2
    assert "needs s3fs, which is not installed" in done.stderr
    assert "pip install 'keras-rnn-recipes[storage]'" in done.stderr


def test_a_kind_of_storage_that_there_is_not_is_one_message(table):
    with pytest.raises(UserError, match="tape:// cannot be used: Unsupported filesystem: 'tape'"):
        write_shards(table, "tape://bucket/panel")


@pytest.fixture
def s3(monkeypatch):
    """A server of S3 on this computer, with one bucket."""
    moto = pytest.importorskip(
        "moto.server", reason="needs pip install 'moto[s3]' flask flask-cors"
    )
    server = moto.ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://localhost:{port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    files = located("s3://bucket").fs
    files.mkdir("bucket")
    yield "s3://bucket"
    type(files).clear_instance_cache()
    server.stop()


def krr(*arguments: object) -> str:
    done = CliRunner().invoke(app, [*map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.output


def refused(*arguments: object) -> str:
    done = CliRunner().invoke(app, [*map(str, arguments)])
    assert done.exit_code == 2, done.output
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["Error", "Expected", "Fix"]
    return done.stderr


@pytest.mark.slow
def test_s3_from_table_to_forecasts(s3, table, tmp_path, monkeypatch):
    krr("shard", table, "--to", f"{s3}/panel", "--rows-per-file", "150")
    run = tmp_path / "run"
    krr("forecast", table, "--horizon", 5, "--model", "pretrained", "--run-dir", run)
    given = ("predict", run, "--input", f"{s3}/panel", "--workers", 2)
    assert "23 series" in krr(*given, "--output", f"{s3}/out")
    krr("shard", table, "--to", tmp_path / "panel", "--rows-per-file", "150")
    krr("predict", run, "--input", tmp_path / "panel", "--output", tmp_path / "out")
    there = located(f"{s3}/out")
    ours = {file.name: file.read_bytes() for file in there.iterdir() if file.name != "scoring.json"}
    assert ours == {file.name: file.read_bytes() for file in (tmp_path / "out").glob("*.parquet")}

    gone = sorted(ours)[1]
    (there / gone).unlink()
    kept = len(ours) - 1
    assert f"{kept} files were there already and kept." in krr(
        *given, "--output", f"{s3}/out", "--resume"
    )
    assert (there / gone).read_bytes() == ours[gone]
    state = json.loads((there / "scoring.json").read_text())
    assert (state["complete"], state["input"]) == (True, f"{s3}/panel")

    assert "is not empty" in refused(*given, "--output", f"{s3}/out")
    assert "there is no 'nothing'" in refused("shard", table, "--to", "s3://nothing/panel")
    assert f"has no {MANIFEST}" in refused(
        "predict", run, "--input", f"{s3}/other", "--output", tmp_path / "other"
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    type(there.fs).clear_instance_cache()
    assert "Unable to locate credentials" in refused("shard", table, "--to", f"{s3}/more")
