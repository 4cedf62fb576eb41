"""What matters in the pretraining: train shorter variants, and score each before the test parts.

    python benchmarks/pretraining_ablations.py --steps 1500     # about four minutes a variant

Each variant changes one thing. All are scored on the last horizon of the training parts of public
panels, as the settings were chosen; the test parts are not read. Variants that are recorded
already are not run again.
"""

from __future__ import annotations

import argparse
import copy
import importlib.util
import json
import os
import tempfile
import time
import tomllib
from pathlib import Path

import numpy as np
from pretrained import PANELS, SHORT, Panel, covered, pretrained, read_panel, score, seasonal_naive

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "recipes" / "pretraining"
RECORDED = Path(__file__).with_suffix(".json")
README = FOLDER / "README.md"
BEGIN, END = "<!-- ablations -->\n", "<!-- end of ablations -->\n"

# Of the panels that are scored.
SEASONS = ([12], [4], [1])


def variants(settings: dict) -> dict[str, dict]:
    """The settings of each variant by its name."""
    found = {"as shipped": {}}
    for name in settings["generators"]:
        kept = {**settings["generators"], name: 0.0}
        found[f"without {name}"] = {"generators": kept}
    found["structural alone"] = {"generators": {"structural": 1.0}}
    found["half of the width"] = {"units": settings["units"] // 2}
    found["twice the width"] = {"units": settings["units"] * 2}
    found["half of the steps"] = {"steps": settings["steps"] // 2}
    found["no classical forecast but the last value"] = {"forecasts": [3]}
    found["no seasonal naive forecasts"] = {"forecasts": [*range(9), 11, 12]}
    return {name: {**copy.deepcopy(settings), **changed} for name, changed in found.items()}


def load_script():
    """The pretraining script as a module."""
    spec = importlib.util.spec_from_file_location("pretrain", FOLDER / "pretrain.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def before_test(panel: Panel, horizon: int, season: int) -> Panel:
    """The training parts without their last horizon, and that horizon."""
    kept = [values for values in panel.train if len(values) > horizon + max(season, 4)]
    return Panel([v[:-horizon] for v in kept], [v[-horizon:] for v in kept])


def relative_scores(folder: Path) -> dict[str, list[float]]:
    """By panel, MASE over that of the seasonal naive forecast, and the cover of the intervals."""
    found = {}
    for name in SHORT:
        seasons, horizon, most = PANELS[name]
        panel = before_test(read_panel(name, Path(os.environ["KRR_DATA"])), horizon, seasons[0])
        answer = pretrained(panel.train, seasons, horizon, most, folder)
        naive = seasonal_naive(panel.train, seasons[0], horizon)
        own, usual = (score(one, panel, seasons[0]) for one in (answer[..., 0], naive))
        found[name] = [round(own["mase"] / usual["mase"], 4), *covered(answer, panel)]
    return found


def table(recorded: dict) -> str:
    """The recorded scores as a Markdown table."""
    heads = ["variant", *SHORT, "geometric mean", "80 % covers"]
    rows = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for name, result in recorded.items():
        ratios = [result["scores"][panel][0] for panel in SHORT]
        cover = np.mean([result["scores"][panel][1] for panel in SHORT])
        cells = [name, *(f"{ratio:.3f}" for ratio in ratios)]
        cells += [f"{np.exp(np.log(ratios).mean()):.3f}", f"{cover:.0f}"]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--only", nargs="*", default=None, help="names of variants")
    given = parser.parse_args()
    script = load_script()
    settings = tomllib.loads((FOLDER / "any_season.toml").read_text("utf-8"))
    settings["series"] = [one for one in settings["series"] if one["season_length"] in SEASONS]
    settings |= {"steps": given.steps, "report_every": given.steps}
    recorded = json.loads(RECORDED.read_text("utf-8")) if RECORDED.exists() else {}
    for name, changed in variants(settings).items():
        if name in recorded or (given.only is not None and name not in given.only):
            continue
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            script.main({**changed, "report_every": changed["steps"]}, Path(folder))
            scores = relative_scores(Path(folder))
        recorded[name] = {"scores": scores, "seconds": round(time.perf_counter() - started)}
        recorded[name]["steps"] = changed["steps"]
        RECORDED.write_text(json.dumps(recorded, indent=1) + "\n", "utf-8")
        print(name, recorded[name], flush=True)
    before, rest = README.read_text("utf-8").split(BEGIN)
    README.write_text(before + BEGIN + table(recorded) + END + rest.split(END)[1], "utf-8")


if __name__ == "__main__":
    main()
