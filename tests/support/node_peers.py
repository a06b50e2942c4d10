"""The other side: a sender, and an archive whose faults a test chooses."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydicom import Dataset
from pydicom.uid import UID
from pynetdicom import AE, evt
from pynetdicom.sop_class import SecondaryCaptureImageStorage, Verification  # type: ignore[attr-defined]  # made at run time

from neumo.sending.pynetdicom_internals import ClosingEntity


@contextmanager
def association(
    port: int,
    objects: Sequence[Dataset] = (),
    *,
    calling: str = "SENDER",
    called: str = "NEUMO",
    **options: Any,
) -> Iterator[Any]:
    """An association that offers what the objects need, and Verification."""
    entity = ClosingEntity(calling)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 30
    entity.add_requested_context(Verification)
    for kind in {(d.SOPClassUID, d.file_meta.TransferSyntaxUID) for d in objects}:
        entity.add_requested_context(*kind)
    opened = entity.associate("127.0.0.1", port, ae_title=called, **options)
    try:
        yield opened
    finally:
        if opened.is_established:
            opened.release()


def send(port: int, *objects: Dataset, **options: Any) -> list[int]:
    """Send objects over one association; the status of each."""
    with association(port, objects, **options) as opened:
        assert opened.is_established
        return [int(opened.send_c_store(dataset).Status) for dataset in objects]


def echoes(port: int) -> bool:
    """Whether a node answers C-ECHO."""
    with association(port) as opened:
        return bool(opened.is_established and opened.send_c_echo().Status == 0)


@dataclass
class Archive:
    """Objects that a test archive received, and its answers."""

    statuses: list[int] = field(default_factory=list)
    """Answers to give first; success afterwards."""
    hold: float = 0
    """Seconds before each answer."""
    got: list[Dataset] = field(default_factory=list)
    asked: int = 0
    port: int = 0

    def store(self, event: evt.Event) -> int:
        self.asked += 1
        time.sleep(self.hold)
        if self.statuses:
            return self.statuses.pop(0)
        self.got.append(event.dataset)
        return 0


@contextmanager
def archive(
    behaviour: Archive | None = None,
    *,
    port: int = 0,
    classes: Sequence[UID] = (SecondaryCaptureImageStorage,),
) -> Iterator[Archive]:
    """An archive on loopback that takes Secondary Captures."""
    plan = behaviour or Archive()
    entity = AE("ARCHIVE")
    entity.network_timeout = 10
    for sop_class in classes:
        entity.add_supported_context(sop_class)
    server = entity.start_server(
        ("127.0.0.1", port), block=False, evt_handlers=[(evt.EVT_C_STORE, plan.store)]
    )
    assert server is not None
    plan.port = server.server_address[1]
    try:
        yield plan
    finally:
        entity.shutdown()


def destination(port: int, **changes: Any) -> dict[str, Any]:
    """Settings of a destination that is an archive of tests."""
    return {
        "name": "pacs",
        "kind": "c-store",
        "ae_title": "ARCHIVE",
        "host": "127.0.0.1",
        "port": port,
        "timeout": 5,
    } | changes
