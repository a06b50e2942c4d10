"""Films that are pasted, fail to load or stand on a fine screen; and every file that a reading gives."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pypdf import PdfReader
from tests.support.web_running import Running
from tests.support.web_steps import read_film

_PASTE = """([name, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([bytes], name, {type: "image/png"}));
  document.body.dispatchEvent(new ClipboardEvent("paste", {bubbles: true, cancelable: true, clipboardData}));
}"""


@pytest.fixture
def dicom_film(tmp_path: Path, films: list[Path]) -> Path:
    """A film that the bundle reads, as a child's DICOM file."""
    dataset = dcmread(str(get_testdata_file("RG1_UNCR.dcm")))
    pixels = np.asarray(Image.open(films[0]).convert("L"))
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.PhotometricInterpretation, dataset.PatientAge = "MONOCHROME2", "003Y"
    for keyword in ("WindowCenter", "WindowWidth", "RescaleSlope", "RescaleIntercept", "PatientBirthDate"):
        if keyword in dataset:
            delattr(dataset, keyword)
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OB"
    dataset.save_as(tmp_path / "film.dcm")
    return tmp_path / "film.dcm"


@pytest.fixture
def take(page: Page, tmp_path: Path) -> Callable[[str], Path]:
    """Take a file along by the name of its link."""

    def taken(link: str) -> Path:
        with page.expect_download() as download:
            page.get_by_role("link", name=link).click()
        target = tmp_path / "taken" / download.value.suggested_filename
        download.value.save_as(target)
        return target

    return taken


def test_a_pasted_image_is_read(
    page: Page, films: list[Path], tmp_path: Path, take: Callable[[str], Path]
) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="Drop chest radiographs here")).to_be_visible()
    copied = tmp_path / "image.png"
    Image.open(films[2]).save(copied)
    page.evaluate(_PASTE, ["image.png", base64.b64encode(copied.read_bytes()).decode()])
    expect(page.locator(".answer-file")).to_have_text("image.png")
    expect(page.locator(".verdict-finding")).to_have_text("No pneumonia")
    expect(page.get_by_role("link", name="DICOM SR")).to_have_count(0)
    assert json.loads(take("FHIR").read_text())["type"] == "transaction"


def test_every_file_of_a_reading_opens(page: Page, dicom_film: Path, take: Callable[[str], Path]) -> None:
    read_film(page, dicom_film)
    expect(page.locator(".verdict-finding")).to_have_text("No pneumonia")
    assert page.evaluate("document.documentElement.scrollHeight - innerHeight") == 0
    number = page.url.rsplit("/", 1)[1]
    source = dcmread(dicom_film)

    pdf = take("Report (PDF)")
    assert pdf.name == f"neumo-{number}-report.pdf" and pdf.read_bytes().startswith(b"%PDF-")
    assert "neumo" in "".join(sheet.extract_text() for sheet in PdfReader(pdf).pages)

    report, capture = dcmread(take("DICOM SR")), dcmread(take("DICOM image"))
    assert (report.Modality, report.StudyInstanceUID) == ("SR", source.StudyInstanceUID)
    assert source.SOPInstanceUID in {item.ReferencedSOPInstanceUID for item in referenced(report)}
    assert capture.StudyInstanceUID == source.StudyInstanceUID and capture.pixel_array.max() > 0

    fhir = json.loads(take("FHIR").read_text())
    kinds = {entry["resource"]["resourceType"] for entry in fhir["entry"]}
    assert fhir["resourceType"] == "Bundle" and "DiagnosticReport" in kinds


def referenced(report: Dataset) -> list[Dataset]:
    """Return the items of a report, at any depth, that reference an instance."""
    sequences = [element.value for element in report.iterall() if element.VR == "SQ"]
    return [item for sequence in sequences for item in sequence if "ReferencedSOPInstanceUID" in item]


def test_a_fine_screen_gets_each_of_its_pixels(browser: Browser, served: Running, films: list[Path]) -> None:
    context = browser.new_context(
        base_url=served.address,
        locale="en-GB",
        viewport={"width": 1200, "height": 800},
        device_scale_factor=2,
    )
    page = context.new_page()
    try:
        read_film(page, films[0])
        expect(page.locator(".viewer-readout")).to_contain_text("%")
        page.keyboard.press("0")
        expect(page.locator(".viewer-readout")).to_contain_text("100 %")
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        width, shown, lit = page.evaluate("""() => {
          const canvas = document.querySelector(".viewer-canvas");
          const row = canvas.getContext("2d").getImageData(0, canvas.height / 2 | 0, canvas.width, 1).data;
          const ground = row[0];
          let lit = 0;
          for (let x = 0; x < canvas.width; x++) lit += Math.abs(row[4 * x] - ground) > 2;
          return [canvas.width, canvas.clientWidth, lit];
        }""")
        assert width == 2 * shown
        assert 40 <= lit <= 64, "a film of 64 pixels takes 64 of the screen's"
    finally:
        context.close()


def test_an_image_that_fails_to_load_says_so_and_is_tried_again(page: Page, films: list[Path]) -> None:
    page.route("**/image.pgm?*", lambda route: route.fulfill(status=500))
    read_film(page, films[0])
    problem = page.locator(".viewer").get_by_role("alert")
    expect(problem).to_contain_text("The image could not be loaded.")
    expect(page.locator(".verdict-finding")).to_be_visible()
    problem.get_by_role("button", name="Try again").click()
    expect(problem).to_contain_text("The image could not be loaded.")
    page.unroute("**/image.pgm?*")
    problem.get_by_role("button", name="Try again").click()
    expect(page.locator(".viewer-readout")).to_contain_text("%")
    expect(problem).to_have_text("")
