"""Sockets with limits: large, slow and endless PDUs end the connection, sound ones come whole."""

import io
import queue
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from pynetdicom.association import Association

from neumo.dicomnode.config import Limits
from neumo.dicomnode.receive.bounded_socket import BoundedBytes, BoundedSocket

P_DATA, ASSOCIATE_RQ = 0x04, 0x01


def header(kind: int, length: int) -> bytes:
    return bytes([kind, 0]) + length.to_bytes(4, "big")


@dataclass
class Message:
    encoded_command_set: io.BytesIO = field(default_factory=io.BytesIO)
    data_set: io.BytesIO | None = field(default_factory=io.BytesIO)


@dataclass
class Dimse:
    msg_queue: "queue.Queue[object]" = field(default_factory=queue.Queue)
    message: Message | None = None


class Upper:
    """A stand-in association with the attributes that the bounded socket uses."""

    def __init__(self) -> None:
        self.dimse = Dimse()
        self.dul = type("Dul", (), {"event_queue": queue.Queue(), "to_user_queue": queue.Queue()})()
        self.requestor = type("Requestor", (), {"primitive": None})()


@dataclass
class Pair:
    """A bounded socket, and the sender's end."""

    upper: Upper
    ours: BoundedSocket
    sender: socket.socket
    refused: list[str]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, sender = socket.socketpair()
    upper, refused = Upper(), list[str]()
    limits = Limits(pdu_bytes=4096, object_bytes=10_000)
    bounded = BoundedSocket(cast(Association, upper), ours, limits, 60, refused.append)
    yield Pair(upper, bounded, sender, refused)
    ours.close()
    sender.close()


def test_a_sound_pdu_comes_whole(pair: Pair) -> None:
    pair.sender.sendall(header(P_DATA, 5) + b"hello" + header(ASSOCIATE_RQ, 2) + b"ab")
    assert pair.ours.recv(6) == header(P_DATA, 5) and pair.ours.recv(5) == b"hello"
    assert pair.ours.recv(6) == header(ASSOCIATE_RQ, 2) and pair.ours.recv(2) == b"ab"
    assert pair.refused == []


@pytest.mark.parametrize(("kind", "length"), [(P_DATA, 4097), (ASSOCIATE_RQ, 2**20 + 1)])
def test_a_pdu_beyond_the_limit_is_not_read(pair: Pair, kind: int, length: int) -> None:
    pair.sender.sendall(header(kind, length))
    pair.ours.recv(6)
    with pytest.raises(ConnectionAbortedError, match="too large"):
        pair.ours.recv(length)
    assert pair.refused == ["pdu"]


def test_a_pdu_that_does_not_come_ends_in_a_timeout(pair: Pair) -> None:
    pair.ours._seconds = 0.05
    pair.sender.sendall(header(P_DATA, 100) + b"half")
    pair.ours.recv(6)
    with pytest.raises(TimeoutError):
        pair.ours.recv(100)
    pair.ours._seconds = 0
    with pytest.raises(TimeoutError, match="too slow"):
        pair.ours.recv(6)


def test_a_sender_that_leaves_gives_less(pair: Pair) -> None:
    pair.sender.sendall(header(P_DATA, 100) + b"half")
    pair.sender.close()
    pair.ours.recv(6)
    assert pair.ours.recv(100) == b"half"
    assert pair.ours.recv(6) == b"" and pair.ours.recv(6) == b""


def test_too_many_open_requests_end_the_connection(pair: Pair) -> None:
    for number in range(9):
        pair.upper.dimse.msg_queue.put(number)
    with pytest.raises(ConnectionAbortedError, match="open requests"):
        pair.ours.recv(6)
    assert pair.refused == ["pdu"]


def test_a_command_set_without_end_ends_the_connection(pair: Pair) -> None:
    message = Message()
    message.encoded_command_set.write(b"x" * (2**16 + 1))
    pair.upper.dimse.message = message
    with pytest.raises(ConnectionAbortedError, match="command set"):
        pair.ours.recv(6)


def test_a_data_set_is_held_in_a_bounded_buffer(pair: Pair) -> None:
    message = Message()
    assert message.data_set is not None
    message.data_set.write(b"begun")
    pair.upper.dimse.message = message
    pair.sender.sendall(header(P_DATA, 1) + b"a")
    pair.ours.recv(6)
    bounded: Any = message.data_set
    assert isinstance(bounded, BoundedBytes) and bounded.getvalue() == b"begun"
    pair.ours.recv(1)
    pair.sender.sendall(header(P_DATA, 1))
    pair.ours.recv(6)
    assert message.data_set is bounded


def test_a_bounded_buffer_is_empty_once_it_overflowed() -> None:
    buffer = BoundedBytes(4)
    assert (buffer.write(b"ab"), buffer.write(b"cd"), buffer.overflowed) == (2, 2, False)
    assert (buffer.write(b"e"), buffer.overflowed, buffer.getvalue()) == (1, True, b"")
    assert (buffer.write(b"f"), buffer.getvalue()) == (1, b"")


def test_closing_ends_an_association_that_was_never_requested(pair: Pair) -> None:
    pair.ours._shutdown_socket()
    assert pair.upper.dul.to_user_queue.get_nowait() is None
    assert pair.sender.recv(1) == b""
