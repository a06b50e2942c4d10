from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support.dicom_samples import dicom_file, lut
from tests.support.tiny_bundle import CONFIGURATION

from neumo.bundle.folder import Bundle
from neumo.core.ages import age_in_years
from neumo.core.radiograph import AcquisitionFacts, CodedConcept, Radiograph
from neumo.core.reading import Status
from neumo.imaging import open_radiograph
from neumo.inference.gate import age_notice, header_notices, refusals_before_reading
from neumo.inference.reader import Reader
from neumo.results.sentences import notice_text

LIMITS = CONFIGURATION.gate
RAMP = np.tile(np.arange(80, dtype=np.uint8) * 3, (80, 1))


def codes(pixels: NDArray[np.uint8] = RAMP, *, colour: bool = False, **facts: object) -> list[str]:
    radiograph = Radiograph(
        pixels,
        None,
        (pixels.shape[1], pixels.shape[0]),
        colour=colour,
        facts=AcquisitionFacts(**facts),  # type: ignore[arg-type]
    )
    return [notice.code for notice in refusals_before_reading(radiograph, LIMITS)]


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"modality": "CR", "body_part": "CHEST", "view_position": "PA"},
        {"modality": "DX", "body_part": "PORT CHEST", "view_position": "AP"},
        {"modality": "DR"},
        {"modality": "XR", "pixel_aspect": 1.05},
        {"view_position": "AP ERECT", "body_part": "Thorax"},
        {"patient_orientation": ("L", "F")},
        {"body_part_codes": (CodedConcept("51185008", "SCT", "Chest"),)},
        {"view_codes": (CodedConcept("399348003", "SCT", "antero-posterior"),)},
    ],
)
def test_headers_of_frontal_chest_radiographs_pass(facts: dict[str, Any]) -> None:
    assert codes(**facts) == []


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"modality": "CT"}, "wrong_modality"),
        ({"modality": "MG"}, "wrong_modality"),
        ({"body_part": "HAND"}, "wrong_body_part"),
        ({"body_part": "CHESTABDPELVIS"}, "wrong_body_part"),
        ({"body_part": "TSPINE"}, "wrong_body_part"),
        ({"body_part_codes": (CodedConcept("85562004", "SCT", "Hand"),)}, "wrong_body_part"),
        ({"view_position": "LL"}, "not_frontal"),
        ({"view_position": "RL"}, "not_frontal"),
        ({"view_position": "LATERAL"}, "not_frontal"),
        ({"view_codes": (CodedConcept("399067008", "SCT", "lateral"),)}, "not_frontal"),
        ({"patient_orientation": ("P", "F")}, "not_frontal"),
        ({"view_position": "AP LLD"}, "not_frontal"),
        ({"quality_control": True}, "phantom"),
    ],
)
def test_other_headers_are_refused_by_name(facts: dict[str, Any], code: str) -> None:
    assert codes(**facts) == [code]


def test_pixels_that_cannot_be_a_radiograph() -> None:
    assert codes(np.full((80, 80), 130, dtype=np.uint8)) == ["blank"]
    speck = np.full((80, 80), 7, dtype=np.uint8)
    speck[:2, :2] = 255
    assert codes(speck) == ["blank"], "a few bright pixels are no radiograph"
    assert codes(RAMP[:20]) == ["too_small"]
    assert codes(np.tile(RAMP, (1, 4))) == ["aspect_ratio"]
    assert codes(colour=True) == ["colour"]


@pytest.mark.parametrize(
    ("elements", "aspect"),
    [
        ({"PixelAspectRatio": [2, 1]}, 2.0),
        ({"PixelAspectRatio": [1, 2]}, 0.5),
        ({"PixelSpacing": [0.3, 0.2]}, 1.5),
        ({"ImagerPixelSpacing": [0.1, 0.2]}, 0.5),
        ({"PixelAspectRatio": [1, 1], "PixelSpacing": [0.3, 0.2]}, None),
        ({"PixelSpacing": [0.14, 0.15]}, None),
        ({"PixelAspectRatio": [0, 1]}, None),
        ({}, None),
    ],
)
def test_pixels_that_are_not_square(elements: dict[str, Any], aspect: float | None) -> None:
    found = list(refusals_before_reading(open_radiograph(dicom_file(FILM, **elements)), LIMITS))
    assert [(reason.code, reason.values) for reason in found] == (
        [] if aspect is None else [("pixels_not_square", {"aspect": pytest.approx(aspect)})]
    )


FILM = (RAMP.astype(np.uint16) * 8 + 1000).astype(np.uint16)
BESIDE: dict[str, Any] = {"WindowCenter": 60000, "WindowWidth": 400}
FLAT = lut(0, 16, [1234] * 4096)


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("film", [FILM, (FILM >> 4).astype(np.uint8)], ids=["16 bits", "8 bits"])
@pytest.mark.parametrize(
    "elements",
    [
        BESIDE,
        BESIDE | {"VOILUTFunction": "LINEAR_EXACT"},
        BESIDE | {"VOILUTFunction": "SIGMOID"},
        {"WindowCenter": -5000, "WindowWidth": 1},
        {"VOILUTSequence": [FLAT]},
    ],
)
def test_a_window_that_shows_nothing_is_named(
    film: np.ndarray, elements: dict[str, Any], inverted: bool
) -> None:
    shown: dict[str, Any] = {"PhotometricInterpretation": "MONOCHROME1"} if inverted else {}
    (reason,) = refusals_before_reading(open_radiograph(dicom_file(film, **elements, **shown)), LIMITS)
    assert reason.code == "window_hides_image"
    assert (reason.values["low"], reason.values["high"]) == (film.min(), film.max())
    assert not list(refusals_before_reading(open_radiograph(dicom_file(film, **shown)), LIMITS))


