"""Take the pictures of the workbench that the documents show, of the sample radiographs alone, in both languages.

.venv/bin/python scripts/screenshots.py
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import httpx
from playwright.sync_api import Page, expect, sync_playwright

from neumo.samples import sample_files

_IMAGES: Final = Path(__file__).parents[1] / "docs" / "images"
_SUFFIXES: Final = {"en": "", "es": ".es"}
_SIZE: Final = {"width": 1440, "height": 900}


def main() -> None:
    """Start a server, have the samples read, take the pictures."""
    names = ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")
    chromium = next(filter(None, map(shutil.which, names)), None)
    if chromium is None:
        raise SystemExit("no Chromium: install the system package chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        command = [sys.executable, "-m", "neumo.cli.main", "serve", "--no-browser", "--port", "0"]
        server = subprocess.Popen([*command, "--data", f"{folder}/data"], stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            found = re.search(r"http://\S+/", server.stdout.readline())
            assert found is not None
            bacterial = _read_samples(found[0])
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for language, suffix in _SUFFIXES.items():
                page = browser.new_page(base_url=found[0], locale=language, viewport=_SIZE)  # type: ignore[arg-type]
                _take(page, bacterial, suffix)
                page.close()
            browser.close()
        finally:
            server.terminate()
            server.wait(30)


def _read_samples(address: str) -> int:
    """Have all samples read; return the number of the one with bacterial pneumonia."""
    numbers = {}
    with httpx.Client(base_url=address, timeout=120) as web:
        for file in sample_files():
            answer = web.post("/api/readings", files={"f": (file.name, file.read_bytes())})
            numbers[file.stem] = answer.raise_for_status().json()["id"]
    return int(numbers["train-bacterial"])


def _take(page: Page, reading: int, suffix: str) -> None:
    page.goto(f"/readings/{reading}")
    expect(page.locator(".viewer[data-film=whole]")).to_be_visible(timeout=60_000)
    page.keyboard.press("o")
    expect(page.locator(".viewer-legend")).to_be_visible()
    expect(page.locator("[data-figure]").first).to_be_attached()
    page.screenshot(path=_IMAGES / f"workbench-reading{suffix}.png")
    page.goto("/worklist")
    expect(page.locator(".window .work-row")).to_have_count(3)
    page.screenshot(path=_IMAGES / f"workbench-worklist{suffix}.png")


if __name__ == "__main__":
    main()
