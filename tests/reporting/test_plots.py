"""Figures for notebooks and reports: what is drawn, against the numbers that were given."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from keras_rnn_recipes.data.frames import Panel
from keras_rnn_recipes.errors import UserError
from keras_rnn_recipes.reporting.plots import plot_forecasts, plot_gradient_flow, plot_history
from keras_rnn_recipes.reporting.style import INK, MODEL, MUTED, RIVAL, lone_points, svg_of

NAMES = ("a", "b", "c", "d")


def series(length: int = 50) -> pd.DataFrame:
    """Four series, the k-th of which counts from 100 k."""
    return pd.DataFrame(
        {
            "unique_id": np.repeat(NAMES, length),
            "ds": np.tile(np.arange(length), len(NAMES)),
            "y": np.concatenate([100.0 * k + np.arange(length) for k in range(len(NAMES))]),
        }
    )


def forecasts(first: int, steps: int = 4, *, levels: tuple[int, ...] = (80, 95)) -> pd.DataFrame:
    """Forecasts of two models from step ``first`` on; an interval is as wide as its level."""
    table = pd.DataFrame(
        {
            "unique_id": np.repeat(NAMES, steps),
            "ds": np.tile(np.arange(first, first + steps), len(NAMES)),
            "lstm": np.arange(float(len(NAMES) * steps)),
        }
    )
    for level in levels:
        table[f"lstm-lo-{level}"] = table["lstm"] - level / 2
        table[f"lstm-hi-{level}"] = table["lstm"] + level / 2
    return table.assign(naive=7.0)


def lines_of(axes) -> dict[str, np.ndarray]:
    """The points of each labelled line, ``(points, 2)``."""
    return {
        line.get_label(): line.get_xydata()
        for line in axes.lines
        if not line.get_label().startswith("_")
    }


def widths(axes) -> dict[str, float]:
    """The height of each shaded band at its first step, by its label."""
    bands = {band.get_label(): band.get_paths()[0].vertices for band in axes.collections}
    return {name: float(np.ptp(rows[rows[:, 0] == 50, 1])) for name, rows in bands.items()}


def test_each_series_has_axes_with_history_forecast_and_bands():
    frame, ahead = series(), forecasts(50)
    figure = plot_forecasts(frame, ahead)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["a", "b", "c"]
    for axes, name in zip(figure.axes, NAMES, strict=False):
        lines = lines_of(axes)
        assert list(lines) == ["observed", "naive", "LSTM"]
        past = frame[frame["unique_id"] == name].tail(30)[["ds", "y"]]
        np.testing.assert_array_equal(lines["observed"], past)
        mine = ahead[ahead["unique_id"] == name]
        np.testing.assert_array_equal(lines["LSTM"], mine[["ds", "lstm"]])
        np.testing.assert_array_equal(lines["naive"], mine[["ds", "naive"]])
        assert widths(axes) == {"95% interval": 95.0, "80% interval": 80.0}
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        *("95% interval", "80% interval", "observed", "naive", "LSTM")
    ]


def test_colors_tell_the_model_from_the_others():
    (axes,) = plot_forecasts(series(), forecasts(50).assign(drift=1.0), series=["a"]).axes
    colors = {line.get_label(): to_hex(line.get_color()) for line in axes.lines}
    wanted = {"observed": INK, "LSTM": MODEL, "naive": RIVAL, "drift": MUTED}
    assert {name: colors[name] for name in wanted} == wanted


@pytest.mark.parametrize(("levels", "shown"), [([95], ["95% interval"]), ([], [])])
def test_levels_choose_the_bands(levels, shown):
    (axes,) = plot_forecasts(series(), forecasts(50), levels, series=["b"]).axes
    assert list(widths(axes)) == shown


def test_models_and_titles_and_history_are_chosen():
    figure = plot_forecasts(
        series(), forecasts(50), series={"d": "The last"}, models=["naive"], history=5
    )
    (axes,) = figure.axes
    assert axes.get_title(loc="left") == "The last" and "The last" in figure.get_label()
    lines = lines_of(axes)
    assert list(lines) == ["observed", "naive"] and not axes.collections
    assert lines["observed"][:, 0].tolist() == [45, 46, 47, 48, 49]


def test_a_backtest_is_drawn_from_its_last_cutoff_with_the_truth():
    frame = series()
    tested = pd.concat(
        forecasts(first).assign(cutoff=first - 1, y=-1.0 * first) for first in (40, 44)
    )
    (axes,) = plot_forecasts(frame, tested, series=["a"]).axes
    observed = lines_of(axes)["observed"]
    assert observed[-4:].tolist() == [[step, -44.0] for step in (44, 45, 46, 47)]
    assert observed[-5].tolist() == [43, 43], "before it the history of the frame"
    marked = [line.get_xdata()[0] for line in axes.lines if len(set(line.get_xdata())) == 1]
    assert marked == [43], "a line where the forecast begins"
    (axes,) = plot_forecasts(frame, tested, series=[("a", 39)]).axes
    assert lines_of(axes)["LSTM"][0, 0] == 40


def test_what_was_not_known_before_a_gap_is_no_history():
    tested = forecasts(45).assign(cutoff=41, y=0.0)
    (axes,) = plot_forecasts(series(), tested, series=["a"]).axes
    observed = lines_of(axes)["observed"][:, 0].tolist()
    assert observed[-6:] == [40, 41, 45, 46, 47, 48]


def test_truth_that_the_data_hold_is_drawn_with_a_forecast():
    (axes,) = plot_forecasts(series(), forecasts(48), series=["b"]).axes
    observed = lines_of(axes)["observed"]
    assert observed[-4:-2].tolist() == [[48, 148], [49, 149]]
    assert np.isnan(observed[-2:, 1]).all()


def test_a_panel_with_dates_is_drawn():
    days = pd.date_range("2024-01-01", periods=54)
    frame, ahead = series(), forecasts(50)
    panel = Panel(frame.assign(ds=days[frame["ds"]]), "D", 7)
    figure = plot_forecasts(panel, ahead.assign(ds=days[ahead["ds"]]))
    assert "2024" in svg_of(figure) and len(figure.axes) == 3


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"series": ["aa"]}, "no series 'aa'.*one of their 4 series.*did you mean a"),
        ({"series": [("a", 3)]}, "'a' has no forecast from 3"),
        ({"series": []}, "no forecast to plot"),
        ({"models": ["lstn"]}, "no model 'lstn'.*lstm, naive.*did you mean lstm"),
        ({"models": []}, "no column of a model"),
        ({"levels": [90]}, "no interval of 90%.*80, 95"),
        ({"levels": [180]}, "180"),
        ({"models": ["naive"], "levels": [80]}, "naive have no interval of 80%.*none"),
    ],
)
def test_mistakes_are_told(options, says):
    with pytest.raises(UserError, match=says):
        plot_forecasts(series(), forecasts(50).assign(cutoff=49), **options)


def test_history_has_a_line_each_for_training_and_validation():
    history = pd.DataFrame(
        {"epoch": [3, 4, 5], "loss": [3.0, 2.0, 1.0], "val_loss": [3.0, 1.5, 2.0]}
    )
    (axes,) = plot_history(history).axes
    lines = lines_of(axes)
    assert list(lines) == ["training", "validation", "lowest"]
    np.testing.assert_array_equal(lines["training"], history[["epoch", "loss"]])
    np.testing.assert_array_equal(lines["validation"], history[["epoch", "val_loss"]])
    assert lines["lowest"].tolist() == [[4, 1.5]]
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_yscale()) == ("epoch", "loss", "linear")


def test_history_of_keras_counts_epochs_from_one():
    (axes,) = plot_history({"loss": [1000.0, 10.0]}).axes
    assert lines_of(axes)["training"].tolist() == [[1, 1000], [2, 10]]
    assert axes.get_yscale() == "log", "losses that differ by decades"


@pytest.mark.parametrize("history", [{}, {"val_loss": [1.0]}, {"loss": []}])
def test_a_history_without_losses_is_told(history):
    with pytest.raises(UserError, match="no loss to plot"):
        plot_history(history)


def flow(*layers: str, epochs: tuple[int, ...] = ()) -> pd.DataFrame:
    """The gradient halves with each step back; each epoch multiplies it by ten."""
    parts = [
        pd.DataFrame(
            {
                "epoch": epoch,
                "layer": name,
                "lag": range(9),
                "norm": 10**epoch * 0.5 ** np.arange(9),
            }
        )
        for epoch in epochs or (0,)
        for name in layers
    ]
    table = pd.concat(parts, ignore_index=True)
    return table if epochs else table.drop(columns="epoch")


def test_gradient_flow_is_drawn_by_lag_on_a_logarithmic_axis():
    (axes,) = plot_gradient_flow(flow("rnn")).axes
    lines = lines_of(axes)
    assert list(lines) == ["rnn", "1% of lag 0"]
    np.testing.assert_allclose(lines["rnn"], [[lag, 0.5**lag] for lag in range(9)])
    assert lines["1% of lag 0"][:, 1].tolist() == [0.01, 0.01]
    assert axes.get_yscale() == "log"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("lag, steps back", "gradient norm")


def test_of_several_measurements_the_first_and_the_last_are_drawn():
    (axes,) = plot_gradient_flow(flow("low", "high", epochs=(0, 1, 3))).axes
    assert list(lines_of(axes)) == ["low", "high", "before training"]
    starts = [line.get_ydata()[0] for line in axes.lines if len(line.get_ydata())]
    assert starts == [1, 1, 1000, 1000]
    assert "1% of lag 0" not in lines_of(axes), "two layers would have two such lines"


def test_a_first_measurement_after_some_epochs_says_so():
    (axes,) = plot_gradient_flow(flow("rnn", epochs=(2, 3))).axes
    assert "after 2 epochs" in lines_of(axes)


def test_rounding_is_not_drawn():
    table = flow("rnn")
    table.loc[table["lag"] == 8, "norm"] = 1e-9
    (axes,) = plot_gradient_flow(table).axes
    assert np.isnan(lines_of(axes)["rnn"][8, 1]) and lines_of(axes)["rnn"][7, 1] > 0


def test_many_layers_are_not_named():
    (axes,) = plot_gradient_flow(flow(*"abcde")).axes
    assert lines_of(axes) == {} and len(axes.lines) == 5


def test_figures_belong_to_no_state_of_pyplot():
    before = "matplotlib.pyplot" in sys.modules
    plot_history({"loss": [1.0]})
    assert ("matplotlib.pyplot" in sys.modules) == before


def test_jupyter_shows_a_figure_and_a_report_holds_it():
    figure = plot_history({"loss": [2.0, 1.0]})
    assert figure._repr_png_().startswith(b"\x89PNG")
    svg = svg_of(figure)
    assert svg.startswith('<svg role="img" aria-label="Loss by epoch over 2 epochs."')
    assert "var(--muted)" in svg and "#" not in svg.replace("url(#", "").replace('href="#', "")
    assert svg_of(figure) == svg, "the same each time"


def test_a_lone_point_between_gaps_is_drawn():
    nan = np.nan
    assert lone_points([1.0, nan, 2.0, nan, 3.0, 4.0])["markevery"] == [0, 2]
    assert lone_points([1.0, 2.0]) == {}


def test_years_that_are_counted_from_one_are_drawn():
    days = np.datetime64("0001-01-01", "M") + np.arange(36)
    frame = pd.DataFrame({"unique_id": "a", "ds": days.astype("datetime64[us]"), "y": 1.0})
    ahead = frame.tail(6).rename(columns={"y": "gru"}).assign(gru=np.arange(6.0))
    figure = plot_forecasts(frame.head(30), ahead)
    figure.canvas.draw()
    ticks = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert len(ticks) >= 3