def test_windows_that_show_something_and_images_without_anything() -> None:
    rescaled = BESIDE | {"RescaleSlope": 1, "RescaleIntercept": 58000}
    wide: dict[str, Any] = {"WindowCenter": 9000, "WindowWidth": 18000}
    for elements in (wide, rescaled | {"WindowWidth": 1000}):
        assert not list(refusals_before_reading(open_radiograph(dicom_file(FILM, **elements)), LIMITS))
    flat = open_radiograph(dicom_file(np.full_like(FILM, 7), **BESIDE))
    assert [reason.code for reason in refusals_before_reading(flat, LIMITS)] == ["blank"]


def test_every_reason_is_given_at_once() -> None:
    assert codes(colour=True, modality="CT", view_position="LL") == [
        "wrong_modality",
        "not_frontal",
        "colour",
    ]


@pytest.mark.parametrize(
    ("age", "code"),
    [(None, "age_unknown"), (0.5, "outside_age_range"), (1.0, None), (5.9, None), (6.0, "outside_age_range")],
)
def test_ages(age: float | None, code: str | None) -> None:
    notice = age_notice(AcquisitionFacts(patient_age=age), LIMITS)
    assert (notice.code if notice else None) == code


def test_an_age_that_cannot_be_read_is_said() -> None:
    notice = age_notice(AcquisitionFacts(age_unreadable=True), LIMITS)
    assert notice is not None and notice.code == "age_unreadable"


def test_words_that_are_not_understood_are_said() -> None:
    facts = AcquisitionFacts(body_part="SALA 3")
    (notice,) = header_notices(facts)
    assert (notice.code, notice.values) == (
        "header_unread",
        {"element": "Body Part Examined", "value": "SALA 3"},
    )
    assert codes(body_part="SALA 3") == []


@pytest.mark.parametrize(
    ("stated", "english", "spanish"),
    [
        ("001D", "1 day", "1 día"),
        ("006W", "1 month", "1 mes"),
        ("003W", "21 days", "21 días"),
        ("008M", "8 months", "8 meses"),
        ("011M", "11 months", "11 meses"),
        ("006Y", "6 years", "6 años"),
        ("064Y", "64 years", "64 años"),
        ("083M", "6 years", "6 años"),
    ],
)
def test_ages_outside_the_range_are_stated_as_people_do_and_never_rounded_into_it(
    stated: str, english: str, spanish: str
) -> None:
    notice = age_notice(AcquisitionFacts(patient_age=age_in_years(stated)), LIMITS)
    assert notice is not None and notice.values["age"] == pytest.approx(age_in_years(stated), abs=1e-4)
    assert notice.text == (
        f"The patient is {english} old; the model is meant for patients aged 1 to 5 years, "
        "and is far less reliable at other ages."
    )
    assert f"El paciente tiene {spanish};" in notice_text(notice, "es")


def with_limit(bundle: Bundle, distance: float) -> Reader:
    gate = replace(bundle.config.gate, distance=distance)
    return Reader(replace(bundle, config=replace(bundle.config, gate=gate)), threads=1)


def distance(reader: Reader, pixels: NDArray[np.uint8]) -> float:
    receipt = reader.read(pixels).receipt
    assert receipt is not None
    return float.fromhex(receipt["distance"])


def test_what_looks_unlike_training_is_refused_with_its_distance(reader: Reader) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (90, 90)).astype(np.uint8)
    reading = reader.read(noise)
    assert reading.status is Status.REFUSED and reading.answer is None and reading.class_map is None
    (reason,) = reading.reasons
    assert reason.code == "far_from_training" and reason.values["distance"] > reason.values["limit"]


def test_an_inverted_radiograph_is_named_so(bundle: Bundle, reader: Reader, films: list[Path]) -> None:
    film = open_radiograph(films[0]).pixels
    upright, inverted = distance(reader, film), distance(reader, 255 - film)
    assert upright < inverted
    strict = with_limit(bundle, (upright + inverted) / 2)
    assert strict.read(film).status is Status.READ
    assert [reason.code for reason in strict.read(255 - film).reasons] == ["inverted"]


def test_a_radiograph_on_its_side_is_named_so(bundle: Bundle, reader: Reader, films: list[Path]) -> None:
    films_and_turned = ((open_radiograph(film).pixels, turns) for film in films for turns in (1, 2, 3))
    film, turned = next(
        (film, np.ascontiguousarray(np.rot90(film, turns)))
        for film, turns in films_and_turned
        if distance(reader, np.ascontiguousarray(np.rot90(film, turns))) > 1.05 * distance(reader, film)
        and distance(reader, 255 - np.rot90(film, turns)) > 1.05 * distance(reader, film)
    )
    strict = with_limit(bundle, 1.02 * distance(reader, film))
    assert [reason.code for reason in strict.read(turned).reasons] == ["turned"]


def test_where_other_ages_are_read_the_limit_is_wider_and_the_reading_says_so(
    bundle: Bundle, reader: Reader, films: list[Path]
) -> None:
    film = open_radiograph(films[0]).pixels
    near, far = (with_limit(bundle, distance(reader, film) / factor) for factor in (1.2, 1.4))
    assert [reason.code for reason in near.read(film).reasons] == ["far_from_training"]
    assert [reason.code for reason in far.read(film).reasons] == ["far_from_training"]
    readings = [Reader(r.bundle, allow_outside_range=True, threads=1).read(film) for r in (near, far)]
    assert [reading.status for reading in readings] == [Status.READ, Status.REFUSED]
    assert "unlike_training" in [warning.code for warning in readings[0].warnings]
