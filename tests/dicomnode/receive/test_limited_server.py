"""Connections: from whom, how many, how slow, and with TLS without holding up anybody."""

import socket
import ssl
from contextlib import suppress
from ipaddress import ip_network
from typing import Any

import pytest
from tests.support.node_peers import association, echoes
from tests.support.node_running import node
from tests.support.waiting import wait_until

from neumo.dicomnode.receive.limited_server import _inside


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("127.0.0.1", True),
        ("::ffff:127.0.0.1", True),
        ("10.1.2.3", True),
        ("::1", True),
        ("fe80::1%eth0", True),
        ("192.0.2.1", False),
        ("::2", False),
    ],
)
def test_addresses_are_matched_with_networks(address: str, inside: bool) -> None:
    networks = [ip_network(one) for one in ("127.0.0.0/8", "10.0.0.0/8", "::1/128", "fe80::/10")]
    assert _inside(address, networks) is inside


def test_a_sender_that_stalls_is_cut_off(settings: dict[str, Any]) -> None:
    settings["receive"]["timeouts"] = {"network": 0.5, "artim": 0.5}
    with node(settings) as running:
        for words in (b"", b"\x01\x00\x00\x00\x10\x00half"):
            with socket.create_connection(("127.0.0.1", running.port), timeout=120) as stalled:
                stalled.sendall(words)
                while stalled.recv(1024):
                    pass
        wait_until(lambda: echoes(running.port))


@pytest.mark.parametrize("tls", [False, True])
def test_connections_that_ask_for_nothing_are_limited(
    settings: dict[str, Any], certificate: dict[str, str], tls: bool
) -> None:
    settings["receive"] |= {
        "limits": {"associations": 1, "free_bytes": 0},
        "tls": certificate if tls else None,
    }
    with node(settings) as running:
        refused = running.shared.metrics.connections_refused.labels("connections")
        opened = [socket.create_connection(("127.0.0.1", running.port), timeout=120) for _ in range(6)]
        try:
            wait_until(lambda: refused._value.get() >= 1)
        finally:
            for one in opened:
                one.close()
        if not tls:
            wait_until(lambda: echoes(running.port))


def _is_ended(connection: socket.socket) -> bool:
    """Whether the other side has closed a connection, whatever it said before."""
    connection.setblocking(False)
    try:
        while connection.recv(4096):
            pass
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


@pytest.mark.parametrize("words", [b"", b"\x01\x00\x00", b"GET / HTTP/1.1\r\n\r\n"])
def test_silent_connections_of_one_address_keep_no_other_out(settings: dict[str, Any], words: bytes) -> None:
    """They are many more than there may be associations, and hold no place of one."""
    settings["receive"]["limits"] = {"associations": 3, "free_bytes": 0}
    with node(settings) as running:
        flood = [socket.create_connection(("127.0.0.1", running.port), timeout=120) for _ in range(30)]
        try:
            for one in flood:
                with suppress(OSError):
                    one.sendall(words)
            # Refused, or ended for what they sent, whichever comes first.
            wait_until(lambda: sum(map(_is_ended, flood)) >= 20)
            with association(running.port, bind_address=("127.0.0.2", 0)) as other:
                assert other.is_established and other.send_c_echo().Status == 0
        finally:
            for one in flood:
                one.close()
        wait_until(lambda: echoes(running.port))


def test_tls_asks_for_a_certificate_and_silence_holds_up_nobody(
    settings: dict[str, Any], certificate: dict[str, str]
) -> None:
    settings["receive"] |= {"tls": certificate, "timeouts": {"network": 20}}
    context = ssl.create_default_context(cafile=certificate["ca"])
    context.load_cert_chain(certificate["certificate"], certificate["key"])
    with node(settings) as running:
        silent = socket.create_connection(("127.0.0.1", running.port))
        with silent, association(running.port, tls_args=(context, "localhost")) as opened:
            assert opened.is_established and opened.send_c_echo().Status == 0
        with association(running.port) as plain:
            assert not plain.is_established
        refused = running.shared.metrics.connections_refused.labels("tls")
        wait_until(lambda: refused._value.get() >= 1)
