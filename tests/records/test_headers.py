from pathlib import Path

from pydicom.data import get_testdata_file

from neumo.inference.opening import open_source
from neumo.records.headers import nameless, subject_in
from neumo.records.subjects import subject_of

KEY = b"k" * 32


def test_texts_that_quote_path_or_identifier_are_made_nameless() -> None:
    subject = subject_of(KEY, sop_instance_uid="1.2.3")
    name = f"dicom:{subject.keyed_hash[:16]}"
    path = "/data/Jane/1.2.3-ab.dcm"
    values = {
        "file": "1.2.3",
        "warnings": [f"old: {path}: of 1.2.3", "fine: as it is"],
        "reasons": ["x: 1.2.3-ab.dcm: is large"],
        "notices": {
            "warnings": [{"code": "fine", "text": "as it is", "values": {"age": 64.0}}],
            "reasons": [{"code": "x", "text": "1.2.3-ab.dcm: is large", "values": {"said": [path]}}],
        },
        "status": "refused",
    }
    assert nameless(values, subject, path, "1.2.3-ab.dcm", "1.2.3", "") == {
        "file": name,
        "warnings": [f"old: {name}: of {name}", "fine: as it is"],
        "reasons": [f"x: {name}: is large"],
        "notices": {
            "warnings": [{"code": "fine", "text": "as it is", "values": {"age": 64.0}}],
            "reasons": [{"code": "x", "text": f"{name}: is large", "values": {"said": [name]}}],
        },
        "status": "refused",
    }


def test_only_a_header_that_names_its_object_has_a_subject(tmp_path: Path) -> None:
    film = Path(str(get_testdata_file("RG1_UNCR.dcm", download=False)))
    header = open_source(film).header
    found = subject_in(header, KEY)
    assert found is not None and found.patient_hash and found.study_hash and found.series_hash
    assert header is not None
    del header.SOPInstanceUID
    assert subject_in(header, KEY) is None
    for number, content in enumerate(
        (b"", b"no image", film.read_bytes()[:140], b"\0" * 128 + b"DICM\xff\xff")
    ):
        other = tmp_path / str(number)
        other.write_bytes(content)
        assert subject_in(open_source(other).header, KEY) is None


def test_a_header_states_its_subject_where_its_pixels_cannot_be_decoded() -> None:
    film = Path(str(get_testdata_file("RG1_UNCR.dcm", download=False)))
    opened = open_source(film.read_bytes()[:20_000])
    assert opened.failure is not None and opened.radiograph is None
    assert subject_in(opened.header, KEY) == subject_in(open_source(film).header, KEY)
