"""An identity planted anywhere in a file, in any encoding and spelling, is in nothing that is written."""

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)
from tests.support.dicom_samples import lut
from tests.support.films_of_patients import KEY, code, patients_film
from tests.support.node_samples import written

from neumo.deidentification.codestreams import bare_frame
from neumo.deidentification.deidentify import deidentify
from neumo.deidentification.files import Fate, Outcome, deidentify_file
from neumo.deidentification.identity import plain
from neumo.deidentification.leftovers import words_left
from neumo.imaging import open_radiograph

NAME, NUMBER = "Holzmann", "8841735"
ENCODINGS = ["utf-8", "latin-1", "utf-16-le", "utf-16-be"]
SYNTAXES = [JPEGBaseline8Bit, JPEG2000Lossless, JPEGLSLossless, RLELossless]


def film_of(**changes: Any) -> Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return patients_film(PatientName=f"{NAME}^Eva", PatientID=NUMBER, **changes)


def compressed(film: Dataset, syntax: UID) -> Dataset:
    film = dcmread(io.BytesIO(_content(film)))
    if syntax == JPEGBaseline8Bit:
        stream = io.BytesIO()
        Image.fromarray((film.pixel_array >> (film.BitsStored - 8)).astype(np.uint8)).save(stream, "JPEG")
        film.BitsAllocated = film.BitsStored = 8
        film.HighBit = 7
        film.PixelData = encapsulate([stream.getvalue()])
        film["PixelData"].VR, film["PixelData"].is_undefined_length = "OB", True
        film.file_meta.TransferSyntaxUID = syntax
    else:
        film.compress(syntax, encoding_plugin="pydicom" if syntax == RLELossless else "")
    return film


def _content(film: Dataset) -> bytes:
    stream = io.BytesIO()
    film.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def clean(film: Dataset, folder: Path) -> tuple[Outcome, bytes]:
    folder.mkdir(exist_ok=True, parents=True)
    outcome = deidentify_file(written(film, folder / "in.dcm"), folder / "out", KEY)
    return outcome, outcome.target.read_bytes() if outcome.target else b""


def assert_gone(content: bytes, word: str) -> None:
    low = content.lower()
    for spelling in {word, word.lower(), word.upper()}:
        for encoding in (*ENCODINGS, "cp1252", "shift_jis", "gb18030"):
            assert spelling.encode(encoding).lower() not in low, encoding


def after(stream: bytes, position: int, segment: bytes) -> bytes:
    return stream[:position] + segment + stream[position:]


def jpeg_segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content


def planted(stream: bytes, text: bytes, syntax: UID, place: str) -> bytes:
    if place == "behind":
        return stream + text
    if syntax == JPEG2000Lossless:
        start = stream.index(b"\xff\x4f\xff\x51")
        siz = start + 4 + int.from_bytes(stream[start + 4 : start + 6], "big")
        segment = (len(text) + 4).to_bytes(2, "big") + b"\0\1" + text
        return after(stream, siz, b"\xff\x64" + segment)
    marker = {"comment": 0xFE, "application": 0xE5, "exif": 0xE1}[place]
    return after(stream, 2, jpeg_segment(marker, text))


@settings(max_examples=20)
@given(
    syntax=st.sampled_from(SYNTAXES[:3]),
    place=st.sampled_from(["comment", "application", "exif", "behind"]),
    encoding=st.sampled_from(ENCODINGS),
    before=st.integers(0, 9000),
    word=st.sampled_from([NAME, NUMBER]),
)
def test_nothing_beside_the_samples_of_a_compressed_frame_stays(
    tmp_path_factory: pytest.TempPathFactory, syntax: UID, place: str, encoding: str, before: int, word: str
) -> None:
    film = compressed(film_of(), syntax)
    (frame,) = generate_frames(film.PixelData, number_of_frames=1)
    text = b"x" * before + word.encode(encoding)
    film.PixelData = encapsulate([planted(frame, text, syntax, place)])
    film["PixelData"].is_undefined_length = True
    outcome, content = clean(film, tmp_path_factory.mktemp("planted"))
    assert outcome.fate is Fate.WRITTEN, outcome
    assert_gone(content, word)
    np.testing.assert_array_equal(open_radiograph(content).pixels, open_radiograph(_content(film)).pixels)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, RLELossless])
