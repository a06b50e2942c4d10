"""Somebody who uses the workbench in one language on one size of screen."""

import os
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect
from pydicom import Dataset
from pydicom.uid import MediaStorageDirectoryStorage
from sqlalchemy import delete
from tests.support.node_samples import radiograph, written
from tests.support.web_layout import cut_off
from tests.support.web_running import PASSWORD, Running, add_people
from tests.support.web_steps import drop

from neumo.records.database import writing_session
from neumo.texts.catalogue import Texts, load_area, texts
from neumo.texts.language import LANGUAGES, Language
from neumo.web.people.accounts import open_accounts, set_verifier
from neumo.web.people.schema import SessionRow
from neumo.web.people.verifier import Verifier

PHONE = 390
HEIGHTS = {1440: 900, 1024: 768, PHONE: 844}
"""Screen sizes at which pages are checked: height in pixels by width."""
FORMS: list[tuple[Language, int]] = [("en", 1440), ("es", PHONE)]
"""Language and window width of each run of a journey."""
NAMES: dict[Language, str] = {"en": "ana", "es": "eva"}
"""Name of the account that reads in a language."""
RESEARCHER = "rita"
"""Name of the account of a researcher."""
_PICTURES = os.environ.get("NEUMO_SCREENSHOTS")
"""Folder for screenshots of the journeys, to be looked at."""
_SENTENCE = 4
"""Fewest words of a message that is looked for in pages of another language; shorter ones may be alike by chance."""
_DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@dataclass(frozen=True)
class Visitor:
    """A page of a person, who is logged in where the server has accounts, and the messages of the person's language."""

    page: Page
    t: Texts
    width: int
    data: Path
    """Data folder of the server."""

    @property
    def number(self) -> int:
        """The number of the reading that is open."""
        return int(self.page.url.partition("/readings/")[2].partition("?")[0])

    def say(self, key: str, **values: Any) -> str:
        """Return a message of the workbench's pages."""
        return self.t(f"workbench.{key}", **values)

    def own(self, film: Path, folder: Path) -> Path:
        """Return a copy of an image that is this visitor's own: other bytes and another name, so another reading."""
        content = film.read_bytes() + f"{self.t.language}{self.width}".encode()
        folder.mkdir(exist_ok=True)
        copy = folder / f"{self.t.language}-{self.width}-{film.name}"
        copy.write_bytes(content)
        return copy

    def patients(self, film: Path, **elements: Any) -> Dataset:
        """Return a radiograph of a patient of the visitor's own."""
        named = f"{self.t.language}{self.width}"
        patient: dict[str, Any] = {
            "PatientName": f"Quijano^Dulcinea {named}", "PatientID": f"MRN-{named}", "PatientBirthDate": "20210314",
            "PatientSex": "F", "AccessionNumber": "ACC-9", "InstitutionName": "Hospital Toboso",
            "StudyDate": "20240502", "StudyID": "S1", "SpecificCharacterSet": "ISO_IR 192",
            "PixelSpacing": [0.5, 0.5], "PixelSpacingCalibrationType": "FIDUCIAL",
        }  # fmt: skip
        return radiograph(film, **{**patient, **elements})

    def letter(self, folder: Path) -> Path:
        """Return a file that looks like an image and is none."""
        file = folder / f"letter-{self.width}.png"
        file.write_text(f"no image at all {self.t.language}{self.width}")
        return file

    def compact_disc(self, film: Path, folder: Path) -> Path:
        """Return a ZIP archive of one radiograph (IM0001) and two files that are no images, a DICOMDIR among them."""
        directory = radiograph()
        del directory.PixelData
        directory.SOPClassUID = directory.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
        with zipfile.ZipFile(folder / "cd.zip", "w") as files:
            files.write(written(self.patients(film), folder / "image"), "cd/DICOM/IM0001")
            files.write(written(directory, folder / "directory"), "cd/DICOMDIR")
            files.writestr("cd/readme.txt", "nothing")
        return folder / "cd.zip"

    def read(self, film: Path) -> None:
        """Drop a film on the start page, and wait for answer and picture."""
        self.page.goto("/")
        drop(self.page, [film])
        expect(self.page.locator(".answer-file")).to_have_text(film.name)
        expect(self.page.locator(".viewer[data-film=whole]")).to_be_visible()

    def taken(self, button: str) -> Path:
        """Take along a file of the open reading."""
        with self.page.expect_download() as download:
            self.page.get_by_role("link", name=self.say(f"results.{button}")).click()
        return Path(download.value.path())

    def drag(self, x: int, y: int) -> None:
        """Drag with the left button from the middle of the radiograph."""
        box = self.page.locator(".viewer").bounding_box()
        assert box is not None
        middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(*middle)
        self.page.mouse.down()
        self.page.mouse.move(middle[0] + x, middle[1] + y, steps=3)
        self.page.mouse.up()

    @contextmanager
    def another(self, name: str) -> Iterator["Visitor"]:
        """Log somebody else in on a screen of the same size."""
        browser, base = self.page.context.browser, self.page.url
        assert browser is not None
        with _opened(browser, base, self.data, self.t.language, self.width, name) as opened:
            yield opened

    def unfold_filters(self) -> None:
        """Unfold the worklist's filters, which are folded away on a telephone."""
        if self.width == PHONE:
            expect(self.page.locator("[name=decided]")).to_be_hidden()
            self.page.get_by_role("button", name=self.say("worklist.filters")).click()

    def log_in(self, name: str = "") -> None:
        self.page.get_by_label(self.say("login.name")).fill(name or NAMES[self.t.language])
        self.page.get_by_label(self.say("login.password")).fill(PASSWORD)
        self.page.get_by_role("button", name=self.say("login.enter")).click()
        expect(self.page.get_by_role("button", name=self.say("shell.logout"))).to_be_visible()

    def shows(self, *texts: str, heights: Mapping[int, int] = HEIGHTS) -> None:
        """Check at each screen size that the page shows these texts, and nothing is clipped, overflows or is squeezed.

        No message on it may be in another language than the person's.
        """
        for width in sorted(heights, key=lambda width: width == self.width):  # its own last: there it goes on
            self.page.set_viewport_size({"width": width, "height": heights[width]})
            self.page.evaluate(_DRAWN)
            for text in texts:
                expect(self.page.get_by_text(text).filter(visible=True).first).to_be_visible()
            take_picture(self.page, f"{self.t.language}-{width}")
            faults = cut_off(self.page)
            assert faults == [], f"at {width} pixels: {faults}"
        shown = plain(self.page.locator("body").inner_text())
        foreign = [sentence for sentence in _foreign_sentences(self.t.language) if sentence in shown]
        assert foreign == [], f"in another language than {self.t.language}: {foreign}"


