"""A DICOM server that limits who may connect and how many, with the TLS handshake in a thread of each connection.

pynetdicom shakes hands in the thread that accepts, where one silent sender would block all others.
"""

import socketserver
import ssl
import threading
from collections.abc import Sequence
from functools import partial
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from pynetdicom.association import Association

from neumo.core.hosts import network_of
from neumo.dicomnode.config import Limits, Timeouts
from neumo.dicomnode.receive.bounded_socket import BoundedSocket, OnRefused
from neumo.sending.pynetdicom_internals import AssociationHandler, QuietServer

_CONNECTIONS_PER_ASSOCIATION = 4
"""Maximum of connections, including those that have not requested an association yet."""
_MIN_SILENT = 2
"""As many connections of one address (IPv6: of a /64) as associations, or so many, may not have requested one yet."""


class _LimitedHandler(AssociationHandler):
    """Gives each association a `BoundedSocket`."""

    server: "LimitedServer"

    def make_socket(self, association: Association) -> BoundedSocket:
        server, asked = self.server, partial(self.server.no_longer_silent, self.client_address)
        return BoundedSocket(
            association, self.request, server.limits, server.timeouts.network, server.refused, asked=asked
        )


class LimitedServer(QuietServer):
    """Accepts a limited number of connections, from the named networks only.

    `configured` returns a class with its settings, since pynetdicom makes the instance itself.
    """

    limits: Limits
    timeouts: Timeouts
    networks: Sequence[IPv4Network | IPv6Network]
    tls: ssl.SSLContext | None
    refused: OnRefused
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._beginning = 0
        self._silent: dict[Any, str] = {}
        self._lock = threading.Lock()
        super().__init__(*arguments, **{**options, "request_handler": _LimitedHandler})

    @classmethod
    def configured(
        cls,
        limits: Limits,
        timeouts: Timeouts,
        networks: Sequence[IPv4Network | IPv6Network],
        tls: ssl.SSLContext | None,
        refused: OnRefused,
    ) -> "type[LimitedServer]":
        """Return the class with these settings."""
        settings = {
            "limits": limits,
            "timeouts": timeouts,
            "networks": tuple(networks),
            "tls": tls,
            "refused": staticmethod(refused),
        }
        return type("ConfiguredServer", (cls,), settings)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Return whether a connection is accepted; called before anything is read from it."""
        if not _inside(client_address[0], self.networks):
            self.refused("address")
            return False
        # Those that begin have no association yet: their thread has not run, or shakes hands for TLS.
        connections = self._beginning + len(self.active_associations)
        with self._lock:
            silent = list(self._silent.values()).count(network_of(client_address[0]))
        if connections >= _CONNECTIONS_PER_ASSOCIATION * self.limits.associations or silent >= max(
            _MIN_SILENT, self.limits.associations
        ):
            self.refused("connections")
            return False
        return True

    def no_longer_silent(self, client_address: Any) -> None:
        """Note that a connection has requested something, or is closed."""
        with self._lock:
            self._silent.pop(client_address, None)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start the connection's own thread."""
        self._begins(1)
        with self._lock:
            self._silent[client_address] = network_of(client_address[0])
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._begins(-1)
            self.no_longer_silent(client_address)
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Do the TLS handshake in the connection's own thread, then go on as pynetdicom does."""
        try:
            self._begin_association(request, client_address)
        finally:
            self._begins(-1)

    def _begins(self, change: int) -> None:
        with self._lock:
            self._beginning += change

    def _begin_association(self, request: Any, client_address: Any) -> None:
        if self.tls is not None:
            try:
                request.settimeout(self.timeouts.network)
                request = self.tls.wrap_socket(request, server_side=True)
            except (OSError, ValueError):
                self.refused("tls")
                self.no_longer_silent(client_address)
                self.shutdown_request(request)
                return
        super().process_request_thread(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Count a connection that broke while it was set up."""
        self.refused("connection")
        self.no_longer_silent(client_address)

    def shutdown(self) -> None:
        """Stop accepting; running associations go on until the caller ends them."""
        socketserver.BaseServer.shutdown(self)
        self.server_close()


def _inside(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    found = ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return any((mapped or found) in network for network in networks)
