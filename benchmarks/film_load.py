"""Loading time of a radiograph in the workbench's viewer, by its size, and whether the page stays responsive meanwhile.

    python benchmarks/film_load.py [--rounds R] [--bundle DIR]

A sample radiograph is enlarged to each size and read; then its page is opened in the system's Chromium. By the page's own clock, from the
moment when the viewer is told to load: until something is shown, and until every pixel is there. "Longest wait" is the longest time in
which the page's thread did nothing else (a message that it sends to itself waited so long); "blocked", its share of the whole load.
Limit: the network (the same bytes fetched by the page, nothing done with them) and the decoder (grey levels to a bitmap, by the browser), one
after the other, in the same page. Medians of the rounds.
"""

import argparse
import io
import statistics
from typing import Any

from PIL import Image
from playwright.sync_api import Browser
from web_browser import program_and_browser
from web_program import Program, Sender

from neumo.samples import sample_files

_SIDES = ((320, 320), (1000, 1000), (2000, 2000), (3520, 3580), (4472, 4472))

_WATCH = """
window.film = {marks: {}, longest: 0};
const channel = new MessageChannel();
let last = 0;
channel.port1.onmessage = () => {
  const now = performance.now();
  if (last && !film.marks.whole) film.longest = Math.max(film.longest, now - last);
  last = now;
  if (!film.marks.whole) channel.port2.postMessage(0);
};
new MutationObserver(() => {
  const stage = document.querySelector(".viewer")?.dataset.film;
  if (!stage || film.marks[stage]) return;
  film.marks[stage] = performance.now();
  if (stage === "loading") channel.port2.postMessage(0);
}).observe(document, {subtree: true, childList: true, attributes: true, attributeFilter: ["data-film"]});
"""

_LIMIT = """async ([url, width, height]) => {
  const began = performance.now();
  const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
  const fetched = performance.now();
  const grey = bytes.subarray(bytes.length - width * height);
  const pixels = new Uint32Array(grey.length);
  for (let index = 0; index < grey.length; index++) pixels[index] = 0xff000000 | grey[index] * 0x10101;
  await createImageBitmap(new ImageData(new Uint8ClampedArray(pixels.buffer), width, height));
  return [fetched - began, performance.now() - fetched];
}"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bundle")
    options = parser.parse_args()
    with program_and_browser(options.bundle) as (program, browser):
        numbers = [_read(program, size) for size in _SIDES]
        print(
            "megapixels  first ms  whole ms  longest wait ms  blocked  network ms  decoder ms  whole / limit"
        )
        for size, number in zip(_SIDES, numbers, strict=True):
            rounds = [_open(browser, program.address, number, size) for _ in range(options.rounds)]
            _print(size, rounds)


def _read(program: Program, size: tuple[int, int]) -> int:
    """Have a sample of a size read; return the reading's number."""
    buffer = io.BytesIO()
    Image.open(sample_files()[0]).convert("L").resize(size, Image.Resampling.BICUBIC).save(
        buffer, "JPEG", quality=90
    )
    with Sender(program.address) as sender:
        status, headers, body = sender.send(buffer.getvalue())
    if status != 201:
        raise SystemExit(f"{size}: not read ({status} {body[:200]!r})")
    return int(headers["location"].rsplit("/", 1)[-1])


def _open(browser: Browser, address: str, number: int, size: tuple[int, int]) -> dict[str, float]:
    context = browser.new_context(locale="en-GB", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.add_init_script(_WATCH)
    page.goto(f"{address}readings/{number}")
    page.wait_for_selector(".viewer[data-film=whole]", timeout=120_000)
    found: dict[str, Any] = page.evaluate("film")
    url = f"{address}api/readings/{number}/image.pgm?max_side=5120"
    network, decoder = page.evaluate(_LIMIT, [url, *size])
    context.close()
    marks = found["marks"]
    whole = marks["whole"] - marks["loading"]
    first = marks.get("preview", marks["whole"]) - marks["loading"]
    return {
        "first": first,
        "whole": whole,
        "longest": found["longest"],
        "network": network,
        "decoder": decoder,
    }


def _print(size: tuple[int, int], rounds: list[dict[str, float]]) -> None:
    middle = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    limit = statistics.median(one["whole"] / (one["network"] + one["decoder"]) for one in rounds)
    print(
        f"{size[0] * size[1] / 1e6:10.1f}{middle['first']:10.0f}{middle['whole']:10.0f}{middle['longest']:17.0f}"
        f"{middle['longest'] / middle['whole']:9.0%}{middle['network']:12.0f}{middle['decoder']:12.0f}{limit:11.2f} x"
    )


if __name__ == "__main__":
    main()
