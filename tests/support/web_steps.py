"""Steps that several journeys through the workbench share."""

from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

_DROP = """([names, contents]) => {
  const transfer = new DataTransfer();
  names.forEach((name, i) => {
    const bytes = Uint8Array.from(atob(contents[i]), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], name));
  });
  const place = document.querySelector("main");
  for (const type of ["dragover", "drop"]) {
    place.dispatchEvent(new DragEvent(type, {bubbles: true, cancelable: true, dataTransfer: transfer}));
  }
}"""


_SETTLED = """async () => {
  const ending = () => document.getAnimations().filter(
    (animation) => animation.playState === "running" && animation.effect?.getComputedTiming().endTime !== Infinity
  );
  while (ending().length > 0) await Promise.allSettled(ending().map((animation) => animation.finished));
}"""


def drop(page: Page, files: list[Path]) -> None:
    """Drop files on whatever view is shown, as a person does."""
    from base64 import b64encode

    expect(page.locator("main h1").first).to_be_attached()
    page.evaluate(_DROP, [[f.name for f in files], [b64encode(f.read_bytes()).decode() for f in files]])


def drop_folder(page: Page, folder: Path) -> None:
    """Drop a folder on whatever view is shown, as the operating system hands it to the browser."""
    expect(page.locator("main h1").first).to_be_attached()
    browser = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "dragOver", "drop"):
        browser.send("Input.dispatchDragEvent", {"type": kind, "x": 200, "y": 300, "data": data})
        if kind == "dragOver":  # the page has accepted the files, without which the browser cancels the drop
            expect(page.locator(".drop-veil")).to_be_visible()
    browser.detach()


def read_film(page: Page, film: Path) -> None:
    """Drop a film on the start page and wait for its answer."""
    page.goto("/")
    drop(page, [film])
    expect(page.locator(".answer-file")).to_have_text(film.name)


def grave_violations(page: Page) -> list[dict[str, Any]]:
    """Return what axe finds serious or critical on the page (WCAG 2.2 A and AA, and its best practices).

    Contrast is measured when every transition has ended; a turning sign of waiting never does.
    """
    page.evaluate(_SETTLED)
    found = Axe().run(page).response["violations"]
    return [
        {"id": v["id"], "nodes": [(node["target"], node.get("failureSummary")) for node in v["nodes"]][:5]}
        for v in found
        if v["impact"] in ("serious", "critical")
    ]
