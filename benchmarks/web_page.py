"""Size of the workbench's first page, and time until it can be used; with the system's Chromium.

    python benchmarks/web_page.py [--rounds R] [--bundle DIR]

Each round opens the page in a new browser profile with nothing kept. Bytes: bodies of all answers until the page is at rest, as they
were sent. Time to interactive: from navigation until files can be chosen, that is the file field is there and takes files; by the
page's own clock, since who asks it from outside asks every half second at last. Limit: loopback moves these bytes in less than a
millisecond, so what remains is Chromium's start of a page. Goals: 300 kB, 1 s.
"""

import argparse
import statistics

from playwright.sync_api import Browser, Request
from web_browser import program_and_browser

_WATCH = """
new MutationObserver((_, observer) => {
  if (!document.querySelector("input[type=file]")) return;
  window.chosenFrom = performance.now();
  observer.disconnect();
}).observe(document, { childList: true, subtree: true });
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--bundle")
    options = parser.parse_args()
    with program_and_browser(options.bundle) as (program, browser):
        opened = [_open(browser, program.address) for _ in range(options.rounds)]
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
    page.add_init_script(_WATCH)
    finished: list[Request] = []
    # Playwright marks the functions that it is given, which a method of a list does not take.
    page.on("requestfinished", lambda request: finished.append(request))  # noqa: PLW0108
    page.goto(address, wait_until="commit")
    page.wait_for_selector("input[type=file]", state="attached")
    seconds: float = page.evaluate("chosenFrom") / 1000
    page.wait_for_load_state("networkidle")
    size = sum(request.sizes()["responseBodySize"] for request in finished)
    context.close()
    return size, seconds


if __name__ == "__main__":
    main()
