"""UIDs of a received data set: read from its beginning, checked, refused with the right status."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.dsutils import encode
from tests.support.node_samples import radiograph

from neumo.core.errors import ResultError
from neumo.dicomnode.receive.object_uids import ObjectUids, read_uids
from neumo.dicomnode.receive.store_status import StoreRefusal, StoreStatus
from neumo.results.dicom.source import reference_of


def encoded(dataset: Dataset, implicit: bool = False) -> bytes:
    content = encode(dataset, implicit, True)
    assert content is not None
    return content


@pytest.mark.parametrize("implicit", [False, True])
def test_uids_are_read_in_either_encoding(implicit: bool) -> None:
    sent = radiograph()
    syntax = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    uids = read_uids(encoded(sent, implicit), syntax)
    assert uids == ObjectUids(
        sent.SOPClassUID, sent.SOPInstanceUID, sent.StudyInstanceUID, sent.SeriesInstanceUID
    )


def test_nothing_behind_the_uids_is_parsed() -> None:
    sent = radiograph()
    content = encoded(sent)
    behind = content.index(b"\x20\x00\x13\x00")  # Instance Number (0020,0013)
    assert read_uids(content[:behind] + b"\x28\x00\x02\x00rubbish", ExplicitVRLittleEndian)


@pytest.mark.filterwarnings("ignore:Invalid value for VR UI")
@pytest.mark.parametrize(
    ("keyword", "value", "told"),
    [
        ("StudyInstanceUID", None, "StudyInstanceUID is missing"),
        ("SOPClassUID", "", "SOPClassUID is missing"),
        ("SeriesInstanceUID", "", "SeriesInstanceUID is missing"),
        ("SeriesInstanceUID", "1.2.x", "SeriesInstanceUID is no UID"),
        ("SOPInstanceUID", "../x", "SOPInstanceUID is no UID"),
    ],
)
def test_uids_that_are_none_are_refused(keyword: str, value: str | None, told: str) -> None:
    sent = radiograph()
    if value is None:
        delattr(sent, keyword)
    else:
        setattr(sent, keyword, value)
    with pytest.raises(StoreRefusal, match=told) as refusal:
        read_uids(encoded(sent), ExplicitVRLittleEndian)
    assert refusal.value.status is StoreStatus.DATA_SET_DOES_NOT_MATCH
    assert len(refusal.value.comment) <= 64


@pytest.mark.filterwarnings("ignore:Invalid value for VR UI")
@settings(max_examples=60)
@given(
    keyword=st.sampled_from(["SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"]),
    value=st.one_of(
        st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,17}", fullmatch=True), st.text(".01x ", max_size=70)
    ),
)
def test_what_is_taken_can_be_reported(keyword: str, value: str) -> None:
    """The receiver and the makers of results hold one rule for every identifier."""
    sent = radiograph()
    setattr(sent, keyword, value)
    try:
        read_uids(encoded(sent), ExplicitVRLittleEndian)
    except StoreRefusal:
        with pytest.raises(ResultError):
            reference_of(sent)
    else:
        assert reference_of(sent)


@pytest.mark.parametrize(
    "content", [b"", b"\xff" * 400, b"no data set at all, only words, and not even many"]
)
def test_what_is_no_data_set_is_not_understood(content: bytes) -> None:
    with pytest.raises(StoreRefusal) as refusal:
        read_uids(content, ExplicitVRLittleEndian)
    assert refusal.value.status is StoreStatus.CANNOT_UNDERSTAND
