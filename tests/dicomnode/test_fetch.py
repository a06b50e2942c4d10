"""Objects of an archive: retrieved, read, and their results stored, each by itself."""

import copy
from collections.abc import Sequence
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from tests.support.node_results import capture
from tests.support.node_samples import radiograph

from neumo.core.errors import ArchiveUnreachableError, ConfigError, ResultError
from neumo.core.reading import Reading, Status
from neumo.dicomnode import fetch
from neumo.dicomnode.fetch import read_instance
from neumo.inference.reader import Reader
from neumo.sending.attempts import SENT, Attempt, Fate
from neumo.sending.dicomweb import Instance, Service

SERVICE = Service("http://127.0.0.1:9/dicom-web")
LISTED = Instance("1.2", "1.2.3", "1.2.3.4")


class Peer:
    """A DICOMweb service of one object."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset, self.stored = dataset, list[Dataset]()
        self.failure: Exception | None = None

    def retrieve(self, _service: Service, _instance: Instance) -> Dataset:
        if self.failure is not None:
            raise self.failure
        return copy.deepcopy(self.dataset)

    def store(self, _service: Service, files: Sequence[Path]) -> list[Attempt]:
        self.stored += [dcmread(file) for file in files]
        return [SENT] * len(files)


@pytest.fixture(scope="module")
def reader(bundle_folder: Path) -> Reader:
    return Reader(bundle_folder, keep_pixels=True, keep_header=True, threads=1)


@pytest.fixture
def peer(films: list[Path], monkeypatch: pytest.MonkeyPatch) -> Peer:
    peer = Peer(radiograph(films[0]))
    monkeypatch.setattr(fetch, "retrieve", peer.retrieve)
    monkeypatch.setattr(fetch, "store", peer.store)
    return peer


def test_an_object_is_read_and_its_results_are_stored_where_that_is_wanted(
    reader: Reader, peer: Peer
) -> None:
    reading, stored = read_instance(reader, SERVICE, LISTED)
    assert reading.file == LISTED.sop_instance_uid and reading.status is not Status.FAILED
    assert stored is None and peer.stored == []
    _, stored = read_instance(reader, SERVICE, LISTED, capture)
    assert stored == SENT
    assert [one.DerivationDescription for one in peer.stored] == [peer.dataset.SOPInstanceUID]


@pytest.mark.parametrize("failure", [ArchiveUnreachableError("gone"), AttributeError("strange")])
def test_an_object_that_does_not_come_is_a_failed_reading(
    reader: Reader, peer: Peer, failure: Exception
) -> None:
    peer.failure = failure
    reading, stored = read_instance(reader, SERVICE, LISTED, capture)
    assert reading.status is Status.FAILED and stored is None
    assert [notice.code for notice in reading.reasons] == ["unreadable_file"]


def test_nothing_is_stored_of_what_cannot_be_read(reader: Reader, peer: Peer) -> None:
    peer.dataset.Rows = 9999
    reading, stored = read_instance(reader, SERVICE, LISTED, capture)
    assert reading.status is Status.FAILED and stored is None and peer.stored == []


def test_results_that_cannot_be_made_end_no_run(reader: Reader, peer: Peer) -> None:
    def fails(_reading: Reading, _header: Dataset) -> Sequence[Dataset]:
        raise KeyError("PatientName")

    def unreportable(_reading: Reading, _header: Dataset) -> Sequence[Dataset]:
        raise ResultError("StudyInstanceUID: none")

    def unusable(_reading: Reading, _header: Dataset) -> Sequence[Dataset]:
        raise ConfigError("no results can be made")

    reading, stored = read_instance(reader, SERVICE, LISTED, fails)
    assert reading.status is not Status.FAILED and stored == Attempt(Fate.REFUSED, "KeyError")
    _, stored = read_instance(reader, SERVICE, LISTED, unreportable)
    assert stored == Attempt(Fate.REFUSED, "ResultError")
    with pytest.raises(ConfigError):
        read_instance(reader, SERVICE, LISTED, unusable)
