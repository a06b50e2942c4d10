import subprocess
import sys
from pathlib import Path

import pytest

from neumo.core.errors import NodeError
from neumo.core.folder_lock import folder_locked

HOLD = """
import sys, pathlib
from neumo.core.folder_lock import folder_locked
with folder_locked(pathlib.Path(sys.argv[1]), "taken"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_ends_with_its_holder_however_that_ends(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == b"held\n"
        with pytest.raises(NodeError, match="taken"), folder_locked(file, "taken"):
            pass
        other.kill()
        other.wait(60)
    with folder_locked(file, "taken"):
        pass
    with pytest.raises(NodeError, match="cannot be opened"), folder_locked(tmp_path / "no" / "lock", "taken"):
        pass
