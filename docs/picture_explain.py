"""Take the README's picture of `krr explain`: ``picture_explain.py OUT.png`` (needs Chromium)."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from keras_rnn_recipes.explain.page import explain_digits

# On the way back, where the error of the first answer meets what the later ones sent.
STAGE, SIZE = 8, {"width": 1240, "height": 980}


def main(out: Path) -> None:
    """Write the page, open it, take the picture."""
    browser_path = shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = explain_digits(Path(folder) / "explain.html")
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto(f"{page_file.as_uri()}#{STAGE}")
        page.screenshot(path=out)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
