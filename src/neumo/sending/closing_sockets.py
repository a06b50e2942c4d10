"""An application entity whose sockets are always closed; pynetdicom leaves some to the garbage collector."""

import socket
import ssl
from contextlib import suppress

from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.transport import AddressInformation, AssociationSocket


class ClosingSocket(AssociationSocket):
    """An association's socket that is closed also where the peer closed it first."""

    def _shutdown_socket(self) -> None:
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
