"""Nothing is sent to others, and nothing is left outside of the folders that are documented."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
JOURNEY = ROOT / "tests/support/quiet_journey.py"
_OPT_OUTS = (
    "CI", "ORT_DISABLE_TELEMETRY", "GITHUB_ACTIONS", "TF_BUILD", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK",
    "HF_HUB_OFFLINE", "NO_ALBUMENTATIONS_UPDATE", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "NEUMO_CACHE",
)  # fmt: skip
_NOT_LOCAL = re.compile(r"sa_family=AF_INET6?, (?!.*(\"127\.|\"0\.0\.0\.0\"|::1\"|\"::\")).*")
"""Of connect, sendto and the like: an address beyond this machine; a DNS server on it, at port 53, is meant too."""
_DNS = re.compile(r"sin6?_port=htons\(53\)")
_DECLARED = (".cache/neumo", ".local/share/neumo")
"""Folders of a home in which commands may write."""

_ONNX_RUNTIME = """
import onnxruntime, sys, time
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
"""
_DNS_QUERY = """
import socket
try: socket.getaddrinfo("telemetry.invalid", 443)
except OSError: pass
"""

strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


def _environment(home: Path) -> dict[str, str]:
    environment = {key: value for key, value in os.environ.items() if key not in _OPT_OUTS}
    path = os.pathsep.join(filter(None, [str(ROOT), str(ROOT / "src"), environment.get("PYTHONPATH")]))
    return environment | {"HOME": str(home), "PYTHONPATH": path}


def _watched(arguments: list[str], home: Path, trace: Path | None = None) -> str:
    """Run Python, and return what of it and its children reached for the network."""
    command = [sys.executable, *arguments]
    if trace is not None:
        command = ["strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=%network", "-o", str(trace), *command]
    done = subprocess.run(
        command,
        env=_environment(home),
        cwd=home.parent,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return "" if trace is None else trace.read_text(errors="replace")


def _sent_elsewhere(trace: str) -> list[str]:
    return [line for line in trace.splitlines() if _NOT_LOCAL.search(line) or _DNS.search(line)]


def _left(home: Path) -> list[str]:
    files = (path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file())
    return [file for file in files if not file.startswith(_DECLARED)]


@strace
def test_no_command_asks_the_network_or_writes_outside_of_declared_folders(
    tmp_path: Path, journey_bundle: Path, films: list[Path], phantoms: Path, tiny: Path
) -> None:
    """read, doctor, train, evaluate, serve with a client, and listen, with a fresh home and outside of CI."""
    home, folder, trace = tmp_path / "home", tmp_path / "work", tmp_path / "trace"
    home.mkdir()
    folder.mkdir()
    arguments = map(str, (JOURNEY, folder, journey_bundle, phantoms, films[0], tiny))
    traced = _watched(list(arguments), home, trace)
    assert "connect(" in traced, "the client's connection is seen"
    assert _sent_elsewhere(traced) == []
    assert _left(home) == []


@strace
def test_a_query_for_a_name_would_be_seen(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    assert _sent_elsewhere(_watched(["-c", _DNS_QUERY], home, tmp_path / "trace"))


def test_without_the_opt_out_onnx_runtime_leaves_a_device_id(tmp_path: Path, journey_bundle: Path) -> None:
    """What the tests of commands look for is there to be found with the version that is pinned."""
    home = tmp_path / "home"
    home.mkdir()
    model = str(journey_bundle / "model.onnx")
    _watched(["-c", _ONNX_RUNTIME, model], home)
    assert any("onnxruntime" in file for file in _left(home))
    for file in home.iterdir():
        shutil.rmtree(file)
    _watched(["-c", "import neumo" + _ONNX_RUNTIME, model], home)
    assert _left(home) == []
