"""The workbench in Firefox: a film dropped, read, looked at with its heat map, and decided on; then a run's errors."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.firefox_bidi import Firefox, firefox, firefox_path
from tests.support.small_runs import make_images, make_run
from tests.support.web_running import Running, running

_DROP = """(() => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([Uint8Array.from(atob(%s), (letter) => letter.charCodeAt(0))], "film.jpeg"));
  for (const type of ["dragover", "drop"]) document.querySelector(".view-reading")
    .dispatchEvent(new DragEvent(type, {bubbles: true, cancelable: true, dataTransfer: transfer}));
})()"""
_COLOURED = """(() => {
  const canvas = document.querySelector(".viewer-canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  for (let i = 0; i < data.length; i += 4)
    if (Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 20) return true;
  return false;
})()"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, journey_bundle: Path) -> Iterator[Running]:
    base = tmp_path_factory.mktemp("journey-firefox")
    make_images(base / "set")
    make_run(base / "runs" / "small", 1, 3.0, base / "set")
    with running(base / "data", journey_bundle, runs=base / "runs") as started:
        yield started


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Firefox]:
    with firefox(firefox_path(), tmp_path) as opened:
        yield opened
        assert opened.errors == []


def test_a_film_is_read_and_decided_on(tab: Firefox, served: Running, films: list[Path]) -> None:
    tab.go(served.address)
    tab.until("document.querySelector('.view-reading .rail') !== null")
    tab.run(_DROP % json.dumps(base64.b64encode(films[0].read_bytes()).decode()))
    assert tab.until("document.querySelector('.verdict-finding')?.textContent")
    tab.until("document.querySelector('.viewer-readout').textContent.includes('%')")
    assert tab.run(_COLOURED) is False
    tab.press("o")
    tab.until(_COLOURED)
    tab.press("a")
    tab.until("document.querySelector('[name=conclusion][value=AGREE]')?.checked")
    tab.run("document.querySelector('[name=conclusion]').form.requestSubmit()")
    assert tab.until("document.querySelectorAll('.history li').length") == 1
    assert tab.run("document.documentElement.scrollHeight - innerHeight") == 0


def test_a_cell_opens_its_images(tab: Firefox, served: Running) -> None:
    tab.go(f"{served.address}research")
    tab.until("document.querySelector('.matrix-cell.wrong') !== null")
    tab.run(
        "[...document.querySelectorAll('.matrix-cell.wrong')].find((cell) => cell.textContent !== '0').click()"
    )
    tab.run("document.querySelector('.sheet-card').scrollIntoView()")
    assert tab.until("document.querySelector('.sheet-card img')?.naturalWidth") == 96
