"""C-STORE: what archives answer, and what that means for a delivery."""

import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import Dataset
from pynetdicom import AE, evt
from tests.support.node_peers import Archive, archive
from tests.support.node_samples import radiograph, written

from neumo.core.errors import NodeError
from neumo.sending.attempts import Attempt, Fate
from neumo.sending.c_store import _attempt_of, send_by_c_store
from neumo.sending.destinations import CStoreDestination, TlsConfig


def destination(port: int, *, ae_title: str = "ARCHIVE", tls: TlsConfig | None = None) -> CStoreDestination:
    return CStoreDestination(
        name="a", kind="c-store", ae_title=ae_title, host="127.0.0.1", port=port, timeout=60, tls=tls
    )


def test_answers_of_an_archive(tmp_path: Path) -> None:
    ours = radiograph()
    other = radiograph(SOPClassUID="1.2.840.10008.5.1.4.1.1.2")
    files = [written(ours, tmp_path / f"{i}.dcm") for i in range(5)] + [
        written(other, tmp_path / "other.dcm")
    ]
    with archive(Archive([0, 0xB000, 0xA700, 0xC001]), classes=[ours.SOPClassUID]) as pacs:
        fates = [attempt.fate for attempt in send_by_c_store(destination(pacs.port), "NEUMO", files)]
    assert fates == [Fate.SENT, Fate.SENT, Fate.BUSY, Fate.REFUSED, Fate.SENT, Fate.REFUSED]


def test_nobody_listens(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    files = [written(radiograph(), tmp_path / f"{i}.dcm") for i in range(2)]
    assert (
        send_by_c_store(destination(port), "NEUMO", files)
        == [Attempt(Fate.UNAVAILABLE, "no association")] * 2
    )


def test_an_archive_that_rejects_the_association_is_unavailable(tmp_path: Path) -> None:
    entity = AE("ARCHIVE")
    entity.require_called_aet = True
    entity.add_supported_context(radiograph().SOPClassUID)
    server = entity.start_server(("127.0.0.1", 0), block=False)
    assert server is not None
    try:
        to = destination(server.server_address[1], ae_title="OTHER")
        (attempt,) = send_by_c_store(to, "NEUMO", [written(radiograph(), tmp_path / "a.dcm")])
    finally:
        entity.shutdown()
    assert attempt == Attempt(Fate.UNAVAILABLE, "association rejected")


def test_an_association_that_is_lost_leaves_the_rest_for_later(tmp_path: Path) -> None:
    ended = threading.Event()

    def abort(event: evt.Event) -> int:
        event.assoc.abort()
        ended.set()
        return 0

    entity = AE("ARCHIVE")
    entity.add_supported_context(radiograph().SOPClassUID)
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, abort)])
    assert server is not None
    files = [written(radiograph(), tmp_path / f"{i}.dcm") for i in range(3)]
    try:
        # An abort can cross the request on its way; the answer is then waited for to the end of the timeout.
        hasty = replace(destination(server.server_address[1]), timeout=3)
        attempts = send_by_c_store(hasty, "NEUMO", files)
    finally:
        entity.shutdown()
    assert ended.is_set()
    assert {attempt.fate for attempt in attempts} == {Fate.UNAVAILABLE}
    assert attempts[-1].reason == "association lost"


def test_an_answer_without_a_status_is_none() -> None:
    assert _attempt_of(Dataset()) == Attempt(Fate.UNAVAILABLE, "no answer")


def test_tls_files_that_are_none_are_told(tmp_path: Path) -> None:
    tls = TlsConfig(certificate=tmp_path / "no.pem", key=tmp_path / "no.key")
    with pytest.raises(NodeError, match="tls"):
        send_by_c_store(destination(9, tls=tls), "NEUMO", [written(radiograph(), tmp_path / "a.dcm")])
