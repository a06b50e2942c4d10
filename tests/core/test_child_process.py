"""Children that die, hang, are stopped, fill memory, print, and outlive nobody."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.support.waiting import wait_until

from neumo.core import child_process
from neumo.core.child_process import ChildProcess
from neumo.core.errors import ChildError, ChildStartError
from neumo.core.frames import MAX_PAYLOAD_BYTES, receive_frame

pytestmark = pytest.mark.usefixtures("installed_children")

ROOT = Path(__file__).parents[2]
MIB = 2**20

Make = Callable[..., ChildProcess]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    made: list[ChildProcess] = []

    def make_child(seconds: float = 60, memory_bytes: int | None = None, **settings: Any) -> ChildProcess:
        child = ChildProcess(
            "tests.support.children:open_child", settings, seconds=seconds, memory_bytes=memory_bytes
        )
        made.append(child)
        return child

    yield make_child
    for child in made:
        child.end()


def code_of(child: ChildProcess, **request: Any) -> str:
    with pytest.raises(ChildError) as caught:
        child.ask(request)
    return caught.value.code


def test_a_child_answers_with_values_and_bytes(make: Make) -> None:
    child = make(colour="blue")
    child.start()
    assert child.ready == {"pid": child.pid, "settings": {"colour": "blue"}}
    assert child.ask({"do": "echo", "say": "ñ"}, b"\x00\xff")[1] == b"\x00\xff"
    answer, _ = child.ask({"do": "echo", "say": "ñ"})
    assert answer == {"pid": child.pid, "said": "ñ"}


def test_large_payloads_come_and_go_whole(make: Make) -> None:
    content = os.urandom(30 * MIB)
    assert make().ask({"do": "echo"}, content)[1] == content


def test_what_a_child_prints_disturbs_nothing(make: Make, capfd: pytest.CaptureFixture[str]) -> None:
    child = make(start="noise")
    assert child.ask({"do": "noise"})[0] == {"said": ""}
    assert child.ask({"do": "echo", "say": 1})[0]["said"] == 1
    assert capfd.readouterr() == ("", "")


def test_what_a_request_raises_is_told_by_kind_and_place_and_the_next_is_answered(make: Make) -> None:
    child = make()
    answer, _ = child.ask({"do": "raise"})
    assert answer["error"] == "ValueError" and answer["where"].startswith("children.py:")
    assert "patient" not in str(answer)
    assert child.ask({"do": "echo"})[0]["pid"] == child.pid


@pytest.mark.parametrize("start", ["refuse", "die"])
def test_a_child_that_does_not_start_says_why(make: Make, start: str) -> None:
    child = make(start=start)
    with pytest.raises(ChildStartError, match="a setting is wrong" if start == "refuse" else "process ended"):
        child.start()
    assert child.pid is None


def test_a_crash_costs_one_request(make: Make) -> None:
    child = make()
    child.start()
    first = child.pid
    assert code_of(child, do="crash") == "crash"
    assert child.ask({"do": "echo"})[0]["pid"] != first


def test_a_child_that_was_killed_while_idle_is_replaced_unnoticed(make: Make) -> None:
    child = make()
    child.start()
    first = child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    assert child.ask({"do": "echo"})[0]["pid"] != first


@pytest.mark.parametrize("how", ["sleep", "hang", "stop"])
def test_what_takes_too_long_is_killed(make: Make, tmp_path: Path, how: str) -> None:
    child = make(seconds=1)
    child.start()
    pid = child.pid
    with pytest.raises(ChildError, match="took longer than 1 s") as caught:
        child.ask({"do": how, "mark": str(tmp_path / "mark")})
    assert caught.value.code == "timeout"
    assert pid is not None and not psutil.pid_exists(pid)
    assert child.ask({"do": "echo"})[0]["pid"] != pid


def test_a_child_that_takes_no_bytes_is_killed(make: Make) -> None:
    child = make(seconds=1)
    child.start()
    assert child.pid is not None
    os.kill(child.pid, signal.SIGSTOP)
    with pytest.raises(ChildError) as caught:
        child.ask({"do": "echo"}, bytes(10 * MIB))
    assert caught.value.code == "timeout"


def test_memory_beyond_the_limit_is_told_as_such(make: Make) -> None:
    child = make(memory_bytes=256 * MIB)
    assert child.ask({"do": "fill", "bytes": 100 * MIB})[0] == {"filled": 100 * MIB}
    with pytest.raises(ChildError, match="needs more memory than allowed \\(256 MiB\\)") as caught:
        child.ask({"do": "keep", "bytes": 512 * MIB})
    assert caught.value.code == "out_of_memory"
    assert child.ask({"do": "fill", "bytes": 100 * MIB})[0] == {"filled": 100 * MIB}
    assert code_of(child, do="bad_alloc") == "out_of_memory"
    assert code_of(child, do="fill", bytes=2**40) == "out_of_memory", "at once, as no memory is touched"


@pytest.mark.parametrize(
    "request_", [{"do": "fill", "bytes": 4096 * MIB}, {"do": "keep", "bytes": 64 * MIB}], ids=str
)
def test_a_memory_limit_too_small_for_anything_is_told_as_such(make: Make, request_: dict[str, Any]) -> None:
    assert code_of(make(memory_bytes=0), **request_) == "out_of_memory"


def test_an_answer_that_does_not_fit_is_told_as_such(make: Make) -> None:
    assert code_of(make(memory_bytes=64 * MIB), do="large", bytes=4096 * MIB) == "out_of_memory"


def test_without_a_limit_memory_is_free(make: Make) -> None:
    assert make().ask({"do": "fill", "bytes": 600 * MIB})[0] == {"filled": 600 * MIB}


def test_a_request_is_cancelled_from_another_thread(make: Make, tmp_path: Path) -> None:
    child, mark = make(), tmp_path / "mark"
    told: list[str] = []
    thread = threading.Thread(target=lambda: told.append(code_of(child, do="sleep", mark=str(mark))))
    thread.start()
    wait_until(mark.exists)
    child.kill("cancelled")
    thread.join(30)
    assert told == ["cancelled"]
    assert code_of(child, do="echo") == "cancelled", "nothing is asked until that is allowed"
    child.allow()
    assert child.ask({"do": "echo", "say": 2})[0]["said"] == 2


def test_a_request_is_cancelled_while_the_child_starts(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    child, spawn = make(), child_process._spawn

    def cancelled_meanwhile() -> child_process._Running:
        running = spawn()
        child.kill("cancelled")
        return running

    monkeypatch.setattr(child_process, "_spawn", cancelled_meanwhile)
    assert code_of(child, do="hang") == "cancelled"


def test_what_keeps_a_child_from_being_killed_leaves_nothing_open(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = make()
    child.start()
    running = child._running
    assert running is not None
    with monkeypatch.context() as broken, pytest.raises(PermissionError):
        broken.setattr(subprocess.Popen, "kill", lambda _: (_ for _ in ()).throw(PermissionError()))
        child.end()
    assert running.link.fileno() == -1
    running.process.wait(60)  # the closed lifeline ends it


_PARENT = """
import os, sys, threading, time
from pathlib import Path
from neumo.core.child_process import ChildProcess

