"""Whatever the bytes, opening them ends in a radiograph or in an error of neumo's, soon, and within bounds.

NEUMO_FUZZ sets how many mutated inputs are tried.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

COUNT = int(os.environ.get("NEUMO_FUZZ", "400"))
ADDRESS_SPACE = 3 * 2**30
SECONDS_EACH = 30


@pytest.mark.timeout(60 + COUNT)
def test_mutated_files_end_in_a_radiograph_or_an_error(tmp_path: Path) -> None:
    progress = tmp_path / "index"
    progress.write_bytes(b" " * 12)
    root = Path(__file__).parents[2]
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.support.fuzz_worker",
            "0",
            str(COUNT),
            str(progress),
            str(ADDRESS_SPACE),
            str(SECONDS_EACH),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join([str(root / "src"), str(root), os.environ.get("PYTHONPATH", "")]),
        },
    )
    index = progress.read_text().strip()
    assert ran.returncode == 0, f"input {index} ended the process ({ran.returncode}):\n{ran.stderr[-3000:]}"
    assert ran.stderr == "", "decoding wrote to the standard error stream"
    result = json.loads(ran.stdout)
    sys.stdout.write(f"{result}\n")
    assert sum(result["outcomes"].values()) == COUNT
    assert result["outcomes"]["Radiograph"] > COUNT // 20, "mutations so violent test no decoder"
    assert result["peak_mib"] < 2048
