"""Record runs of the version at hand, and what their models answer, for later versions to load.

    python tests/compatibility/record.py [--to FOLDER] [CASE ...]

An archive that is there already is never written over.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parents[1]))

from compatibility import cases


def main() -> None:
    """Record the cases that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="CASE", default=list(cases.CASES))
    parser.add_argument("--to", type=Path, default=cases.ARCHIVES, metavar="FOLDER")
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    for name in options.names:
        target = (options.to / f"{name}.tar.xz").resolve()
        if target.exists():
            sys.exit(f"{target} is there already: an older version's files are not replaced.")
        with tempfile.TemporaryDirectory() as name_of_folder:
            folder = Path(name_of_folder).resolve()
            with contextlib.chdir(folder):
                record(name, folder)
            pack(folder, target)
        print(f"{name:<28}{target.stat().st_size:>9,} bytes", flush=True)
    names = options.to / cases.REGISTERED_NAMES
    if not names.exists():
        names.write_text("\n".join(cases.registered_names()) + "\n", encoding="utf-8")


def record(name: str, folder: Path) -> None:
    """Run a case in the current folder and write what its model answers into ``answers``."""
    case = cases.CASES[name]
    cases.write_data(case, folder)
    cases.krr("run", "recipe.toml", "--run-dir", "run")
    run, answers = folder / "run", folder / "answers"
    answers.mkdir()
    for left_out in cases.LEFT_OUT:
        path = run / left_out
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    forget_folder(run, folder)
    write_json(answers / "model.json", model_answers(run))
    if (run / "saved_model").is_dir():
        write_json(answers / "saved_model.json", served_answers(run))
    config = json.loads((run / "config.json").read_text(encoding="utf-8"))
    model = config["model"]
    title = model.get("preset") or model.get("cell") or model["cells"][0]
    printed: dict[str, Any] = {"title": title}
    if case.new:
        cases.krr("predict", "run", "--input", case.new, "--output", "answers/predicted.csv")
    if case.labelled:
        printed["evaluate"] = cases.krr("evaluate", "run", "--input", case.labelled)
    if (run / "gradients.json").exists():
        printed["gradients"] = cases.krr("gradients", "run")
    printed["table"] = cases.krr("table", "run")
    for arguments in case.more:
        if arguments[0] == "complete":
            printed["complete"] = cases.krr(*arguments)
    write_json(answers / "printed.json", printed)


def forget_folder(run: Path, folder: Path) -> None:
    """Make the paths of the data relative: the folder of the recording is gone afterwards."""
    for name in ("config.json", "recipe.toml"):
        text = (run / name).read_text(encoding="utf-8")
        (run / name).write_text(text.replace(f"{folder.resolve()}/", ""), encoding="utf-8")


def model_answers(run: Path) -> dict[str, Any]:
    """Questions to ``model.keras`` and its answers."""
    import keras_rnn_recipes

    model = keras_rnn_recipes.load_model(run)
    questions = cases.model_questions(model)
    answers = cases.ask_model(model, questions)
    return {
        "questions": {name: cases.to_plain(values) for name, values in questions.items()},
        "answers": [cases.to_plain(values) for values in answers],
    }


def served_answers(run: Path) -> dict[str, Any]:
    """Questions to each endpoint of the SavedModel and its answers."""
    import tensorflow as tf

    served = tf.saved_model.load(str(run / "saved_model"))
    found = {}
    for endpoint, questions in cases.served_questions(served.signatures).items():
        answers = cases.ask_served(served.signatures[endpoint], questions)
        found[endpoint] = {
            "questions": {name: cases.to_plain(values) for name, values in questions.items()},
            "answers": {name: cases.to_plain(values) for name, values in answers.items()},
        }
    return found


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Write JSON; NaN is written as Python reads it."""
    path.write_text(json.dumps(data) + "\n", encoding="utf-8")


def pack(folder: Path, target: Path) -> None:
    """Pack a folder, in the same order and without owners and times."""

    def anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = member.mtime = 0
        member.uname = member.gname = ""
        member.mode = 0o755 if member.isdir() else 0o644
        return member

    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:xz", preset=9) as archive:
        for path in sorted(folder.rglob("*")):
            name = str(path.relative_to(folder))
            archive.add(path, name, recursive=False, filter=anonymous)
    target.write_bytes(packed.getvalue())


if __name__ == "__main__":
    main()
