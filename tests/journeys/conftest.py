"""A real server and the system's Chromium for journeys through the workbench."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from pynetdicom import sop_class
from tests.support import programs
from tests.support.node_peers import Archive, archive, destination
from tests.support.tiny_bundle import make_bundle
from tests.support.web_running import Running, add_people, running
from tests.support.web_visitor import (
    FORMS,
    NAMES,
    RESEARCHER,
    Visitor,
    add_verifiers,
    errors_of,
    visiting,
)

from neumo.datasets.phantoms.dataset import make_phantoms
from neumo.texts.language import Language

_REPORTS = [sop_class.EnhancedSRStorage, sop_class.ComprehensiveSRStorage, sop_class.Comprehensive3DSRStorage]  # type: ignore[attr-defined]  # made at run time


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Phantom radiographs that the bundle of `served` accepts."""
    folder = tmp_path_factory.mktemp("journey-phantoms") / "set"
    make_phantoms(folder, per_class=6, seed=11, size=64)
    return sorted((folder / "train").rglob("*.jpeg"))


@pytest.fixture(scope="session")
def journey_bundle(tmp_path_factory: pytest.TempPathFactory, films: list[Path]) -> Path:
    return make_bundle(tmp_path_factory.mktemp("journey-bundle") / "tiny", films[0].parents[2])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, journey_bundle: Path) -> Iterator[Running]:
    """One server without users for the journeys of a file."""
    with running(tmp_path_factory.mktemp("journey") / "data", journey_bundle) as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium for the journeys of a file: while it is there an event loop runs, and other tests need their own."""
    path = programs.chromium()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, served: Running) -> Iterator[Page]:
    """A page of its own, in English; an error in its scripts, or a thing that it may not load, fails the test."""
    context = browser.new_context(
        base_url=served.address, locale="en-GB", viewport={"width": 1440, "height": 900}
    )
    context.set_default_timeout(20_000)
    expect.set_options(timeout=20_000)
    opened = context.new_page()
    errors = errors_of(opened)
    yield opened
    context.close()
    assert not errors


@pytest.fixture(scope="module")
def pacs() -> Iterator[Archive]:
    with archive(classes=_REPORTS) as started:
        yield started


@pytest.fixture(scope="module")
def visited(
    tmp_path_factory: pytest.TempPathFactory, journey_bundle: Path, pacs: Archive
) -> Iterator[Running]:
    """A running workbench with two people who may read and verify, a researcher, and a PACS that it sends to."""
    data = tmp_path_factory.mktemp("everywhere") / "data"
    add_verifiers(data, NAMES.values())
    add_people(data, **{RESEARCHER: "researcher"})
    with running(data, journey_bundle, send__to=destination(pacs.port, timeout=20)) as started:
        yield started


@pytest.fixture(scope="module", params=FORMS, ids=[f"{language}-{width}" for language, width in FORMS])
def form(request: pytest.FixtureRequest) -> tuple[Language, int]:
    """Language and window width of this run of the journeys."""
    found: tuple[Language, int] = request.param
    return found


@pytest.fixture(scope="module")
def visitor(form: tuple[Language, int], browser: Browser, visited: Running) -> Iterator[Visitor]:
    """A person at the workbench, in one form after the other; `Visitor.shows` checks a page at every screen size.

    A file whose journeys need another server overrides `visited`.
    """
    with visiting(browser, visited, *form) as opened:
        yield opened
