"""Storage SCP: receives radiographs by C-STORE and answers success once they are synced to disk and queued."""

import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any

from pydicom import Dataset
from pynetdicom import AE, evt
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import encode_file_meta

from neumo.core.errors import NodeError
from neumo.core.faults import own_fault
from neumo.dicomnode.config import ReceiveConfig
from neumo.dicomnode.receive.bounded_socket import BoundedBytes
from neumo.dicomnode.receive.limited_server import LimitedServer
from neumo.dicomnode.receive.object_uids import read_uids
from neumo.dicomnode.receive.presentation_contexts import SOP_CLASSES, TRANSFER_SYNTAXES, VERIFICATION
from neumo.dicomnode.receive.store_status import StoreRefusal, StoreStatus
from neumo.dicomnode.shared import Shared
from neumo.dicomnode.store.identifiers import content_digest
from neumo.dicomnode.store.queued_objects import NewObject
from neumo.imaging.dicom.recognise import MAGIC, PREAMBLE
from neumo.imaging.dicom.uids import is_uid
from neumo.sending.pynetdicom_internals import ReceivingEntity
from neumo.sending.tls import server_context

_PREAMBLE = b"\0" * PREAMBLE + MAGIC
_REQUIRED = ("MessageID", "AffectedSOPClassUID", "AffectedSOPInstanceUID", "Priority")
"""Elements that a C-STORE request must hold (PS3.7 table 9.3-1)."""
_POLL_SECONDS = 0.05