def test_nothing_behind_native_or_run_length_coded_pixels_stays(
    encoding: str, syntax: UID, tmp_path: Path
) -> None:
    film = film_of()
    pixels = film.pixel_array
    if syntax == RLELossless:
        film = compressed(film, syntax)
        (frame,) = generate_frames(film.PixelData, number_of_frames=1)
        film.PixelData = encapsulate([frame + NAME.encode(encoding)])
        film["PixelData"].is_undefined_length = True
    else:
        film.PixelData += NAME.encode(encoding)
    outcome, content = clean(film, tmp_path)
    assert outcome.fate is Fate.WRITTEN, outcome
    assert_gone(content, NAME)
    assert (dcmread(io.BytesIO(content)).pixel_array == pixels).all()


def test_bits_that_do_not_count_hold_nothing(tmp_path: Path) -> None:
    film = film_of(BitsStored=12, HighBit=11)
    samples = np.full((film.Rows, film.Columns), 0x0123, dtype=np.uint16) | 0x5000
    film.BitsAllocated, film.PixelData = 16, samples.tobytes()
    kept = deidentify(film, KEY)
    assert set(np.frombuffer(kept.PixelData, dtype="<u2")) == {0x0123}


@pytest.mark.parametrize(
    "keyword",
    [
        "SeriesNumber", "InstanceNumber", "AcquisitionNumber", "ExposureIndex", "TargetExposureIndex", "Exposure",
        "ExposureInuAs", "KVP", "DeviationIndex", "RelativeXRayExposure", "Sensitivity", "DistanceSourceToDetector",
        "ImagesInAcquisition", "PatientWeight", "LossyImageCompressionRatio", "ExposureTimeInuS",
    ],
)  # fmt: skip
@pytest.mark.parametrize("number", ["8841735", "4711", "471"])
def test_no_number_is_an_identifier(keyword: str, number: str) -> None:
    film = film_of()
    film.PatientID = number
    setattr(film, keyword, number)
    kept = deidentify(film, KEY)
    assert str(kept.get(keyword, "") or "") != number


@pytest.mark.parametrize(
    ("keyword", "value"), [("KVP", "85"), ("SeriesNumber", "3"), ("PixelSpacing", [0.14, 0.14])]
)
def test_plausible_numbers_stay(keyword: str, value: Any) -> None:
    film = film_of()
    setattr(film, keyword, value)
    assert str(deidentify(film, KEY).get(keyword)) == str(film.get(keyword))


@pytest.mark.parametrize("keyword", ["WindowCenter", "RescaleIntercept"])
def test_an_identifier_in_what_pixels_are_shown_by_refuses_the_file(keyword: str, tmp_path: Path) -> None:
    film = film_of(WindowCenter=100, WindowWidth=200, RescaleSlope=1, RescaleIntercept=0)
    setattr(film, keyword, 4711.5)
    film.PatientID = "4711"
    assert words_left(film, deidentify(film, KEY)) > 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_nothing_behind_a_lookup_table_stays_and_nothing_in_it(encoding: str, tmp_path: Path) -> None:
    entries = np.arange(256, dtype="<u2").tobytes()
    film = film_of(VOILUTSequence=[lut(0, 8, entries)])
    film.VOILUTSequence[0].LUTData = entries + NAME.encode(encoding)
    outcome, content = clean(film, tmp_path / "behind")
    assert outcome.fate is Fate.WRITTEN, outcome
    assert_gone(content, NAME)
    inside = NAME.encode(encoding) + bytes(len(NAME.encode(encoding)) % 2)
    film.VOILUTSequence = [lut(0, 16, inside + entries[len(inside) :])]
    outcome, _ = clean(film, tmp_path / "inside")
    assert outcome.fate is Fate.REFUSED


