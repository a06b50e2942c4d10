"""Refusals by the built-in bundle of real radiographs and other images: true sentences, whatever it refuses."""

from collections.abc import Callable
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.data import get_testdata_file

from neumo.core.reading import Reading, Status
from neumo.imaging import open_radiograph
from neumo.inference.reader import Reader

Pixels = NDArray[np.uint8]
CHANGES: dict[str, Callable[[Pixels], Pixels]] = {
    "inverted": lambda film: 255 - film,
    "on its left side": lambda film: np.rot90(film, 1),
    "on its head": lambda film: np.rot90(film, 2),
    "on its right side": lambda film: np.rot90(film, 3),
}


@pytest.fixture(scope="module")
def shipped() -> Reader:
    return Reader(threads=2)


@pytest.fixture(scope="module")
def children() -> list[Pixels]:
    """The radiographs that come with neumo."""
    folder = Path(str(files("neumo") / "samples"))
    return [open_radiograph(file).pixels for file in sorted(folder.glob("*.jpeg"))]


def every(folder: Path, count: int) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return found[:: max(1, len(found) // count)][:count]


def reasons(reading: Reading) -> list[str]:
    return [notice.code for notice in reading.reasons]


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_radiograph_is_told_what_to_mend(
    shipped: Reader, children: list[Pixels], change: str
) -> None:
    for film in children:
        assert shipped.read(film).status is Status.READ
        (reason,) = shipped.read(np.ascontiguousarray(CHANGES[change](film))).reasons
        assert reason.code == ("inverted" if change == "inverted" else "turned")
        remedy = "Photometric Interpretation" if change == "inverted" else "turn it upright"
        assert remedy in reason.text


def test_an_adult_s_radiograph_is_refused_for_the_age_or_the_grey_levels_and_for_no_more(
    shipped: Reader,
) -> None:
    """CR, MONOCHROME1, 10 bits, PA, 64 years."""
    source = get_testdata_file("RG1_UNCR.dcm", download=False)
    if source is None:
        pytest.skip("RG1_UNCR.dcm is absent; it comes with the package pydicom-data")
    film = dcmread(source)
    told = shipped.read(Path(source)).reasons[0]
    assert told.text.startswith(
        "The patient is 64 years old; the model is meant for patients aged 1 to 5 years"
    )
    film.PatientAge = None
    film.PatientBirthDate = ""
    for stated, codes in (("MONOCHROME1", []), ("MONOCHROME2", ["inverted"])):
        film.PhotometricInterpretation = stated
        content = BytesIO()
        film.save_as(content)
        reading = shipped.read(content.getvalue())
        assert reasons(reading) == codes
        assert codes or "age_unknown" in {notice.code for notice in reading.warnings}


@pytest.mark.parametrize("hospital", ["nih", "siim"])
def test_adults_of_other_hospitals_are_never_said_to_be_anything_else(
    shipped: Reader, shared_data: Path, hospital: str
) -> None:
    turned = inverted = 0
    for file in every(shared_data / "other_hospitals" / hospital, 10):
        film = open_radiograph(file).pixels
        assert set(reasons(shipped.read(film))) <= {"far_from_training"}
        found = reasons(shipped.read(255 - film))
        assert set(found) <= {"inverted", "far_from_training"}
        inverted += found == ["inverted"]
        found = reasons(shipped.read(np.ascontiguousarray(np.rot90(film))))
        assert set(found) <= {"turned", "far_from_training"}
        turned += found == ["turned"]
    assert turned >= 8 and inverted >= 8


@pytest.mark.parametrize("kind", ["bone_xray", "chest_ct_slice", "photo"])
def test_what_is_no_radiograph_of_a_chest_gets_a_true_sentence_too(
    shipped: Reader, shared_data: Path, kind: str
) -> None:
    for file in every(shared_data / "not_chest" / kind, 8):
        reading = shipped.read(file)
        assert reading.status is Status.REFUSED
        assert set(reasons(reading)) <= {"far_from_training", "colour", "aspect_ratio", "too_small"}
