"""A real Orthanc on loopback: DICOM and DICOMweb on free ports, an empty store of its own."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from tests.support.programs import require, require_file

_PLUGIN = "/usr/*/orthanc/**/libOrthancDicomWeb.so*"


@dataclass(frozen=True)
class Orthanc:
    """Ports on which Orthanc listens."""

    dicom_port: int
    http_port: int

    @property
    def dicomweb(self) -> str:
        return f"http://127.0.0.1:{self.http_port}/dicom-web"

    def get(self, path: str) -> Any:
        answer = requests.get(f"http://127.0.0.1:{self.http_port}{path}", timeout=20)
        answer.raise_for_status()
        return answer.json()

    def instances(self, modality: str) -> list[dict[str, str]]:
        """Main tags of all instances of a modality."""
        series = [s for s in self.get("/series?expand") if s["MainDicomTags"].get("Modality") == modality]
        return [self.get(f"/instances/{one}")["MainDicomTags"] for s in series for one in s["Instances"]]

    def files(self, modality: str) -> list[bytes]:
        """All instances of a modality as DICOM files."""
        series = [s for s in self.get("/series?expand") if s["MainDicomTags"].get("Modality") == modality]
        return [self._content(f"/instances/{one}/file") for s in series for one in s["Instances"]]

    def _content(self, path: str) -> bytes:
        answer = requests.get(f"http://127.0.0.1:{self.http_port}{path}", timeout=20)
        answer.raise_for_status()
        return answer.content

    def send_to(self, modality: str) -> None:
        """Let it send all its CR instances to a node it knows."""
        series = [s["ID"] for s in self.get("/series?expand") if s["MainDicomTags"].get("Modality") == "CR"]
        answer = requests.post(
            f"http://127.0.0.1:{self.http_port}/modalities/{modality}/store", json=series, timeout=60
        )
        answer.raise_for_status()


@contextmanager
def orthanc(folder: Path, node_port: int | None = None) -> Iterator[Orthanc]:
    """Run Orthanc until the block ends; it knows a node as "neumo" where a port is given."""
    command = require("Orthanc", "orthanc")
    plugin = require_file(_PLUGIN, "orthanc-dicomweb")
    folder.mkdir()
    running = Orthanc(_free_port(), _free_port())
    settings = {
        "Name": "archive",
        "StorageDirectory": str(folder / "store"),
        "IndexDirectory": str(folder / "store"),
        "Plugins": [str(plugin)],
        "HttpPort": running.http_port,
        "DicomPort": running.dicom_port,
        "DicomAet": "ORTHANC",
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomAlwaysAllowStore": True,
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        "DicomModalities": {} if node_port is None else {"neumo": ["NEUMO", "127.0.0.1", node_port]},
        "StableAge": 1,
        "LuaScripts": [],
    }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([command, str(folder / "orthanc.json")], stdout=log, stderr=log)
        try:
            _wait(running, process, folder / "log")
            yield running
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait(running: Orthanc, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 40
    while True:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        try:
            running.get("/system")
            return
        except (requests.RequestException, OSError):
            time.sleep(0.1)
