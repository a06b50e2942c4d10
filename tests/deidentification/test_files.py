import subprocess
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag
from pydicom.uid import (
    UID,
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    EnhancedSRStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    SecondaryCaptureImageStorage,
    XRayRadiationDoseSRStorage,
)
from tests.support.films_of_patients import KEY, OTHER_KEY, SECRETS, code, patients_film
from tests.support.node_samples import written
from tests.support.programs import dciodvfy

from neumo.core.errors import ConfigError, OutputError
from neumo.deidentification.attributes import KEPT
from neumo.deidentification.files import Fate, deidentify_file, require_outside
from neumo.imaging import open_radiograph


def film_in(folder: Path, name: str = "Müller_Änne_4711-X.dcm", **changes: Any) -> Path:
    folder.mkdir(exist_ok=True)
    return written(patients_film(**changes), folder / name)


def with_print(text: str) -> dict[str, Any]:
    """Pixels of a film with a line of print in its upper left corner."""
    image = Image.new("L", (512, 512), 40)
    ImageDraw.Draw(image).text((10, 10), text, fill=255, font=ImageFont.load_default(20))
    return {"Rows": 512, "Columns": 512, "PixelData": np.asarray(image).tobytes()}


def errors_of(file: Path) -> set[str]:
    """Errors that dciodvfy has of a file, or a skip where it is not installed."""
    program = dciodvfy()
    done = subprocess.run([program, str(file)], capture_output=True, text=True, timeout=60, check=False)
    return {line for line in done.stderr.splitlines() if line.startswith("Error")}


@pytest.mark.parametrize("charset", ["ISO_IR 192", ["", "ISO 2022 IR 87", "ISO 2022 IR 100"]])
def test_no_byte_of_the_patient_is_in_what_is_written(charset: Any, tmp_path: Path) -> None:
    source = film_in(tmp_path / "in", SpecificCharacterSet=charset)
    before = source.read_bytes()
    outcome = deidentify_file(source, tmp_path / "out", KEY)
    assert outcome.fate is Fate.WRITTEN and outcome.target is not None, outcome
    content = outcome.target.read_bytes()
    for secret in SECRETS:
        for encoding in ("utf-8", "latin-1", "iso2022_jp"):
            try:
                assert secret.encode(encoding) not in content, secret
            except UnicodeEncodeError:
                continue
    assert not any(secret in str(outcome.target) for secret in SECRETS)
    assert source.read_bytes() == before
    assert [file.name for file in (tmp_path / "out").iterdir()] == [outcome.target.name]
    assert outcome.target.stem == dcmread(outcome.target).SOPInstanceUID
    assert content[:128] == bytes(128)


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian, JPEG2000Lossless]
)
def test_every_transfer_syntax_stays_as_it_is(syntax: UID, tmp_path: Path) -> None:
    film = patients_film()
    pixels = film.pixel_array
    if syntax == JPEG2000Lossless:
        film.compress(syntax, generate_instance_uid=False)
    elif syntax == ExplicitVRBigEndian:
        film.PixelData = pixels.byteswap().tobytes() if pixels.itemsize > 1 else pixels.tobytes()
        film["PixelData"].VR = "OB"
    film.file_meta.TransferSyntaxUID = syntax
    outcome = deidentify_file(written(film, tmp_path / "in.dcm"), tmp_path / "out", KEY)
    assert outcome.target is not None, outcome
    kept = dcmread(outcome.target)
    assert kept.file_meta.TransferSyntaxUID == syntax
    assert (kept.pixel_array == pixels).all()


def test_the_result_keeps_to_its_definition(tmp_path: Path) -> None:
    source = film_in(tmp_path / "in")
    outcome = deidentify_file(source, tmp_path / "out", KEY)
    # What the source lacks cannot be invented; nothing new may be wrong.
    assert outcome.target is not None and errors_of(outcome.target) <= errors_of(source)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"BurnedInAnnotation": "YES"}, "Burned In Annotation"),
        ({"SOPClassUID": SecondaryCaptureImageStorage}, "secondary capture"),
        (with_print("MUELLER AENNE 1950"), "looks like print"),
    ],
)
def test_burned_in_text_is_not_written_unless_allowed(
    changes: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    source = film_in(tmp_path / "in", **changes)
    flagged = deidentify_file(source, tmp_path / "out", KEY)
    assert flagged.fate is Fate.FLAGGED and reason in flagged.reason and flagged.target is None
    assert not (tmp_path / "out").exists()
    allowed = deidentify_file(source, tmp_path / "out", KEY, allow_burned_in=True)
    assert allowed.fate is Fate.WRITTEN and allowed.target is not None and reason in allowed.reason
    kept = dcmread(allowed.target)
    assert (kept.BurnedInAnnotation, kept.PatientIdentityRemoved) == ("YES", "NO")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"SOPClassUID": EnhancedSRStorage, "Modality": "SR"}, "report"),
        ({"SOPClassUID": XRayRadiationDoseSRStorage}, "report"),
        ({"SOPClassUID": CTImageStorage, "Modality": "CT"}, "neither a radiograph"),
        ({"ViewCodeSequence": [code("1", "view of Änne Müller")]}, "word of a name"),
        ({"PixelData": b"\0\0"}, ""),
    ],
)
def test_what_cannot_be_vouched_for_is_refused(changes: dict[str, Any], reason: str, tmp_path: Path) -> None:
    outcome = deidentify_file(
        film_in(tmp_path / "in", **changes), tmp_path / "out", KEY, allow_burned_in=True
    )
    assert outcome.fate is Fate.REFUSED and outcome.reason and reason in outcome.reason
    assert not any(secret in outcome.reason for secret in SECRETS)
    assert not (tmp_path / "out").exists()