class StorageScp:
    """The server, which listens from `start` to `stop`.

    Parameters
    ----------
    config : ReceiveConfig
    shared : Shared
    wake : callable
        Called after each new object.
    canary : str or None
        AE title whose objects are canaries.
    """

    def __init__(
        self, config: ReceiveConfig, shared: Shared, wake: Callable[[], None], canary: str | None = None
    ) -> None:
        self._config, self._folder, self._queue = config, shared.folder, shared.queue
        self._canary = canary
        self._metrics, self._log, self._wake = shared.metrics, shared.log, wake
        self._server: LimitedServer | None = None

    def start(self) -> int:
        """Listen, and return the port. Raises NodeError where the address is taken or TLS files cannot be used."""
        config = self._config
        server_class = LimitedServer.configured(
            config.limits,
            config.timeouts,
            config.addresses,
            server_context(config.tls) if config.tls else None,
            self._connection_refused,
        )
        try:
            server = self._entity().make_server(
                (config.host, config.port), evt_handlers=self._handlers(), server_class=server_class
            )
        except (OSError, ValueError) as error:
            raise NodeError(
                "receive: cannot listen on {host}:{port} ({reason}); choose another host or port",
                host=config.host,
                port=config.port,
                reason=getattr(error, "strerror", None) or error,
            ) from error
        assert isinstance(server, LimitedServer)
        self._server = server
        threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="neumo-receiver", daemon=True
        ).start()
        return int(server.server_address[1])

    def stop(self, seconds: float) -> None:
        """Accept no more connections, wait so many seconds for associations to end, then abort the rest."""
        server, self._server = self._server, None
        if server is None:
            return
        server.shutdown()
        deadline = time.monotonic() + seconds
        while server.active_associations and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        for association in server.active_associations:
            association.abort()

    def _entity(self) -> AE:
        config = self._config
        entity = ReceivingEntity(config.ae_title)
        entity.maximum_associations = config.limits.associations
        entity.maximum_pdu_size = config.limits.pdu_bytes
        entity.network_timeout, entity.dimse_timeout = config.timeouts.idle, config.timeouts.idle
        entity.acse_timeout = config.timeouts.artim
        entity.require_called_aet = config.check_called_ae_title
        known = list(config.calling_ae_titles)
        entity.require_calling_aet = [*known, self._canary] if known and self._canary else known
        entity.add_supported_context(VERIFICATION)
        for sop_class in SOP_CLASSES:
            entity.add_supported_context(sop_class, list(TRANSFER_SYNTAXES))
        return entity

    def _handlers(self) -> list[Any]:
        return [
            (evt.EVT_C_STORE, self._on_store),
            (evt.EVT_DIMSE_RECV, _answer_incomplete_request),
            (evt.EVT_REJECTED, lambda _event: self._connection_refused("association")),
        ]

    def _connection_refused(self, reason: str) -> None:
        self._metrics.connections_refused.labels(reason).inc()
        self._log.warning("connection_refused", reason=reason)

    def _on_store(self, event: evt.Event) -> Dataset:
        """Handle a C-STORE request; every request gets a response with a status."""
        started = time.monotonic()
        answer = Dataset()
        try:
            answer.Status = self._store(event)
            self._metrics.store_seconds.observe(time.monotonic() - started)
        except StoreRefusal as refusal:
            answer.Status, answer.ErrorComment = refusal.status, refusal.comment
            self._refuse(refusal.status, refusal.comment)
        except Exception as error:  # the sender must get a response, and the node go on
            if isinstance(error, OSError | sqlite3.Error) or own_fault(error) is not None:
                answer.Status = StoreStatus.OUT_OF_RESOURCES
                answer.ErrorComment = "the object could not be stored"
                self._refuse(StoreStatus.OUT_OF_RESOURCES, type(error).__name__)
                return answer
            answer.Status = StoreStatus.PROCESSING_FAILURE
            self._metrics.refused.labels(f"{StoreStatus.PROCESSING_FAILURE:04X}").inc()
            self._log.fault("store_failed", error)
        return answer

    def _refuse(self, status: StoreStatus, comment: str) -> None:
        self._metrics.refused.labels(f"{status:04X}").inc()
        self._log.warning("refused", status=f"{status:04X}", reason=comment)

    def _store(self, event: evt.Event) -> StoreStatus:
        request, context = event.request, event.context
        assert isinstance(request, C_STORE)
        uid = str(request.AffectedSOPInstanceUID)
        if str(request.AffectedSOPClassUID) != context.abstract_syntax:
            raise StoreRefusal(StoreStatus.SOP_CLASS_NOT_SUPPORTED, "the SOP class is not the context's")
        if not is_uid(uid):
            raise StoreRefusal(StoreStatus.INVALID_SOP_INSTANCE, "AffectedSOPInstanceUID is no UID")
        self._require_space()
        content = self._content(request)
        uids = read_uids(content, context.transfer_syntax)
        if uids.sop_instance_uid != uid or uids.sop_class_uid != context.abstract_syntax:
            raise StoreRefusal(
                StoreStatus.DATA_SET_DOES_NOT_MATCH, "data set and command name different UIDs"
            )
        digest = content_digest(str(context.transfer_syntax), content)
        if self._queue.knows(uid, digest):
            self._metrics.repeated.inc()
            return StoreStatus.SUCCESS
        path = self._folder.write_object(uid, [_PREAMBLE, encode_file_meta(event.file_meta), content])
        sender = str(event.assoc.requestor.ae_title).strip()
        new = NewObject(uid, uids.study_instance_uid, digest, path, canary=sender == self._canary)
        self._enqueue(new, len(content), sender)
        return StoreStatus.SUCCESS

    def _enqueue(self, new: NewObject, size: int, sender: str) -> None:
        added = False
        try:
            added = self._queue.add(new)
        finally:
            if not added:
                self._folder.delete_object(new.path)
        if not added:  # another association brought the same object at the same moment
            self._metrics.repeated.inc()
            return
        self._metrics.received.inc()
        self._log.info(
            "received", instance=new.sop_instance_uid, study=new.study_uid, bytes=size, sender=sender
        )
        self._wake()

    def _require_space(self) -> None:
        limits = self._config.limits
        if self._queue.waiting() >= limits.queue:
            raise StoreRefusal(
                StoreStatus.OUT_OF_RESOURCES, "too many objects wait to be read; try again later"
            )
        if self._folder.free_bytes() < limits.free_bytes:
            raise StoreRefusal(StoreStatus.OUT_OF_RESOURCES, "too little disk space is left; try again later")

    def _content(self, request: C_STORE) -> bytes:
        stream, limit = request.DataSet, self._config.limits.object_bytes
        assert stream is not None
        content = stream.getvalue()
        if len(content) > limit or (isinstance(stream, BoundedBytes) and stream.overflowed):
            raise StoreRefusal(StoreStatus.OUT_OF_RESOURCES, f"the object exceeds {limit} bytes")
        return content


def _answer_incomplete_request(event: evt.Event) -> None:
    """Answer a C-STORE request that lacks required elements, which pynetdicom does not answer at all."""
    message = event.message
    if not isinstance(message, C_STORE_RQ):
        return
    command = message.command_set
    if all(command.get(keyword) not in (None, "") for keyword in _REQUIRED):
        return
    answer = C_STORE()
    answer.MessageIDBeingRespondedTo = command.get("MessageID") or 0
    answer.Status = int(StoreStatus.CANNOT_UNDERSTAND)
    event.assoc.dimse.send_msg(answer, message.context_id or 0)
