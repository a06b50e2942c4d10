"""Helpers of the page benchmarks: a server, and a Chromium that opens its pages."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from web_program import Program, web_program


@contextmanager
def program_and_browser(bundle: str | None) -> Iterator[tuple[Program, Browser]]:
    """Start `neumo serve` on an empty data folder, and the system's Chromium; both end with the block."""
    names = ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")
    chromium = next(filter(None, map(shutil.which, names)), None)
    if chromium is None:
        raise SystemExit("no Chromium: install the system package chromium")
    with (
        tempfile.TemporaryDirectory() as folder,
        web_program(Path(folder) / "data", bundle) as program,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield program, browser
        browser.close()
