"""Raw bytes of every kind on the node's port: none keeps a thread, a place or the next sender waiting."""

import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.support.node_peers import echoes
from tests.support.node_running import node
from tests.support.waiting import wait_until

from neumo.dicomnode.node import Running

VERIFICATION, IMPLICIT = b"1.2.840.10008.1.1", b"1.2.840.10008.1.2"


def item(kind: int, content: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(content)) + content


def pdu(kind: int, content: bytes) -> bytes:
    return struct.pack(">BxL", kind, len(content)) + content


def context(number: int, abstract: bytes = VERIFICATION, syntaxes: int = 1) -> bytes:
    return item(0x20, bytes((number, 0, 0, 0)) + item(0x30, abstract) + item(0x40, IMPLICIT) * syntaxes)


def associate(*contexts: bytes, user: bytes = b"", called: bytes = b"NEUMO", version: int = 1) -> bytes:
    head = struct.pack(">H2x16s16s32x", version, called.ljust(16), b"HOSTILE".ljust(16))
    application = item(0x10, b"1.2.840.10008.3.1.1.1")
    information = item(0x50, item(0x51, struct.pack(">L", 16_384)) + item(0x52, b"1.2.3.4") + user)
    return pdu(0x01, head + application + b"".join(contexts or (context(1),)) + information)


def pdv(content: bytes, *, number: int = 1, control: int = 3) -> bytes:
    return struct.pack(">LBB", len(content) + 2, number, control) + content


def command(**elements: int | bytes) -> bytes:
    tags = {"group": 0x0000, "sop_class": 0x0002, "field": 0x0100, "message": 0x0110, "data": 0x0800}
    body = b""
    for name, value in elements.items():
        coded = value if isinstance(value, bytes) else struct.pack("<H", value)
        coded += b"\0" * (len(coded) % 2)
        body += struct.pack("<HHL", 0, tags[name], len(coded)) + coded
    return struct.pack("<HHLL", 0, 0, 4, len(body)) + body


ECHO = command(sop_class=VERIFICATION, field=0x30, message=1, data=0x0101)
ATTACKS: dict[str, bytes] = {
    "nothing": b"",
    "http": b"GET / HTTP/1.1\r\nHost: node\r\n\r\n",
    "tls": b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + bytes(160),
    "unknown kind": pdu(0x09, b"what"),
    "empty association": pdu(0x01, b""),
    "short association": pdu(0x01, bytes(30)),
    "no contexts": pdu(0x01, struct.pack(">H2x16s16s32x", 1, b"NEUMO".ljust(16), b"X".ljust(16))),
    "very many contexts": associate(*(context(n % 256) for n in range(1, 2000, 2))),
    "one number for all contexts": associate(*(context(1) for _ in range(300))),
    "contexts of even numbers": associate(context(0), context(2)),
    "very many syntaxes": associate(context(1, syntaxes=2000)),
    "an endless UID": associate(context(1, b"1." * 20_000)),
    "no UID": associate(context(1, b"\xff\xfe\0")),
    "another version": associate(version=2),
    "another title": associate(called=b"\xff" * 16),
    "an item beyond the end": associate(user=struct.pack(">BxH", 0x54, 60_000) + b"1"),
    "an unknown user item": associate(user=item(0x77, b"x" * 40_000)),
    "a user identity": associate(user=item(0x58, bytes((1, 1)) + struct.pack(">H", 9) + b"a")),
    "many extended negotiations": associate(user=item(0x56, struct.pack(">H", 3) + b"1.2" + b"x") * 3000),
    "data before an association": pdu(0x04, pdv(ECHO)),
    "release before an association": pdu(0x05, bytes(4)),
    "abort before an association": pdu(0x07, bytes(4)),
    "an answer as a request": pdu(0x02, bytes(68)),
    "two associations": associate() + associate(),
    "an empty data PDU": associate() + pdu(0x04, b""),
    "a PDV of no length": associate() + pdu(0x04, struct.pack(">L", 0)),
    "a PDV longer than its PDU": associate() + pdu(0x04, struct.pack(">LBB", 5000, 1, 3) + b"x"),
    "a PDV of an unknown context": associate() + pdu(0x04, pdv(ECHO, number=9)),
    "a command that is none": associate() + pdu(0x04, pdv(b"\xff" * 200)),
    "an empty command": associate() + pdu(0x04, pdv(b"")),
    "a command without its field": associate() + pdu(0x04, pdv(command(message=1, data=0x0101))),
    "an unknown command": associate() + pdu(0x04, pdv(command(field=0x7777, message=1, data=0x0101))),
    "a command of another service": associate() + pdu(0x04, pdv(command(field=0x20, message=1, data=0x0101))),
    "an answer that nobody asked for": associate() + pdu(0x04, pdv(command(field=0x8030, message=1, data=0x0101))),
    "a command whose data never come": associate() + pdu(0x04, pdv(command(field=0x30, message=1, data=0))),
    "data without a command": associate() + pdu(0x04, pdv(b"x" * 100, control=2)),
    "thousands of empty fragments": associate() + pdu(0x04, pdv(b"", control=1)) * 3000,
    "release and then data": associate() + pdu(0x05, bytes(4)) + pdu(0x04, pdv(ECHO)) * 20,
    "a cancel of nothing": associate() + pdu(0x04, pdv(command(field=0x0FFF, message=1, data=0x0101))),
    "many requests at once": associate() + pdu(0x04, pdv(ECHO)) * 200,
}  # fmt: skip


def sent(port: int, content: bytes) -> None:
    """Send bytes, take what is answered, and leave when the node closes or says nothing for a moment."""
    with socket.create_connection(("127.0.0.1", port), timeout=120) as connection, suppress(OSError):
        connection.sendall(content)
        connection.settimeout(0.3)
        while connection.recv(65_536):
            pass


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, bundle_folder: Path) -> Iterator[Running]:
    """A node with place for one association, so that one that stayed would keep the next sender out."""
    limits, short = {"associations": 1, "free_bytes": 0}, {"idle": 3, "network": 3, "artim": 3}
    settings = {
        "data": str(tmp_path_factory.mktemp("hostile") / "node"),
        "receive": {"port": 0, "limits": limits, "timeouts": short},
        "read": {"bundle": str(bundle_folder), "threads": 1},
        "health": None,
    }
    with node(settings) as started:
        yield started


@pytest.mark.parametrize("content", ATTACKS.values(), ids=ATTACKS.keys())
def test_the_next_sender_is_served(running: Running, content: bytes) -> None:
    sent(running.port, content)
    wait_until(lambda: echoes(running.port))


@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    base=st.sampled_from(
        ["many requests at once", "very many syntaxes", "a user identity", "data without a command"]
    ),
    changes=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=12),
    cut=st.integers(1, 600),
)
def test_mutated_bytes_leave_nothing_behind(
    running: Running, base: str, changes: list[tuple[int, int]], cut: int
) -> None:
    content = bytearray(ATTACKS[base][:cut])
    for place, value in changes:
        content[place % len(content)] = value
    sent(running.port, bytes(content))
    wait_until(lambda: echoes(running.port))
