"""How many bytes the first page of the workbench is, and how soon one can use it; with the system's Chromium.

    python benchmarks/web_page.py [--rounds R] [--bundle DIR]

Each round opens the page in a new browser profile with nothing kept. Bytes: bodies of all answers until the page can be used, not
compressed. Time to interactive: from navigation until files can be chosen, that is the file field is there and takes files. Limit:
loopback moves these bytes in less than a millisecond, so what remains is Chromium's start of a page. Goals: 300 kB, 1 s.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from web_program import web_program


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--bundle")
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("no Chromium: install the system package chromium")
    with (
        tempfile.TemporaryDirectory() as folder,
        web_program(Path(folder) / "data", options.bundle) as program,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        opened = [_open(browser, program.address) for _ in range(options.rounds)]
        browser.close()
    sizes, seconds = zip(*opened, strict=True)
    print(f"first page: {max(sizes):,} bytes")
    print(
        f"interactive after {1000 * statistics.median(seconds):.0f} ms (median of {options.rounds}; "
        f"{1000 * min(seconds):.0f} to {1000 * max(seconds):.0f})"
    )


def _open(browser: Browser, address: str) -> tuple[int, float]:
    """Return bytes and seconds of one visit."""
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    bodies: list[int] = []
    page.on("requestfinished", lambda request: bodies.append(request.sizes()["responseBodySize"]))
    begin = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector("input[type=file]", state="attached")
    seconds = time.perf_counter() - begin
    page.wait_for_load_state("networkidle")
    context.close()
    return sum(bodies), seconds


if __name__ == "__main__":
    main()
