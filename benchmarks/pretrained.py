"""Score the pretrained forecaster on public panels, as it is, beside the classics.

    python benchmarks/pretrained.py                # the files lie below $KRR_DATA
    python benchmarks/pretrained.py --table        # only the table, from the recorded scores

Every contender forecasts each series from its own past alone. AutoETS and AutoTheta are those of
statsforecast (the extra ``baselines``); without it, their recorded scores are kept. MASE is scaled
by the seasonal naive error of the training part; the relative MASE is the MASE over that of the
seasonal naive forecast, and for several panels its geometric mean.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from keras_rnn_recipes.pretrained.card import CARD, FOLDER
from keras_rnn_recipes.pretrained.numpy_forecaster import NumPyForecaster

SCORES = Path(__file__).with_suffix(".json")
README = Path(__file__).parents[1] / "recipes" / "pretraining" / "README.md"
BEGIN, END = "<!-- scores -->\n", "<!-- end of scores -->\n"

# By panel: season, horizon, and the most steps of history that are read. Before the test part, a
# second season of a year had a MASE of 0.827 on nn5, the week alone 0.918.
PANELS = {
    "m1_monthly": ((12,), 18, 180),
    "m1_quarterly": ((4,), 8, 80),
    "m1_yearly": ((1,), 6, 60),
    "tourism": ((12,), 24, 180),
    "cif2016": ((12,), 12, 180),
    "nn5": ((7, 364), 56, 1092),
    "m4_hourly": ((24, 168), 48, 700),
}
SHORT = ("m1_monthly", "m1_quarterly", "m1_yearly", "tourism", "cif2016")
CLASSICS = ("auto_ets", "auto_theta")
LEVELS = (80.0, 95.0)


class Panel(NamedTuple):
    """Series: their training parts and the steps after them."""

    train: list[np.ndarray]
    test: list[np.ndarray]


def read_panel(name: str, root: Path) -> Panel:
    """Read a panel as it was published."""
    folder = root / "forecasting"
    if name.startswith("m1_"):
        return Panel(*(rows(folder / "m1" / f"{name}_{part}.csv") for part in ("train", "test")))
    if name == "nn5":
        return Panel(*(rows(folder / name / f"nn5_daily_{part}.csv") for part in ("train", "test")))
    if name == "m4_hourly":
        files = [folder / name / f"Hourly-{part}.csv" for part in ("train", "test")]
        return Panel(*(rows(file, skip=1) for file in files))
    if name == "tourism":
        files = [folder / name / f"monthly_{part}.csv" for part in ("in", "oos")]
        return Panel(*(columns(file) for file in files))
    train = lines(folder / name / "cif-dataset.txt", 3)
    test = lines(folder / name / "cif-results.txt", 1)
    kept = [key for key in train if len(test[key]) == 12]
    return Panel([train[key] for key in kept], [test[key] for key in kept])


def rows(file: Path, skip: int = 0) -> list[np.ndarray]:
    """One series in each line, after its name."""
    with file.open(encoding="utf-8") as lines_of_file:
        table = list(csv.reader(lines_of_file))[skip:]
    return [np.array([float(x) for x in row[1:] if x not in ("", "NA")]) for row in table]


def columns(file: Path) -> list[np.ndarray]:
    """One series in each column, after its name and three lines that describe it."""
    with file.open(encoding="utf-8") as lines_of_file:
        table = list(csv.reader(lines_of_file))
    filled = ([row[k] for row in table[4:] if row[k]] for k in range(len(table[0])))
    return [np.array([float(x) for x in column]) for column in filled]


def lines(file: Path, first: int) -> dict[str, np.ndarray]:
    """One series in each line by its name; fields between semicolons."""
    table = [line.strip().split(";") for line in file.read_text("utf-8").splitlines()]
    return {row[0]: np.array([float(x) for x in row[first:] if x]) for row in table}


def seasonal_naive(train: list[np.ndarray], season: int, horizon: int) -> np.ndarray:
    """The last season, repeated."""
    return np.stack([np.resize(values[-season:], horizon) for values in train])


def pretrained(
    train: list[np.ndarray], seasons: tuple[int, ...], horizon: int, most: int, folder: Path
) -> np.ndarray:
    """Median and bounds of each series, ``(series, horizon, 5)``."""
    forecaster = NumPyForecaster(horizon, seasons, LEVELS, folder=folder)
    longest = min(most, max(map(len, train)))
    windows = np.full((len(train), longest, 1), np.nan)
    for row, values in zip(windows, train, strict=True):
        seen = values[-longest:]
        row[longest - len(seen) :, 0] = seen
    return forecaster.forecast_windows(windows)


def classic(name: str, train: list[np.ndarray], season: int, horizon: int) -> np.ndarray | None:
    """AutoETS or AutoTheta, fitted to every series; None where statsforecast is missing."""
    try:
        from statsforecast import models
    except ImportError:
        return None
    kind = {"auto_ets": models.AutoETS, "auto_theta": models.AutoTheta}[name]
    found = []
    for values in train:
        try:
            found.append(kind(season_length=season).forecast(values, horizon)["mean"])
        except Exception:  # a series that it cannot fit: it then repeats the last season
            found.append(np.resize(values[-season:], horizon))
    return np.stack(found)


def score(forecasts: np.ndarray, panel: Panel, season: int) -> dict[str, object]:
    """Means over the series; and the MASE of each, for comparisons of pairs."""
    mase, smape = [], []
    for forecast, train, test in zip(forecasts, panel.train, panel.test, strict=True):
        lag = season if len(train) > season else 1
        scale = np.abs(train[lag:] - train[:-lag]).mean()
        error = np.abs(forecast[: len(test)] - test)
        size = np.abs(forecast[: len(test)]) + np.abs(test)
        smape.append(np.mean(200 * error / np.maximum(size, 1e-9)))
        mase.append(error.mean() / scale if scale > 0 else np.nan)
    means = {"smape": round(float(np.mean(smape)), 2), "mase": round(float(np.nanmean(mase)), 4)}
    return {**means, "each": [round(float(x), 4) for x in mase]}


def covered(answer: np.ndarray, panel: Panel) -> list[float]:
    """The share of test values inside each interval, in percent."""
    shares = []
    for low, high in ((1, 2), (3, 4)):
        inside = [
            (test >= one[: len(test), low]) & (test <= one[: len(test), high])
            for one, test in zip(answer, panel.test, strict=True)
        ]
        shares.append(round(100 * float(np.concatenate(inside).mean()), 1))
    return shares


def measure(name: str, root: Path, known: dict, folder: Path) -> dict:
    """The scores of every contender on one panel; those of the classics may be known already."""
    panel, (seasons, horizon, most) = read_panel(name, root), PANELS[name]
    naive = seasonal_naive(panel.train, seasons[0], horizon)
    scores = {"seasonal_naive": score(naive, panel, seasons[0])}
    started = time.perf_counter()
    answer = pretrained(panel.train, seasons, horizon, most, folder)
    seconds = time.perf_counter() - started
    own = score(answer[..., 0], panel, seasons[0])
    scores["pretrained"] = {**own, "covered": covered(answer, panel), "seconds": round(seconds, 1)}
    for one in CLASSICS if name in SHORT else ():
        forecasts = None if one in known else classic(one, panel.train, seasons[0], horizon)
        if forecasts is not None:
            scores[one] = score(forecasts, panel, seasons[0])
        elif one in known:
            scores[one] = known[one]
    return scores


def table(measured: dict) -> str:
    """The scores as a Markdown table."""
    heads = ["panel", "series", "seasonal naive", "AutoETS", "AutoTheta", "pretrained"]
    heads += ["relative MASE", "better than AutoETS", "80 and 95 % cover"]
    body = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for name, scores in measured.items():
        own, naive = scores["pretrained"], scores["seasonal_naive"]
        cells = [name, str(len(own["each"]))]
        for one in ("seasonal_naive", *CLASSICS, "pretrained"):
            found = scores.get(one)
            cells.append(f"{found['smape']:.2f} / {found['mase']:.3f}" if found else "–")
        cells.append(f"{own['mase'] / naive['mase']:.3f}")
        cells.append(wins(own, scores.get("auto_ets")))
        cells.append(" and ".join(f"{share:.0f}" for share in own["covered"]))
        body.append("| " + " | ".join(cells) + " |")
    return "\n".join([*body, "", *summary(measured)]) + "\n"


def wins(own: dict, other: dict | None) -> str:
    """The share of series on which the first is better, in percent."""
    if other is None:
        return "–"
    pairs = np.array([own["each"], other["each"]])
    pairs = pairs[:, np.isfinite(pairs).all(axis=0)]
    return f"{100 * (pairs[0] < pairs[1]).mean():.0f} %"


def summary(measured: dict) -> list[str]:
    """The geometric means over the short panels."""
    told = []
    for one in ("pretrained", *CLASSICS):
        known = [measured[n] for n in SHORT if n in measured and one in measured[n]]
        if len(known) == len(SHORT):
            ratios = [s[one]["mase"] / s["seasonal_naive"]["mase"] for s in known]
            told.append(f"{one} {np.exp(np.log(ratios).mean()):.3f}")
    joined = ", ".join(told)
    return [f"Relative MASE, geometric mean over the first five panels: {joined}."] if told else []


def note_on_card(measured: dict) -> None:
    """Write the scores on the card that comes with the package."""
    card = json.loads((FOLDER / CARD).read_text("utf-8"))
    card["scores"] = {
        name: f"sMAPE {own['smape']:.2f}, MASE {own['mase']:.3f}, "
        f"{own['mase'] / scores['seasonal_naive']['mase']:.3f} of the seasonal naive forecast's"
        for name, scores in measured.items()
        for own in [scores["pretrained"]]
    }
    (FOLDER / CARD).write_text(json.dumps(card, indent=2) + "\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", action="store_true", help="write only the table")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="card and weights")
    parser.add_argument("panels", nargs="*", default=list(PANELS))
    given = parser.parse_args()
    measured = json.loads(SCORES.read_text("utf-8")) if SCORES.exists() else {}
    for name in () if given.table else given.panels:
        root = Path(os.environ["KRR_DATA"])
        measured[name] = measure(name, root, measured.get(name, {}), given.folder)
        shown = {one: {**s, "each": None} for one, s in measured[name].items()}
        print(name, shown, flush=True)
    measured = {name: measured[name] for name in PANELS if name in measured}
    if given.folder == FOLDER:
        SCORES.write_text(json.dumps(measured) + "\n", "utf-8")
        note_on_card(measured)
        before, rest = README.read_text("utf-8").split(BEGIN)
        README.write_text(before + BEGIN + table(measured) + END + rest.split(END)[1], "utf-8")
    print(table(measured))


if __name__ == "__main__":
    main()
