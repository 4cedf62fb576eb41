"""The page of `krr explain` in a browser: as it is looked at, used and printed."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest

from keras_rnn_recipes.bptt.worked_example import reverse_digits
from keras_rnn_recipes.explain.page import explain, explain_digits

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("playwright") is None, reason="playwright is not installed"
)


@pytest.fixture(scope="module")
def browser():
    """A Chromium: the system's, or the one that playwright brought."""
    from playwright.sync_api import Error, sync_playwright

    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        try:
            # A container's root user has no sandbox; the page is a file of our own.
            browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        except Error as error:
            pytest.skip(f"no Chromium that starts: {str(error).splitlines()[0]}")
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def digits(tmp_path_factory) -> Path:
    return explain_digits(tmp_path_factory.mktemp("page") / "digits.html")


@pytest.fixture
def opened(browser):
    """``opened(file, **context)``: a page; what it says in the console or asks for is an error."""
    contexts, told, files = [], [], set()

    def open_(file: Path, *, stage: int = 0, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: told.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("request", lambda request: told.append(request.url))
        files.add(file.as_uri())
        page.goto(f"{file.as_uri()}#{stage}")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert set(told) == files


def stage_of(page) -> int:
    shown = int(page.evaluate("document.body.dataset.stage"))
    assert page.locator("#stage").input_value() == str(shown)
    return shown


def figures(page, name: str) -> list[str]:
    """The numbers that are to be seen in a column of the drawing."""
    column = page.locator(f'.column[data-name="{name}"]')
    texts = column.locator(".figure")
    return texts.all_text_contents() if texts.first.is_visible() else []


def written(numbers) -> list[str]:
    """As the page is to write them: three places, a true minus sign."""
    return [
        (str(int(n)) if n == int(n) else f"{n:.3f}").replace("-", "−") for n in np.ravel(numbers)
    ]


def test_keys_buttons_and_slider_choose_the_stage(opened, digits):
    page = opened(digits)
    assert stage_of(page) == 0 and page.inner_text("#title") == "Forward, step 1"
    for key, expected in {
        **{"ArrowRight": 1, "End": 18, "ArrowLeft": 17, "Home": 0},
    }.items():
        page.keyboard.press(key)
        assert stage_of(page) == expected
    page.keyboard.press("ArrowLeft")
    assert stage_of(page) == 0
    for button, expected in {"next": 1, "last": 18, "previous": 17, "first": 0}.items():
        page.click(f"#{button}")
        assert stage_of(page) == expected
    assert page.is_disabled("#first") and page.is_disabled("#previous")
    page.locator("#stage").fill("8")
    assert stage_of(page) == 8
    slider = page.locator("#stage")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert stage_of(page) == 9
    assert slider.get_attribute("aria-valuetext") == page.inner_text("#title") == "Backward, step 3"


def test_it_plays_and_pauses_and_ends(opened, digits):
    page = opened(digits, stage=16)
    page.clock.install()
    page.reload()
    page.keyboard.press("Space")
    assert page.get_attribute("#play", "aria-label") == "Pause"
    page.clock.run_for(1800)
    assert stage_of(page) == 17
    page.keyboard.press("Space")
    page.clock.run_for(5000)
    assert stage_of(page) == 17 and page.get_attribute("#play", "aria-label") == "Play"
    page.click("#play")
    page.clock.run_for(10_000)
    assert stage_of(page) == 18 and page.get_attribute("#play", "aria-label") == "Play"


def test_numbers_come_about_when_their_stage_does_and_are_those_of_python(opened, digits):
    example, page = reverse_digits(), opened(digits)
    states, slopes = example.trace.states, example.gradients.states
    for stage in range(18):
        for t, step in enumerate("₁₂₃₄₅₆"):
            known = stage >= t
            assert figures(page, f"h{step}") == (written(states[t][0][0]) if known else [])
            known_back = stage >= 11 - t
            assert figures(page, f"dh{step}") == (written(slopes[t][0][0]) if known_back else [])
        page.keyboard.press("ArrowRight")
    assert f"{example.loss_after:.4g}" in page.inner_text("#text")


def test_formulas_have_their_numbers_put_in(opened, digits):
    example, page = reverse_digits(), opened(digits, stage=1)
    W, U, b = example.network.cells[0].weights
    equation = page.locator(".equation").first
    assert equation.locator(".symbols").inner_text() == "a₂ = x₂ W + h₁ U + b"
    h1 = example.trace.states[0][0][0]
    parts = [example.x[0, 1], W, h1, U, b, example.x[0, 1] @ W + h1 @ U + b]
    shown = equation.locator(".cells > span").all_inner_texts()
    assert shown == [number for part in parts for number in written(part)]
    label = equation.locator(".matrix").first.get_attribute("aria-label")
    assert label == "x₂: 0, 1, 1"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_follow_the_system_until_one_is_chosen(scheme, opened, digits):
    page = opened(digits, color_scheme=scheme)

    def brightness() -> float:
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in colour[4:-1].split(",")) / 3

    dark = scheme == "dark"
    assert (brightness() < 60) if dark else (brightness() > 240)
    assert page.get_attribute("#theme", "aria-pressed") == str(dark).lower()
    page.click("#theme")
    assert (brightness() > 240) if dark else (brightness() < 60)
    assert page.get_attribute("#theme", "aria-pressed") == str(not dark).lower()


@pytest.mark.parametrize("width", [400, 800, 1600])
@pytest.mark.parametrize("stage", [0, 5, 11, 18])
def test_no_window_is_too_narrow(width, stage, opened, digits):
    page = opened(digits, stage=stage, viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for button in page.locator("button").all():
        box = button.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
    for active in page.locator(".node.active .box").all():
        box = active.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width


def test_every_part_has_a_name_for_those_who_do_not_see_it(opened, digits):
    page = opened(digits, stage=9)
    for label in [
        element.get_attribute("aria-label") for element in page.locator("[role=img], button").all()
    ]:
        assert label is None or label.strip()
    node = page.locator('[data-id="state-0-2"]').get_attribute("aria-label")
    assert node.startswith("h₃: ") and "dh₃: " in node
    unknown = page.locator('[data-id="state-0-0"]').get_attribute("aria-label")
    assert "dh₁" not in unknown
    assert page.locator("#title").get_attribute("aria-live") == "polite"


def test_it_prints_light_and_without_controls(opened, digits):
    page = opened(digits, stage=9, color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.is_visible("#play") and page.is_visible("#drawing")
    assert len(page.pdf()) > 10_000


def test_a_network_without_a_step_of_learning_and_wide_layers(opened, tmp_path):
    from bptt.drawn import network_of_kinds

    random = np.random.default_rng(0)
    network = network_of_kinds(["lstm", "gru"], 12, random)
    x, targets = random.normal(size=(10, 2)), random.random((1, 2))
    page = opened(explain(network, x, targets, tmp_path / "page.html"), stage=99)
    assert stage_of(page) == 29 and page.inner_text("#title") == "Gradients, step 1"
    page.keyboard.press("Home")
    assert len(figures(page, "‖h⁽¹⁾₁‖")) == 1