@pytest.mark.parametrize("root", ["1.2.840.10008.", "1.2.840.10008.5.1.4.1.1.1.", "1.2.3."])
def test_uids_of_instances_are_replaced_whatever_their_root(root: str) -> None:
    film = film_of()
    uids = ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")
    for number, keyword in enumerate(uids):
        setattr(film, keyword, UID(f"{root}{NUMBER}.{number}"))
    film.SourceImageSequence[0].ReferencedSOPInstanceUID = UID(f"{root}{NUMBER}.9")
    film.SourceImageSequence[0].ReferencedSOPClassUID = UID(f"1.2.840.10008.{NUMBER}")
    kept = deidentify(film, KEY)
    assert NUMBER not in str(kept) and NUMBER not in str(kept.file_meta)
    assert kept.SOPClassUID == film.SOPClassUID


SPELLINGS = [
    ("Müller", "Mueller"), ("Müller", "MULLER"), ("Mueller", "Müller"), ("Muller", "Müller"), ("García", "Garcia"),
    ("Garcia", "GARCÍA"), ("Núñez", "Nunez"), ("Groß", "Gross"), ("Sørensen", "Soerensen"), ("Ångström", "Angstrom"),
    ("Łukasz", "Lukasz"), ("Dvořák", "DVORAK"), ("Schäfer", "Schafer"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "other"), SPELLINGS)
def test_other_spellings_of_a_name_are_found(name: str, other: str) -> None:
    assert plain(name) == plain(other)
    film = patients_film(PatientName=f"{name}^Eva", ViewCodeSequence=[code("1", f"view of {other}")])
    assert words_left(film, deidentify(film, KEY)) > 0


SCRIPTS = [  # a name as the header states it, and as it stands elsewhere
    ("Иванов", "Ivanov", "latin-1"), ("Иванов", "IWANOW", "utf-16-le"), ("Ivanov", "Иванов", "iso8859_5"),
    ("Ivanov", "ИВАНОВ", "utf-8"), ("Iwanow", "Иванов", "cp1251"), ("Shevchenko", "Шевченко", "koi8_r"),
    ("Yamada=山田=ヤマダ", "山田", "shift_jis"), ("Yamada=山田=ヤマダ", "ﾔﾏﾀﾞ", "shift_jis"),
    ("=山田=ヤマダ", "Yamada", "latin-1"), ("Yamada", "やまだ", "utf-8"), ("Παπαδόπουλος", "Papadopoulos", "latin-1"),
    ("Papadopoulos", "ΠΑΠΑΔΟΠΟΥΛΟΣ", "iso8859_7"), ("김^민수", "Kim", "utf-8"),
    ("Kim^Minsu=金^民洙=김^민수", "김", "euc_kr"),
    ("王^小东", "Xiaodong", "latin-1"), ("Wang^XiaoDong=王^小东", "小东", "gb18030"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "other", "encoding"), SCRIPTS)
def test_a_name_is_found_in_every_script_that_it_is_written_in(name: str, other: str, encoding: str) -> None:
    """In a text that stays, and by byte in what is none."""
    film = patients_film(PatientName=name, ViewCodeSequence=[code("1", f"view of {other} today")])
    assert words_left(film, deidentify(film, KEY)) > 0
    written_so = other.encode(encoding)
    if len(other) >= 5 or not other.isascii():
        film = patients_film(PatientName=name, VOILUTSequence=[lut(0, 16, (written_so + bytes(1024))[:512])])
        assert words_left(film, deidentify(film, KEY)) > 0 or len(written_so) < 4


