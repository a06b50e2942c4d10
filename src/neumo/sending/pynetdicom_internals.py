"""All that neumo uses of pynetdicom beyond its documented interface: upgrades are checked against this file alone.

pynetdicom reads PDUs of any length, leaves some sockets to the garbage collector, shakes hands for TLS in the thread
that accepts, and offers no hook for any of it. `VERSIONS` names what this was written for; a test compares.
"""

import socket
import ssl
from contextlib import suppress
from io import BytesIO
from typing import Any, Final

from pynetdicom import AE, evt
from pynetdicom._handlers import (
    standard_dimse_recv_handler,
    standard_dimse_sent_handler,
    standard_pdu_recv_handler,
    standard_pdu_sent_handler,
)
from pynetdicom.association import Association
from pynetdicom.transport import (
    AddressInformation,
    AssociationSocket,
    RequestHandler,
    ThreadedAssociationServer,
)

VERSIONS: Final = ("3.0",)
"""Versions, major and minor, that all of this holds for."""

_LOGGING_HANDLERS: Final = (
    (evt.EVT_DIMSE_RECV, standard_dimse_recv_handler),
    (evt.EVT_DIMSE_SENT, standard_dimse_sent_handler),
    (evt.EVT_PDU_RECV, standard_pdu_recv_handler),
    (evt.EVT_PDU_SENT, standard_pdu_sent_handler),
)
"""pynetdicom's own; they raise on messages that lack their UIDs, so that the node's handler would not be called."""


class ClosingSocket(AssociationSocket):
    """An association's socket that is closed also where the peer closed it first."""

    def _shutdown_socket(self) -> None:
        self.close_connection()

    def close_connection(self) -> None:
        """Close the connection; called once, whoever ended it."""
        connection = self.socket
        if connection is None:
            return
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()


class ClosingEntity(AE):
    """An application entity (SCU) that requests associations over a `ClosingSocket`."""

    def _create_socket(
        self, assoc: Association, address: AddressInformation, tls_args: tuple[ssl.SSLContext, str] | None
    ) -> AssociationSocket:
        created = ClosingSocket(assoc, address=address)
        created.tls_args = tls_args
        return created


class ReceivingEntity(AE):
    """An application entity (SCP) that counts no connection as association that has not requested one.

    pynetdicom compares this count with `maximum_associations`: some silent connections would keep everybody else out.
    """

    @property
    def active_associations(self) -> list[Association]:
        """Return the associations that were requested, by either side."""
        return [one for one in super().active_associations if one.requestor.primitive is not None]


class AssociationHandler(RequestHandler):
    """Lets a subclass make the socket of each association."""

    def make_socket(self, association: Association) -> AssociationSocket:
        """Return the socket of a new association."""
        raise NotImplementedError

    def _create_association(self) -> Association:
        association = super()._create_association()
        # The socket that is replaced has announced the connection already.
        while not association.dul.event_queue.empty():
            association.dul.event_queue.get_nowait()
        for event, handler in _LOGGING_HANDLERS:
            association.unbind(event, handler)
        association.dul.socket = self.make_socket(association)
        _end_at_faults(association)
        return association


def _end_at_faults(association: Association) -> None:
    """Close the connection where its state machine raises something, instead of ending its thread with a traceback.

    PDUs that come where none is expected, or whose parameters have values that the standard does not know, make it do
    so; the association would keep its place until a timeout.
    """
    dul: Any = association.dul
    act = dul.state_machine.do_action

    def act_or_close(event: str) -> None:
        try:
            act(event)
        except Exception:  # whatever a stranger's bytes lead to
            association.is_aborted, association.is_established = True, False
            dul._kill_thread = True
            dul.socket.close_connection()

    dul.state_machine.do_action = act_or_close


class QuietServer(ThreadedAssociationServer):
    """A server without pynetdicom's logging handlers."""

    def _bind_defaults(self) -> None:
        for event in evt._INTERVENTION_EVENTS:
            self.bind(event, evt.get_default_handler(event))


def end_unrequested(association: Association) -> None:
    """End an association that was never requested, as pynetdicom does at a timeout; it would hold a place till then."""
    if association.requestor.primitive is None:
        to_user: Any = association.dul.to_user_queue
        to_user.put(None)


def open_requests(association: Association) -> int:
    """Return how many requests wait to be answered."""
    return int(association.dimse.msg_queue.qsize())


def command_bytes(association: Association) -> int:
    """Return the bytes received so far of the current DIMSE command set; 0 between messages."""
    message = association.dimse.message
    return 0 if message is None else int(message.encoded_command_set.tell())


def data_set_of(association: Association) -> BytesIO | None:
    """Return the buffer that the data set is received into; None while there is none."""
    message = association.dimse.message
    return message.data_set if message is not None and isinstance(message.data_set, BytesIO) else None


def receive_data_set_into(association: Association, stream: BytesIO) -> None:
    """Let the data set that is being received go on in another stream."""
    message: Any = association.dimse.message
    message.data_set = stream