@cache
def _foreign_sentences(language: Language) -> list[str]:
    """Return what pages and answers say in the other languages: each run of words between placeholders."""
    own, others = set[str](), set[str]()
    for each in LANGUAGES:
        for area in ("workbench", "readings", "terms"):
            (own if each == language else others).update(_runs(load_area(area, each)))
    return sorted(run for run in others - own if len(run.split()) >= _SENTENCE)


def _runs(messages: Any) -> Iterator[str]:
    if isinstance(messages, Mapping):
        for message in messages.values():
            yield from _runs(message)
    elif isinstance(messages, str):
        yield from (plain(run) for run in re.split(r"{[^}]*}", messages))


def errors_of(page: Page) -> list[str]:
    """Return a list that collects script errors and Content Security Policy violations of a page from now on."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda message: errors.append(message.text) if "Content Security Policy" in message.text else None,
    )
    return errors


def take_picture(page: Page, form: str) -> None:
    """Save a screenshot, numbered within its form and named by the test, where NEUMO_SCREENSHOTS asks for them."""
    if not _PICTURES:
        return
    folder = Path(_PICTURES)
    folder.mkdir(parents=True, exist_ok=True)
    test = os.environ["PYTEST_CURRENT_TEST"].partition("::")[2].partition("[")[0].removeprefix("test_")
    page.screenshot(path=folder / f"{form}-{len(list(folder.glob(f'{form}-*'))):02d}-{test}.png")


def plain(text: str) -> str:
    """Return a text with one plain space wherever it has spaces of any kind."""
    return " ".join(text.split())


def add_verifiers(data: Path, names: Iterable[str]) -> None:
    """Let readers of these names log in and verify reports, as García of Hospital Toboso."""
    add_people(data, **dict.fromkeys(names, "reader"))
    accounts = open_accounts(data)
    for name in names:
        set_verifier(accounts, name, Verifier(f"García^{name.capitalize()}", "Hospital Toboso"))
    accounts.dispose()


def log_out_everybody(data: Path) -> None:
    """End every session."""
    accounts = open_accounts(data)
    with writing_session(accounts) as session:
        session.execute(delete(SessionRow))
    accounts.dispose()


@contextmanager
def visiting(browser: Browser, served: Running, language: Language, width: int) -> Iterator[Visitor]:
    """Open the workbench in a window of that width, and log in where the server has accounts.

    A script error on the page, or a violation of its Content Security Policy, fails the test.
    """
    with _opened(browser, served.address, served.data, language, width, NAMES[language]) as visitor:
        yield visitor


@contextmanager
def _opened(
    browser: Browser, address: str, data: Path, language: Language, width: int, name: str
) -> Iterator[Visitor]:
    size: Any = {"width": width, "height": HEIGHTS[width]}
    context = browser.new_context(base_url=address, locale=language, viewport=size)
    context.set_default_timeout(30_000)
    expect.set_options(timeout=30_000)
    visitor = Visitor(context.new_page(), texts(language), width, data)
    errors = errors_of(visitor.page)
    visitor.page.goto("/")
    if visitor.page.request.get("/api/me").status == HTTPStatus.UNAUTHORIZED:
        visitor.log_in(name)
    yield visitor
    context.close()
    assert not errors
