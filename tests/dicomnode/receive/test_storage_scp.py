"""The Storage SCP: what it takes, what it answers, and that success means safe and queued."""

import sqlite3
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
    generate_uid,
)
from pynetdicom import AE
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import encode
from tests.support.node_peers import association, echoes, send
from tests.support.node_running import node
from tests.support.node_samples import radiograph, with_meta
from tests.support.waiting import wait_until

SUCCESS, INVALID_INSTANCE, NO_SUCH_CLASS, NO_RESOURCES, MISMATCH, UNCLEAR = (
    0,
    0x0117,
    0x0122,
    0xA700,
    0xA900,
    0xC000,
)


def objects_of(settings: dict[str, Any]) -> list[Path]:
    return sorted((Path(settings["data"]) / "objects").rglob("*.dcm"))


def paused(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings of a node whose readings do not end soon."""
    settings["read"] |= {"results": "tests.support.node_results:by_patient", "timeout": 600}
    settings["stop_seconds"] = 0.2
    return settings


def test_an_object_is_on_disk_and_queued_when_success_is_answered(settings: dict[str, Any]) -> None:
    sent = radiograph(PatientID="hang")
    with node(paused(settings)) as running:
        assert send(running.port, sent) == [SUCCESS]
        (file,) = objects_of(settings)
        assert dcmread(file) == sent
        assert running.shared.queue.waiting() == 1
    assert file.stat().st_mode & 0o077 == 0
    database = sqlite3.connect(Path(settings["data"]) / "queue.sqlite3")
    try:
        assert database.execute("SELECT sop_instance_uid, state FROM objects").fetchall() == [
            (sent.SOPInstanceUID, "waiting")
        ]
    finally:
        database.close()


@pytest.mark.parametrize("sop_class", [DigitalXRayImageStorageForPresentation, SecondaryCaptureImageStorage])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_radiographs_of_every_class_and_encoding_are_taken(
    settings: dict[str, Any], sop_class: Any, syntax: Any
) -> None:
    with node(paused(settings)) as running:
        sent = radiograph(PatientID="hang", SOPClassUID=sop_class)
        assert send(running.port, with_meta(sent, syntax)) == [SUCCESS]
        (file,) = objects_of(settings)
        assert dcmread(file).file_meta.TransferSyntaxUID == syntax


def test_an_object_sent_again_is_kept_once(settings: dict[str, Any]) -> None:
    sent = radiograph(PatientID="hang")
    with node(paused(settings)) as running:
        assert send(running.port, sent, sent) == [SUCCESS, SUCCESS]
        assert send(running.port, sent) == [SUCCESS]
        assert len(objects_of(settings)) == 1
        sent.PatientComments = "changed"
        assert send(running.port, sent) == [SUCCESS]
        assert len(objects_of(settings)) == 2


def test_other_classes_and_encodings_are_not_negotiated(settings: dict[str, Any]) -> None:
    with node(settings) as running:
        entity = AE("SENDER")
        entity.add_requested_context(CTImageStorage)
        entity.add_requested_context("1.2.3.4.5.6.7")
        entity.add_requested_context(radiograph().SOPClassUID, "1.2.840.113619.5.2")
        entity.add_requested_context(radiograph().SOPClassUID, DeflatedExplicitVRLittleEndian)
        entity.add_requested_context("1.2.840.10008.1.1")
        opened = entity.associate("127.0.0.1", running.port, ae_title="NEUMO")
        assert [context.abstract_syntax for context in opened.accepted_contexts] == ["1.2.840.10008.1.1"]
        reasons = {str(context.abstract_syntax): context.result for context in opened.rejected_contexts}
        opened.release()
        assert reasons[CTImageStorage] == reasons["1.2.3.4.5.6.7"] == 3
        assert reasons[radiograph().SOPClassUID] == 4


def request(port: int, dataset: Dataset, **command: Any) -> Any:
    """Send a C-STORE request whose command may differ from its data set; the response, or None."""
    message = C_STORE()
    message.MessageID, message.Priority = 1, 2
    message.AffectedSOPClassUID, message.AffectedSOPInstanceUID = (
        dataset.SOPClassUID,
        dataset.get("SOPInstanceUID"),
    )
    for keyword, value in command.items():
        if keyword != "content":
            setattr(message, keyword, value)
    message.DataSet = BytesIO(command.get("content") or encode(dataset, False, True) or b"")
    with association(port, [dataset]) as opened:
        context = next(c for c in opened.accepted_contexts if c.abstract_syntax != "1.2.840.10008.1.1")
        opened._reactor_checkpoint.clear()
        try:
            opened.dimse.send_msg(message, context.context_id)
            return opened.dimse.get_msg(block=True)[1]
        finally:
            opened._reactor_checkpoint.set()


@pytest.mark.filterwarnings("ignore:Invalid value for VR UI")
@pytest.mark.parametrize(
    ("command", "status"),
    [
        ({"AffectedSOPInstanceUID": "../../etc/passwd"}, INVALID_INSTANCE),
        ({"AffectedSOPInstanceUID": "1..2"}, INVALID_INSTANCE),
        ({"AffectedSOPInstanceUID": "1.2.3/4"}, INVALID_INSTANCE),
        ({"AffectedSOPInstanceUID": "1.2.3.4"}, MISMATCH),
        ({"AffectedSOPInstanceUID": None}, UNCLEAR),
        ({"AffectedSOPClassUID": None}, UNCLEAR),
        ({"AffectedSOPClassUID": CTImageStorage}, NO_SUCH_CLASS),
        ({"content": b"\xff" * 400}, UNCLEAR),
        ({"content": b"no data set at all, only words, and not even many"}, UNCLEAR),
    ],
)
def test_bad_commands_and_contents_are_answered(
    settings: dict[str, Any], command: dict[str, Any], status: int
) -> None:
    with node(settings) as running:
        answer = request(running.port, radiograph(), **command)
        assert answer is not None and answer.Status == status
        assert objects_of(settings) == []
        assert echoes(running.port)


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SOPInstanceUID", "SOPClassUID"])
def test_a_data_set_without_its_identifiers_does_not_match(settings: dict[str, Any], keyword: str) -> None:
    whole = radiograph()
    broken = with_meta(radiograph(SOPInstanceUID=whole.SOPInstanceUID))
    delattr(broken, keyword)
    content = encode(broken, False, True)
    with node(settings) as running:
        answer = request(running.port, whole, content=content)
        assert answer.Status == MISMATCH
        assert objects_of(settings) == []


def test_a_full_queue_tells_senders_to_come_back(settings: dict[str, Any]) -> None:
    settings["receive"]["limits"]["queue"] = 2
    objects = [radiograph(PatientID="hang") for _ in range(3)]
    with node(paused(settings)) as running:
        assert send(running.port, *objects) == [SUCCESS, SUCCESS, NO_RESOURCES]
        assert len(objects_of(settings)) == 2


def test_too_little_disk_space_tells_senders_to_come_back(settings: dict[str, Any]) -> None:
    settings["receive"]["limits"]["free_bytes"] = 2**60
    with node(settings) as running:
        assert send(running.port, radiograph()) == [NO_RESOURCES]


def test_an_object_beyond_the_limit_is_refused_and_the_next_is_taken(settings: dict[str, Any]) -> None:
    settings["receive"]["limits"] |= {"object_bytes": 100_000, "pdu_bytes": 16_384}
    large = radiograph()
    large.PixelData = b"\0" * 3_000_000
    with node(settings) as running:
        assert send(running.port, large, radiograph()) == [NO_RESOURCES, SUCCESS]


def test_an_object_beyond_the_limit_in_one_pdu_is_refused(settings: dict[str, Any]) -> None:
    settings["receive"]["limits"] |= {"object_bytes": 4096, "pdu_bytes": 131_072}
    with node(settings) as running:
        assert send(running.port, radiograph(PixelData=b"\0" * 8000)) == [NO_RESOURCES]


def test_strangers_are_turned_away(settings: dict[str, Any]) -> None:
    settings["receive"] |= {"calling_ae_titles": ["MODALITY"]}
    with node(settings) as running:
        for calling, called in (("SENDER", "NEUMO"), ("MODALITY", "OTHER")):
            # Where the connection ends before the sender reads the rejection, it only sees an abort.
            with association(running.port, calling=calling, called=called) as opened:
                assert not opened.is_established
        with association(running.port, calling="MODALITY") as opened:
            assert opened.is_established


def test_other_addresses_are_turned_away(settings: dict[str, Any]) -> None:
    settings["receive"] |= {"addresses": ["192.0.2.0/24"]}
    with node(settings) as running:
        with association(running.port) as opened:
            assert not opened.is_established
        refused = running.shared.metrics.connections_refused.labels("address")
        wait_until(lambda: refused._value.get() == 1)


def test_one_association_too_many_is_rejected(settings: dict[str, Any]) -> None:
    settings["receive"]["limits"]["associations"] = 1
    with node(settings) as running, association(running.port) as first:
        assert first.is_established
        with association(running.port) as second:
            assert not second.is_established


def test_what_a_full_disk_refuses_is_not_acknowledged(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with node(settings) as running:
        monkeypatch.setattr("neumo.dicomnode.store.data_folder.write_private", full)
        assert send(running.port, radiograph()) == [NO_RESOURCES]
        monkeypatch.undo()
        assert running.shared.queue.waiting() == 0
        assert echoes(running.port)


def test_what_the_queue_does_not_take_is_not_kept(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with node(settings) as running:
        monkeypatch.setattr(type(running.shared.queue), "add", full)
        assert send(running.port, radiograph(SOPInstanceUID=generate_uid())) == [NO_RESOURCES]
        assert objects_of(settings) == []
