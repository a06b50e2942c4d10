import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread, dcmwrite
from pydicom.uid import RLELossless, SecondaryCaptureImageStorage
from tests.support.hospital_samples import ANSWER, DIGEST, NO_CHEST, errors_of, header, reading

from neumo.core.errors import ConfigError, ResultError
from neumo.core.reading import Notice, Reading
from neumo.results.dicom import secondary_capture, structured_report
from neumo.results.dicom.banner import Line, banner_lines, draw_banner, drawable
from neumo.results.dicom.files import write_dicom, write_result
from neumo.results.dicom.secondary_capture import MAX_SIDE, capture_picture
from neumo.texts.catalogue import texts
from neumo.texts.language import LANGUAGES, Language

HEADERS: dict[str, dict[str, Any]] = {
    "chest": {},
    "no body part": {"BodyPartExamined": None, "PatientOrientation": None},
    "a hand": {"BodyPartExamined": "HAND", "Laterality": "L"},
    "an odd body part": {"BodyPartExamined": None, "ImageLaterality": "U", "PatientOrientation": ""},
    "compressed": {
        "LossyImageCompression": "01",
        "LossyImageCompressionRatio": "10",
        "LossyImageCompressionMethod": "ISO_10918_1",
    },
}


@pytest.mark.parametrize("answer", [ANSWER, None], ids=["read", "refused"])
@pytest.mark.parametrize("film", HEADERS)
def test_pictures_keep_to_their_definition(film: str, answer: Any, tmp_path: Path) -> None:
    source = header(**HEADERS[film])
    assert errors_of(write_result(secondary_capture(reading(answer), source), tmp_path)) == []


@pytest.mark.parametrize("answer", [ANSWER, None], ids=["read", "refused"])
def test_the_header_says_what_the_picture_is(answer: Any, tmp_path: Path) -> None:
    capture = dcmread(write_result(secondary_capture(reading(answer), header()), tmp_path))
    assert capture.SOPClassUID == SecondaryCaptureImageStorage and capture.BurnedInAnnotation == "YES"
    assert (capture.PhotometricInterpretation, capture.BitsStored, capture.SamplesPerPixel) == ("RGB", 8, 3)
    assert capture.SourceImageSequence[0].ReferencedSOPInstanceUID == "1.2.3.4.1.1"
    assert "not verified" in capture.ImageComments and capture.DeviceSerialNumber == DIGEST
    assert capture.SeriesInstanceUID != structured_report(reading(), header()).SeriesInstanceUID
    assert (capture.pixel_array == capture_picture(reading(answer), "en")).all()


@pytest.mark.parametrize("kind", ["as made", "odd", "compressed", "with trailing padding"])
def test_a_capture_is_written_byte_for_byte_as_pydicom_writes_it(kind: str) -> None:
    capture = secondary_capture(reading(), header())
    match kind:
        case "odd":
            capture.PixelData = capture.PixelData[:-1]
        case "compressed":
            capture.compress(RLELossless, generate_instance_uid=False)
        case "with trailing padding":
            capture.DataSetTrailingPadding = b"\0" * 10
    ours, theirs = io.BytesIO(), io.BytesIO()
    write_dicom(ours, capture)
    dcmwrite(theirs, capture, enforce_file_format=True)
    assert ours.getvalue() == theirs.getvalue()


def test_lossy_pixels_stay_declared_and_sides_are_stated() -> None:
    compressed = secondary_capture(reading(), header(**HEADERS["compressed"]))
    assert compressed.LossyImageCompression == "01" and compressed.LossyImageCompressionRatio == 10
    assert "Laterality" not in compressed and compressed.PatientOrientation == ["L", "F"]
    assert secondary_capture(reading(None), header(**HEADERS["a hand"])).Laterality == "L"


