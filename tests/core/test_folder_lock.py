import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from neumo.core.errors import NodeError
from neumo.core.folder_lock import folder_locked, in_turn

HOLD = """
import sys, pathlib
from neumo.core.folder_lock import folder_locked
with folder_locked(pathlib.Path(sys.argv[1]), "taken"):
    print("held", flush=True)
    sys.stdin.read()
    print("given back", flush=True)
"""


def holder(file: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-c", HOLD, str(file)]
    other = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout is not None and other.stdout.readline() == b"held\n"
    return other


def test_a_lock_ends_with_its_holder_however_that_ends(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    with holder(file) as other:
        with pytest.raises(NodeError, match="taken"), folder_locked(file, "taken"):
            pass
        other.kill()
        other.wait(60)
    with folder_locked(file, "taken"):
        pass
    with pytest.raises(NodeError, match="cannot be opened"), folder_locked(tmp_path / "no" / "lock", "taken"):
        pass


def test_who_waits_in_turn_goes_on_when_the_holder_ends(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    with holder(file) as other, ThreadPoolExecutor(1) as pool:
        assert other.stdin is not None and other.stdout is not None
        entered = pool.submit(enter, file)
        assert wait([entered], timeout=0.3).not_done
        other.stdin.close()
        entered.result(60)
        assert other.stdout.read() == b"given back\n"
    enter(tmp_path / "lock" / "cannot be made")


def enter(file: Path) -> None:
    with in_turn(file):
        pass
