"""The report says the truth, opens by itself, and holds whatever a run came to."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.evaluation.backtest import backtest, forecast_future
from keras_rnn_recipes.evaluation.baselines import fit_baselines, seasonal_naive
from keras_rnn_recipes.evaluation.metrics import score, summarise
from keras_rnn_recipes.families.forecasting.report import render_report, write_report
from keras_rnn_recipes.families.forecasting.report_content import ReportContent, read_content
from keras_rnn_recipes.families.forecasting.report_sections import choose_examples, report_sections
from keras_rnn_recipes.reporting.format import verdict


def panel(names: list[str], length: int = 60, *, dates: bool = True) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    time = np.arange(length)
    ds = pd.date_range("2020-01-01", periods=length, freq="MS") if dates else time
    parts = [
        pd.DataFrame(
            {
                "unique_id": name,
                "ds": ds,
                "y": 10.0 * (k + 1) + np.sin(time * np.pi / 6) + rng.normal(0, 0.2, length),
            }
        )
        for k, name in enumerate(names)
    ]
    return pd.concat(parts, ignore_index=True)


def content_of(frame: pd.DataFrame, *, test_size: int = 12, **options) -> ReportContent:
    train = frame[frame.groupby("unique_id").cumcount(ascending=False) >= test_size]
    model = {"gru": lambda history: seasonal_naive(history, 6, 12) + 0.1}
    baselines = fit_baselines(train, horizon=6, season_length=12, names=("naive", "drift"))
    tested = backtest(
        frame, {**model, **baselines}, lookback=24, horizon=6, test_size=test_size, stride=2
    )
    scores = score(tested, frame, season_length=12)
    summary = summarise(scores)
    freq = "MS" if frame["ds"].dtype.kind == "M" else "1"
    defaults = {
        "title": "GRU, direct, on toys",
        "name": "gru",
        "record": {
            "format_version": 1,
            "model": summary["gru"],
            "baselines": {name: summary[name] for name in baselines},
            "num_parameters": 1234,
            "fit_seconds": 5.678,
        },
        "tested": tested,
        "scores": scores,
        "frame": frame,
        "season_length": 12,
        "history": pd.DataFrame(
            {"epoch": [1, 2, 3], "loss": [3.0, 2.0, 1.0], "val_loss": [3.0, 1.5, 2.0]}
        ),
        "future": forecast_future(frame, model, lookback=24, horizon=6, freq=freq),
        "config": {"format_version": 1, "model": {"units": [8, 8], "dropout": None}},
        "environment": {"seed": 0, "versions": {"keras": "3.15.1"}},
        "notes": ("Two gaps were kept.",),
    }
    return ReportContent(**{**defaults, **options})


class Page(HTMLParser):
    """Collects what the tests ask about; fails on tags that do not nest."""

    VOID = frozenset({"meta", "link", "br", "img", "path", "use"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID or tag in ("path", "use"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and "style" not in self.open:
            self.texts.append(data.strip())

    @property
    def text(self) -> str:
        return " ".join(self.texts)


@pytest.fixture(scope="module")
def content() -> ReportContent:
    return content_of(panel(["a", "b"]))


@pytest.fixture(scope="module")
def text(content: ReportContent) -> str:
    return render_report(content)


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_page_says_what_it_has_to(page: Page) -> None:
    assert "The GRU beats its best baseline, naive, by" in page.text
    for wanted in (
        "2 series",
        "1,234 parameters",
        "5.7 s",
        "Two gaps were kept.",
        "8, 8",
        "3.15.1",
    ):
        assert wanted in page.text
    assert "dropout" not in page.text, "what was left open is left out"
    for heading in (
        "Forecast",
        "Backtest",
        "Error by horizon",
        "Residuals",
        "Learning curve",
        "Configuration",
        "Environment",
    ):
        assert heading in page.texts


def test_page_needs_no_network(text: str, page: Page) -> None:
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "img", "iframe", "image")
        for name in ("src", "href", "xlink:href"):
            assert (attributes.get(name) or "#").startswith("#")
    assert not re.search(r"url\((?!#)|@import", text)
    assert not re.search(r"/tmp|/home|/root", text)


def test_page_can_be_read_by_a_screen_reader(page: Page) -> None:
    pictures = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert len(pictures) == 5
    assert all(one["role"] == "img" and len(one["aria-label"] or "") > 30 for one in pictures)
    heads = [attributes for tag, attributes in page.tags if tag == "th"]
    assert heads and all(one.get("scope") in ("col", "row") for one in heads)
    assert sum(tag == "table" for tag, _ in page.tags) == 3
    assert sum(tag == "caption" for tag, _ in page.tags) == 3
    assert dict(page.tags)["html"] == {"lang": "en"}


def test_colours_are_the_pages_in_light_and_dark(text: str) -> None:
    pictures = "".join(re.findall(r"<svg.*?</svg>", text, flags=re.DOTALL))
    assert set(re.findall(r"#[0-9a-f]{6}\b", pictures)) == set()
    used = set(re.findall(r"var\(--(\w+)\)", text))
    assert {"ink", "muted", "rule", "model", "rival"} <= used
    light, dark = (set(re.findall(r"--(\w+):", block)) for block in _palettes(text))
    assert used <= light == dark


@pytest.mark.parametrize("shade", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("name", "least"), [("ink", 7), ("muted", 4.5), ("model", 4.5), ("rival", 4.5)]
)
def test_contrast_is_enough(text: str, shade: int, name: str, least: float) -> None:
    colours = dict(re.findall(r"--(\w+): (#\w{6})", _palettes(text)[shade]))

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    pair = sorted(luminance(colours[one]) for one in (name, "paper"))
    assert (pair[1] + 0.05) / (pair[0] + 0.05) >= least


def _palettes(text: str) -> list[str]:
    return re.findall(r":root \{(.*?--tint.*?)\}", text, flags=re.DOTALL)


def test_identifiers_are_not_repeated(page: Page) -> None:
    seen = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    referred = [
        value
        for _, attributes in page.tags
        for value in attributes.values()
        if value and (value.startswith("url(#") or value.startswith("#"))
    ]
    assert len(set(seen)) == len(seen)
    assert {re.sub(r"^(url\()?#|\)$", "", value) for value in referred} <= set(seen)


def test_the_same_run_gives_the_same_page(content: ReportContent, text: str) -> None:
    assert render_report(content) == text


def test_a_panel_of_thousands_stays_small() -> None:
    frame = panel([f"store {k:04d}" for k in range(3000)], length=40)
    made = content_of(frame)
    text = render_report(made)
    assert len(text.encode()) < 500_000
    assert "Error by series" in text and "3 of 3,000 series" in text


def test_best_median_and_worst_series_are_shown() -> None:
    frame = panel(["a", "b", "c", "d", "e"])
    made = content_of(frame)
    ranked = made.scores[made.scores["metric"] == "mase"].sort_values("gru")["unique_id"].tolist()
    chosen = choose_examples(made)
    assert [name for name, _, _ in chosen] == [ranked[0], ranked[2], ranked[4]]
    assert [title.split(":")[0] for _, _, title in chosen] == ["Best", "Median", "Worst"]
    last = made.tested.groupby("unique_id")["cutoff"].max()
    assert all(cutoff == last[name] for name, cutoff, _ in chosen)


def test_of_a_single_series_origins_are_shown() -> None:
    made = content_of(panel(["only"]))
    errors = (made.tested["gru"] - made.tested["y"]).abs().groupby(made.tested["cutoff"]).mean()
    chosen = choose_examples(made)
    assert [cutoff for _, cutoff, _ in chosen][::2] == [errors.idxmin(), errors.idxmax()]
    assert chosen[0][2].startswith("Best: from 20")
    assert made.metric == "mae"


@pytest.mark.parametrize(
    "change",
    [
        {"history": pd.DataFrame(), "future": pd.DataFrame(), "config": {}, "environment": {}},
        {"history": pd.DataFrame({"loss": [1.0, float("nan")]})},
        {"history": pd.DataFrame({"epoch": [1], "loss": [1.0], "val_loss": [float("nan")]})},
        {"notes": ()},
        {"season_length": 1},
    ],
)
def test_what_is_not_there_is_left_out(content: ReportContent, change: dict) -> None:
    made = replace(content, **change)
    page = Page(render_report(made))
    if "config" in change:
        assert not {"Learning curve", "Forecast", "Configuration"} & set(page.texts)


@pytest.mark.parametrize("dates", [True, False])
@pytest.mark.parametrize("values", ["constant", "missing", "huge", "tiny", "negative"])
def test_hard_series_make_a_page(values: str, dates: bool) -> None:
    frame = panel(["a", "b", "c"], dates=dates)
    factor = {"huge": 1e12, "tiny": 1e-9, "negative": -1.0}.get(values, 1.0)
    frame["y"] *= factor
    if values == "constant":
        frame["y"] = 5.0
    if values == "missing":
        frame.loc[(frame["unique_id"] == "b") & (frame.index % 60 > 45), "y"] = np.nan
        frame.loc[frame.index % 7 == 0, "y"] = np.nan
    text = render_report(content_of(frame))
    assert "nan" not in re.sub(r"(?i)finance", "", Page(text).text).lower()


def test_one_step_and_one_origin() -> None:
    frame = panel(["a"], length=30)
    tested = backtest(frame, {"gru": lambda h: h[:, -1:, 0]}, lookback=3, horizon=1)
    scores = score(tested, frame, season_length=1)
    made = ReportContent(
        title="One",
        name="gru",
        record={"model": summarise(scores)["gru"], "baselines": {}},
        tested=tested,
        scores=scores,
        frame=frame,
    )
    page = Page(render_report(made))
    assert "one origin, 1 step ahead" in page.text
    assert "No baseline was scored" in page.text
    assert [section.heading for section in report_sections(made)] == ["Backtest"]


def test_names_cannot_break_the_page() -> None:
    frame = panel(["<script>alert(1)</script>", "a & $b$", 'quote" --> \\frac'])
    text = render_report(content_of(frame, title="</title><b>", notes=("<i>note</i>",)))
    page = Page(text)
    assert not {"script", "b", "i"} & {tag for tag, _ in page.tags}
    assert "a & $b$" in page.text


def test_several_seeds_give_median_and_range(content: ReportContent) -> None:
    seeds = [
        {metric: value * factor for metric, value in content.record["model"].items()}
        for factor in (0.5, 1.0, 10.0)
    ]
    page = Page(render_report(replace(content, seeds=seeds)))
    assert "(median of 3 seeds)" in page.text
    assert "Some seeds are better and some worse" in page.text
    assert page.text.count(" to ") >= 4


def test_best_of_every_column_is_marked(content: ReportContent) -> None:
    record = {
        "model": {"mae": 2.0, "mase": 1.0},
        "baselines": {"naive": {"mae": 1.0, "mase": 3.0}, "drift": {"mae": None, "mase": 2.0}},
    }
    text = render_report(replace(content, record=record))
    best = re.findall(r'class="best">([^<]*)<span class="hidden"> \(best\)', text)
    assert best == ["1.000", "1.000"]
    rows = re.findall(r'<tr(?: class="model")?><th scope="row">(GRU|naive|drift)</th>', text)
    assert rows == ["GRU", "drift", "naive"], "the baselines stand from best to worst"
    assert "–" in text, "a figure that is missing is a dash"


@pytest.mark.parametrize(
    ("mine", "theirs", "seeds", "kind", "says"),
    [
        (1.0, 2.0, (), "better", "beats its best baseline, naive, by 50%"),
        (2.0, 1.0, (), "worse", "does not beat its best baseline, naive: its error is 100% larger"),
        (1.001, 1.0, (), "level", "does no better than"),
        (0.0, 0.0, (), "level", "does no better than"),
        (1.0, 0.0, (), "worse", "which made no error"),
        (None, 1.0, (), "unknown", "could not be scored"),
        (1.0, None, (), "unknown", "No baseline was scored"),
        (9.0, 2.0, (1.0, 1.1, 9.0), "better", "(median of 3 seeds), against 2. Some seeds"),
        (6.3, 1.0, (), "worse", "naive: its error is 6.3 times as large"),
        (1.0, 2.0, (1.0, 1.1, 1.2), "better", "(median of 3 seeds), against 2."),
    ],
)
def test_verdict(mine, theirs, seeds, kind: str, says: str) -> None:
    record = {"model": {"mae": mine}, "baselines": {"naive": {"mae": theirs}}}
    found, sentence = verdict("lstm", record, "mae", seeds)
    assert found == kind and says in sentence
    assert sentence.startswith("The LSTM ") and sentence.endswith(".")
    assert ("Some seeds" in sentence) == ("Some seeds" in says)


@pytest.mark.parametrize("dates", [True, False])
def test_a_report_is_written_from_the_files_of_a_run(tmp_path: Path, dates: bool) -> None:
    made = content_of(panel(["007", "NA"], dates=dates))
    made.tested.to_csv(tmp_path / "backtest.csv", index=False)
    made.scores.to_csv(tmp_path / "scores.csv", index=False)
    made.history.to_csv(tmp_path / "history.csv", index=False)
    made.future.to_csv(tmp_path / "forecasts.csv", index=False)
    (tmp_path / "metrics.json").write_text(json.dumps(made.record))
    config = {
        "data": {"source": "/somewhere/toys.csv", "season_length": 12},
        "model": {"preset": "gru", "strategy": "direct"},
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    read = read_content(tmp_path, made.frame, notes=made.notes)
    assert read.title == "GRU, direct, on toys.csv" and read.name == "gru"
    for name in ("tested", "scores", "history", "future"):
        pd.testing.assert_frame_equal(
            getattr(read, name), getattr(made, name), check_dtype=False, check_exact=False
        )
    path = write_report(tmp_path, made.frame, notes=made.notes)
    assert path == tmp_path / "report.html"
    text = path.read_text(encoding="utf-8")
    assert "The GRU beats" in text and "007" in text and "Two gaps were kept." in text
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix == ".html") == ["report.html"]

    without_frame = read_content(tmp_path)
    assert set(without_frame.frame["unique_id"]) == {"007", "NA"}
    assert len(without_frame.frame) == 2 * 12, "what was tested, each time once"
    assert "The GRU beats" in render_report(without_frame)


def test_a_run_that_was_not_evaluated_has_no_report(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no evaluated run"):
        write_report(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("names", "unit", "axis", "titles"),
    [
        (["only"], "in the units of the series", "error", ["After the last value"]),
        (
            ["a", "b"],
            "in multiples of the seasonal naive error in training",
            "scaled error",
            ["a", "b"],
        ),
    ],
)
def test_errors_of_one_series_have_its_units_and_those_of_many_none(
    names: list[str], unit: str, axis: str, titles: list[str]
) -> None:
    frame = panel(names)
    frame["y"] *= 1000
    made = content_of(frame)
    sections = {section.heading: section for section in report_sections(made)}
    for heading in ("Error by horizon", "Residuals"):
        assert unit in sections[heading].caption
        assert f">{axis}" in sections[heading].picture
    shown = re.findall(r"<text[^>]*>([^<]*)</text>", sections["Forecast"].picture)
    assert set(titles) <= set(shown) and ("After the last value" in shown) == (len(names) == 1)
    # A thousand times as large, the errors of one series are as well; scaled ones are of order 1.
    low, high = (50, 3000) if len(names) == 1 else (0.01, 10)
    found = re.search(r"goes from ([\d.]+) at", sections["Error by horizon"].picture)
    assert found and low < float(found[1]) < high