@pytest.mark.parametrize(
    ("header", "elsewhere"),
    [
        ("Holzmann^Eva", "Holz-mann"),
        ("Holzmann^Eva", "H o l z m a n n"),
        ("Holzmann^Eva", "Holz\u00admann"),
        ("Holzmann^Eva", "Holz\u200bmann"),
        ("Abd el-Rahman^Ali", "Abdelrahman"),
        ("Macdonald^Ann", "Mac Donald"),
        ("O'Connor^Ann", "OConnor"),
        ("Müller-Weiß^Eva", "Muellerweiss"),
        ("Doe^Maria José", "MARIAJOSE"),
    ],
)
def test_a_name_is_found_however_its_parts_are_joined(header: str, elsewhere: str) -> None:
    film = patients_film(PatientName=header, ViewCodeSequence=[code("1", f"view of {elsewhere}")])
    assert words_left(film, deidentify(film, KEY)) > 0


@pytest.mark.parametrize(
    ("header", "elsewhere"),
    [("88-41-735", "8841735"), ("8841735", "88 41 735"), ("AB/12.34", "ab1234"), ("4711-X9", "4711X9")],
)
def test_an_identifier_is_found_however_its_parts_are_joined(header: str, elsewhere: str) -> None:
    film = patients_film(PatientID=header, ViewCodeSequence=[code("1", f"view {elsewhere}")])
    assert words_left(film, deidentify(film, KEY)) > 0


@pytest.mark.parametrize(
    "name", ["Иванов^Иван", "Yamada^Taro=山田^太郎=ヤマダ^タロウ", "Παπαδόπουλος^Γιώργος"]
)
def test_other_scripts_alone_refuse_no_file(name: str, tmp_path: Path) -> None:
    outcome, content = clean(patients_film(PatientName=name), tmp_path)
    assert outcome.fate is Fate.WRITTEN, outcome
    assert content


@settings(max_examples=25)
@given(
    spelling=st.sampled_from(SPELLINGS),
    encoding=st.sampled_from(["utf-8", "latin-1", "utf-16-le", "utf-16-be"]),
    upper=st.booleans(),
)
def test_names_are_found_by_byte_in_what_is_no_text(
    spelling: tuple[str, str], encoding: str, upper: bool
) -> None:
    name, other = spelling
    written_so = (other.upper() if upper else other).encode(encoding, "ignore")
    if len(written_so.decode(encoding)) < 5:
        return
    entries = (written_so + bytes(1024))[:512]
    film = patients_film(PatientName=f"{name}^Eva", VOILUTSequence=[lut(0, 16, entries)])
    lossless = written_so.decode(encoding) == (other.upper() if upper else other)
    assert words_left(film, deidentify(film, KEY)) > 0 or not lossless


def test_minutes_and_seconds_of_an_exposure_do_not_stay() -> None:
    film = film_of(StudyTime="101112.123456", AcquisitionDate="20240102", AcquisitionTime="101500.5")
    kept = deidentify(film, KEY)
    assert kept.StudyTime[2:6] != "1112" and "." not in kept.StudyTime + kept.AcquisitionTime
    seconds = [
        int(t[:2]) * 3600 + int(t[2:4]) * 60 + int(t[4:6]) for t in (kept.StudyTime, kept.AcquisitionTime)
    ]
    assert (seconds[1] - seconds[0]) % 86_400 == 228


@pytest.mark.parametrize("born", ["12.03.1950", "12031950", "1950-03-12", "03/12/1950"])
def test_dates_of_birth_are_found_in_every_form(born: str) -> None:
    film = film_of(PatientBirthDate="19500312", ViewCodeSequence=[code("1", f"b. {born} ap")])
    assert words_left(film, deidentify(film, KEY)) > 0


@pytest.mark.parametrize("junk", [b"", b"\xff\xd8", b"\xff\xd8\xff\xfe\xff\xff", b"\xff\x4f\xff\x51"])
@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEG2000Lossless])
def test_what_cannot_be_rewritten_is_an_error(junk: bytes, syntax: UID) -> None:
    with pytest.raises((ValueError, IndexError)):
        bare_frame(junk, syntax)