def test_the_heat_map_stands_beside_the_radiograph_and_the_banner_above() -> None:
    picture = capture_picture(reading(), "en")
    height, width = picture.shape[:2]
    banner = draw_banner(banner_lines(reading(), "en"), width).shape[0]
    film, heat = picture[banner:, : width // 2], picture[banner:, width // 2 :]
    assert film.shape == heat.shape and height > banner > 50
    assert (film[..., :1] == film).all(), "the radiograph is grey"
    assert (heat[..., :1] != heat).any(), "the heat map is not"
    refused = capture_picture(reading(None), "en")
    assert refused.shape[1] == width // 2, "a refusal has no heat map"
    assert (capture_picture(reading(class_map=None), "en").shape[1]) == width // 2


@pytest.mark.parametrize("shape", [(3000, 2500), (2500, 3000), (4000, 200), (40, 40), (33, 90)])
def test_pictures_are_neither_huge_nor_too_small_to_read(shape: tuple[int, int]) -> None:
    picture = capture_picture(reading(pixels=np.full(shape, 90, dtype=np.uint8)), "es")
    assert max(picture.shape[:2]) <= MAX_SIDE and picture.shape[1] >= 2 * 480
    assert picture[-1].any(), "the radiograph is there"
    assert picture.dtype == np.uint8


def test_a_long_banner_is_drawn_smaller_and_endless_ones_are_reduced() -> None:
    def warned(times: int) -> Reading:
        notices = (Notice("header_unread", "", {"element": "Body Part", "value": "words " * 30}),) * times
        return reading(pixels=np.full((1024, 1024), 90, dtype=np.uint8), warnings=notices)

    short, long, endless = (capture_picture(warned(times), "en") for times in (0, 12, 150))
    assert short.shape[1] > long.shape[1] > endless.shape[1] > 150
    assert max(long.shape) <= MAX_SIDE and max(endless.shape) <= MAX_SIDE
    banner = draw_banner(banner_lines(warned(12), "en"), long.shape[1])
    assert np.array_equal(long[: len(banner)], banner), "its letters are not resampled"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_banner_says_finding_uncertainty_warnings_and_that_nobody_verified(language: Language) -> None:
    words = " ".join(line.text for line in banner_lines(reading(), language))
    expected = {
        "en": (
            "AI result, not verified",
            "viral pneumonia",
            "50.0\xa0%",
            "nominal coverage of 90\xa0%",
            "specificity of 80.0\xa0% (73.0-86.0\xa0%)",
            "Too old.",
            "balanced",
        ),
        "es": (
            "Resultado de IA, no verificado",
            "neumonía viral",
            "50.0\xa0%",
            "cobertura nominal del 90\xa0%",
            "64 años",
        ),
    }
    for part in expected[language]:
        assert part in words
    refusal = " ".join(line.text for line in banner_lines(reading(None), language))
    assert {"en": "This is no chest.", "es": "La imagen está vacía"}[language] in refusal
    assert "%" not in refusal


def test_accents_are_drawn_and_every_letter_fits() -> None:
    def drawn(text: str) -> bytes:
        return draw_banner([Line(text)], 400).tobytes()

    letters = "áéíóúñÑ¿¡üÜ·–—≥aeioun?!"
    assert len({drawn(letter) for letter in letters}) == len(letters), "none is the box of a missing glyph"
    long = draw_banner([Line("x" * 500)], 400)
    assert long.shape[0] > draw_banner([Line("x" * 20)], 400).shape[0], "long words are wrapped"
    assert not long[:, -4:].any(), "nothing runs off the side"


@pytest.mark.parametrize("language", LANGUAGES)
def test_letters_that_the_typeface_lacks_are_spelt_and_a_line_says_so(language: Language) -> None:
    plain = [Line("Nguyễn Ω ж"), Line("sure")]
    assert drawable(plain, language) == plain
    first, second, note = drawable([Line("Nódulo 肺"), Line("sure")], language)
    assert (first.text, second.text) == ("Nódulo [Fei]", "sure")
    assert note.text == texts(language)("readings.spelt")


def test_the_same_content_is_the_same_instance() -> None:
    first = secondary_capture(reading(), header())
    noise = reading().class_map
    assert noise is not None
    assert first == secondary_capture(reading(), header())
    same = secondary_capture(reading(class_map=noise + np.float32(1e-7)), header())
    assert same.SOPInstanceUID == first.SOPInstanceUID
    others = [
        secondary_capture(reading(), header(), language="es"),
        secondary_capture(reading(None), header()),
        secondary_capture(reading(class_map=noise[::-1]), header()),
        secondary_capture(reading(warnings=(Notice("age_unknown", "Age unknown."),)), header()),
    ]
    assert len({first.SOPInstanceUID, *(other.SOPInstanceUID for other in others)}) == 5
    assert {other.SeriesInstanceUID for other in others} == {first.SeriesInstanceUID}


def test_what_cannot_be_shown_is_told() -> None:
    with pytest.raises(ResultError, match="keep_pixels"):
        secondary_capture(reading(pixels=None), header())
    with pytest.raises(ConfigError, match="'fr'"):
        secondary_capture(reading(), header(), language="fr")  # type: ignore[arg-type]
    assert NO_CHEST.text in banner_lines(reading(None, reasons=(Notice("new", NO_CHEST.text),)), "es")[2].text