child = ChildProcess("tests.support.children:open_child", {}, seconds=600, memory_bytes=None)
# From a thread that ends: the child must outlive it, and not its process.
starter = threading.Thread(target=child.start)
starter.start()
starter.join()
how, mark = sys.argv[1], Path(sys.argv[2])
if how != "idle":
    threading.Thread(target=child.ask, args=[{"do": how, "mark": str(mark)}], daemon=True).start()
    while not mark.exists():
        time.sleep(0.01)
else:
    assert child.ask({"do": "echo"})[0]["pid"] == child.pid
sys.stdout.write(f"{child.pid}\\n")
sys.stdout.flush()
time.sleep(600)
"""


@pytest.mark.parametrize("how", ["idle", "sleep", "hang", "stop"])
def test_a_child_dies_with_its_parent_whatever_it_does(how: str, tmp_path: Path, make: Make) -> None:
    mark = tmp_path / "mark"
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT, how, str(mark)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        if how == "stop":
            wait_until(lambda: child.status() == psutil.STATUS_STOPPED)
        parent.kill()
    wait_until(lambda: not _lives(child))


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_a_fork_of_the_parent_neither_uses_nor_keeps_nor_ends_its_child(make: Make) -> None:
    child = make()
    child.start()
    reading, writing = os.pipe()
    copy = os.fork()
    if copy == 0:
        os.write(writing, b"none" if child.pid is None else b"some")
        os._exit(0)
    os.waitpid(copy, 0)
    assert os.read(reading, 4) == b"none"
    os.close(reading)
    os.close(writing)
    assert child.ask({"do": "echo"})[0]["pid"] == child.pid


def test_a_message_that_claims_too_much_is_not_waited_for() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall((2).to_bytes(4, "big") + (MAX_PAYLOAD_BYTES + 1).to_bytes(4, "big"))
        with pytest.raises(ConnectionAbortedError, match="claims"):
            receive_frame(ours)
        theirs.sendall((2).to_bytes(4, "big") + (0).to_bytes(4, "big") + b"??")
        with pytest.raises(ConnectionAbortedError, match="JSON"):
            receive_frame(ours)
