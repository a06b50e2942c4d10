"""A node that is sent rubbish: whether it answers others meanwhile, and what the rubbish leaves behind.

    python benchmarks/node_malformed.py IMAGE.dcm [--rounds N] [--seed S]

Each round is one attack of a kind chosen at random: bytes that are no PDU, PDUs of every type with a wrong length, a connection
that says half a request and stays open, an association whose data are rubbish, and C-STORE of the image with bytes changed or cut.
After each, another peer asks C-ECHO. Prints how many answered, p99 and the longest answer, statuses of C-STORE, and the node's memory
and open files before and after. At the end the image itself is sent. Limit: every C-ECHO is answered; nothing grows with the rounds.
"""

import argparse
import random
import socket
import struct
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from node_kills import node_program
from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom import AE, _config
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

_LONGEST_OPEN = 20
"""Connections that stay open at once; the oldest is closed for the next."""


@dataclass
class Attacker:
    """State shared by the attacks: port, random generator, image, open connections."""

    port: int
    rng: random.Random
    image: Path
    folder: Path
    held: list[socket.socket] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)

    def attack(self) -> None:
        """Attack once, in a way chosen at random."""
        attacks: list[Callable[[], None]] = [
            self._bytes_that_are_no_pdu,
            self._pdu_of_a_wrong_length,
            self._half_a_request,
            self._rubbish_in_an_association,
            self._changed_bytes,
        ]
        try:
            self.rng.choice(attacks)()
        except OSError:
            self.statuses["connection refused or cut"] += 1

    def _bytes_that_are_no_pdu(self) -> None:
        self._send(self.rng.randbytes(self.rng.choice([1, 6, 100, 10_000])))

    def _pdu_of_a_wrong_length(self) -> None:
        body = self.rng.randbytes(self.rng.choice([0, 4, 68, 300, 5000]))
        length = self.rng.choice([len(body), len(body) + 9, 2**32 - 1, 2**20])
        self._send(struct.pack(">BBL", self.rng.randrange(1, 8), 0, length) + body)

    def _half_a_request(self) -> None:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        connection.sendall(b"\x01\x00\x00\x00\x10\x00half")
        self.held.append(connection)
        while len(self.held) > _LONGEST_OPEN:
            self.held.pop(0).close()

    def _rubbish_in_an_association(self) -> None:
        association = self._associate()
        if association.is_established:
            body = self.rng.randbytes(200)
            length = self.rng.choice([len(body), 1, 2**31])
            association.dul.socket.send(struct.pack(">BBLL", 4, 0, len(body) + 4, length) + body)
            association.abort()

    def _changed_bytes(self) -> None:
        content = bytearray(self.image.read_bytes())
        start = 400
        if self.rng.random() < 0.5:
            del content[self.rng.randrange(start, len(content)) :]
        else:
            for _ in range(self.rng.choice([1, 20, 500])):
                content[self.rng.randrange(start, min(len(content), 4000))] = self.rng.randrange(256)
        file = self.folder / "changed.dcm"
        file.write_bytes(content)
        self.statuses[self.store(file)] += 1

    def store(self, file: Path) -> str:
        """Status of C-STORE, or why there is none."""
        association = self._associate()
        if not association.is_established:
            return "no association"
        answer: Dataset = association.send_c_store(file)
        association.release()
        return f"{answer.Status:04X}" if "Status" in answer else "no answer"

    def echo(self) -> float | None:
        """Seconds from the connection to the answer; None where none came."""
        entity = AE("ECHO")
        entity.add_requested_context(Verification)
        begin = time.monotonic()
        association = entity.associate("127.0.0.1", self.port, ae_title="NEUMO")
        if not association.is_established:
            return None
        answer = association.send_c_echo()
        association.release()
        return time.monotonic() - begin if "Status" in answer and answer.Status == 0 else None

    def _send(self, content: bytes) -> None:
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(content)

    def _associate(self) -> Any:
        meta = dcmread(self.image, stop_before_pixels=True).file_meta
        entity = AE("SENDER")
        entity.add_requested_context(meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID)
        return entity.associate("127.0.0.1", self.port, ae_title="NEUMO")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("image", type=Path)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--bundle")
    options = parser.parse_args()
    _config.STORE_SEND_CHUNKED_DATASET = True  # files go as they are, not parsed before
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "node.yaml"
        settings.write_text(yaml.safe_dump(_settings(folder, options.bundle)))
        with node_program(settings) as (node, started):
            attacker = Attacker(started["port"], random.Random(options.seed), options.image, Path(folder))
            before = _held_by(node.pid)
            answers = _rounds(attacker, options.rounds)
            for connection in attacker.held:
                connection.close()
            time.sleep(2)
            _report(answers, attacker, before, _held_by(node.pid))
            sound = attacker.store(options.image)
            print(f"afterwards the image itself: {sound}")
    raise SystemExit(None in answers or sound != "0000")


def _settings(folder: str, bundle: str | None) -> dict[str, Any]:
    return {
        "data": f"{folder}/node",
        "receive": {
            "port": 0,
            "limits": {"free_bytes": 0, "associations": 2 * _LONGEST_OPEN},
            "timeouts": {"network": 5, "artim": 5},
        },
        "read": {"bundle": bundle, "results": "node_captures:capture", "allow_outside_range": True},
        "health": None,
    }


def _rounds(attacker: Attacker, rounds: int) -> list[float | None]:
    answers = []
    for _ in range(rounds):
        attacker.attack()
        answers.append(attacker.echo())
    return answers


def _report(
    answers: list[float | None], attacker: Attacker, before: tuple[float, int], after: tuple[float, int]
) -> None:
    seconds = [answer for answer in answers if answer is not None]
    p99, longest = np.percentile(seconds, 99) * 1000, max(seconds) * 1000
    print(
        f"{len(seconds)} of {len(answers)} C-ECHO answered; p99 {p99:.0f} ms, longest {longest:.0f} ms; "
        f"statuses {dict(attacker.statuses)}"
    )
    print(f"memory {before[0]:.0f} -> {after[0]:.0f} MB, open files {before[1]} -> {after[1]}")


def _held_by(pid: int) -> tuple[float, int]:
    """Resident memory in MB and open files of a process (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(resident.split()[1]) / 1024, len(list(Path(f"/proc/{pid}/fd").iterdir()))


if __name__ == "__main__":
    main()
