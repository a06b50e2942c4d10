"""Nothing is sent to others: ONNX Runtime's telemetry is off in every process that neumo starts."""

import os
import subprocess
import sys
from pathlib import Path

_READ = """
import numpy as np
from neumo import Reader
Reader(threads=1).read(np.zeros((300, 300), np.uint8))
"""
_OPT_OUTS = ("CI", "ORT_DISABLE_TELEMETRY", "GITHUB_ACTIONS", "TF_BUILD")


def _run(code: str, home: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key not in _OPT_OUTS}
    environment |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=120)


def test_reading_leaves_no_device_id_and_no_queue_of_events(tmp_path: Path) -> None:
    _run(_READ, tmp_path)
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not left