def test_an_overlay_within_the_pixels_is_refused(tmp_path: Path) -> None:
    film = patients_film()
    film.add_new(0x60000102, "US", 8)
    outcome = deidentify_file(written(film, tmp_path / "in.dcm"), tmp_path / "out", KEY)
    assert outcome.fate is Fate.REFUSED and "overlay" in outcome.reason


@pytest.mark.parametrize("content", [b"", b"no DICOM", b"\x89PNG\r\n\x1a\n", bytes(128) + b"DICM"])
def test_other_files_are_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "in.dcm"
    file.write_bytes(content)
    outcome = deidentify_file(file, tmp_path / "out", KEY)
    assert outcome.fate is Fate.REFUSED and outcome.reason
    assert str(file) not in outcome.reason and not (tmp_path / "out").exists()


def test_every_truncation_is_refused_or_whole(tmp_path: Path) -> None:
    whole = film_in(tmp_path / "in").read_bytes()
    cut = tmp_path / "cut.dcm"
    for length in range(0, len(whole) - 1, max(1, len(whole) // 60)):
        cut.write_bytes(whole[:length])
        outcome = deidentify_file(cut, tmp_path / "out", KEY)
        assert outcome.fate is Fate.REFUSED, length
        assert not any(secret in outcome.reason for secret in SECRETS)
    assert not (tmp_path / "out").exists()


def test_missing_files_and_folders_are_refused_by_name(tmp_path: Path) -> None:
    assert "no such file" in deidentify_file(tmp_path / "none.dcm", tmp_path / "out", KEY).reason
    assert "is a folder" in deidentify_file(tmp_path, tmp_path / "out", KEY).reason


def test_a_file_written_before_is_not_replaced_by_another(tmp_path: Path) -> None:
    film = patients_film()
    first = deidentify_file(written(film, tmp_path / "1.dcm"), tmp_path / "out", KEY)
    again = deidentify_file(tmp_path / "1.dcm", tmp_path / "out", KEY)
    assert first.target is not None and again == first
    content = first.target.read_bytes()
    film.ViewPosition = "LL"
    other = deidentify_file(written(film, tmp_path / "2.dcm"), tmp_path / "out", KEY)
    assert other.fate is Fate.REFUSED and "SOP Instance UID" in other.reason
    assert first.target.read_bytes() == content
    assert deidentify_file(tmp_path / "2.dcm", tmp_path / "out", OTHER_KEY).fate is Fate.WRITTEN


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    source, blocked = film_in(tmp_path / "in"), tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(OutputError, match="could not be written"):
        deidentify_file(source, blocked / "out", KEY)


def test_the_target_lies_outside_of_what_is_searched(tmp_path: Path) -> None:
    require_outside(tmp_path / "out", [tmp_path / "in", tmp_path / "film.dcm"])
    for folder in (tmp_path, tmp_path / "in" / ".." / "out"):
        with pytest.raises(ConfigError, match="--out"):
            require_outside(folder, [tmp_path])


def test_a_bare_data_set_gets_file_meta_information(tmp_path: Path) -> None:
    source = tmp_path / "bare.dcm"
    patients_film().save_as(source, implicit_vr=False, little_endian=True, enforce_file_format=False)
    content = source.read_bytes()
    start = content.index(b"\x08\x00\x05\x00CS")  # the first element after the file meta information
    source.write_bytes(content[start:])
    outcome = deidentify_file(source, tmp_path / "out", KEY)
    assert outcome.target is not None, outcome
    kept = dcmread(outcome.target)
    assert kept.PatientIdentityRemoved == "YES" and kept.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian


_WORDY = {"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UT", "AS", "DA", "DT", "TM", "IS", "DS", "UI"}


@pytest.mark.parametrize(
    "keyword",
    sorted(
        keyword_for_tag(tag)
        for tag in KEPT
        if dictionary_VR(tag) in _WORDY and keyword_for_tag(tag) != "SOPClassUID"
    ),
)
def test_a_name_in_the_wrong_place_is_neither_written_nor_told(keyword: str, tmp_path: Path) -> None:
    film = patients_film(PatientName="HOLZMANN^EVA")
    tag = tag_for_keyword(keyword)
    assert tag is not None
    film[tag] = RawDataElement(BaseTag(tag), dictionary_VR(tag), 8, b"HOLZMANN", 0, False, True)
    source = tmp_path / "in.dcm"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values not of their form
        film.save_as(source, enforce_file_format=False)
    assert source.read_bytes().count(b"HOLZMANN") == (1 if keyword == "PatientName" else 2)
    outcome = deidentify_file(source, tmp_path / "out", KEY)
    assert "HOLZMANN" not in outcome.reason.upper()
    if outcome.target is not None:
        assert b"HOLZMANN" not in outcome.target.read_bytes()


@pytest.mark.parametrize("name", ["RG1_UNCR.dcm", "RG1_J2KI.dcm", "RG3_J2KR.dcm"])
def test_radiographs_of_real_machines_are_written_and_keep_to_their_definition(
    name: str, tmp_path: Path
) -> None:
    source = get_testdata_file(name, download=False)
    if source is None:
        pytest.skip(f"{name} is absent; it comes with the package pydicom-data")
    outcome = deidentify_file(Path(source), tmp_path, KEY)
    assert outcome.target is not None, outcome
    original, kept = dcmread(source), dcmread(outcome.target)
    assert kept.PatientID not in (original.PatientID, "")
    before, after = (open_radiograph(file) for file in (Path(source), outcome.target))
    np.testing.assert_array_equal(after.levels, before.levels)
    assert not any(element.tag.is_private for element in kept.iterall())
    assert errors_of(outcome.target) <= errors_of(Path(source))
