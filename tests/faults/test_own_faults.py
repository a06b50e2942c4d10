"""A fault of this machine is called that wherever it strikes, and nothing that was given is blamed for it."""

import errno
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.uid import ExplicitVRLittleEndian
from tests.support.films_of_patients import KEY, patients_film
from tests.support.node_samples import written

from neumo.bundle.drift_reference import load_drift_reference
from neumo.bundle.folder import load_bundle
from neumo.bundle.places import BUILT_IN
from neumo.core import child
from neumo.core.errors import BundleError
from neumo.core.faults import OWN_FAULTS
from neumo.core.frames import receive_frame, send_frame
from neumo.core.message import Message
from neumo.deidentification.files import Fate, deidentify_file
from neumo.dicomnode.receive.object_uids import read_uids
from neumo.web.http.problems import own_problem

FAULTS = {
    "out_of_memory": MemoryError(),
    "too_many_files": OSError(errno.EMFILE, "Too many open files"),
    "disk_error": OSError(errno.EIO, "Input/output error"),
    "not_permitted": PermissionError(errno.EACCES, "Permission denied"),
}


def failing(fault: BaseException) -> Callable[..., None]:
    def fails(*_given: object, **_named: object) -> None:
        raise fault

    return fails


@pytest.mark.parametrize("place", ["ImageFile", "deidentify", "words_left", "text_in_rim", "dcmwrite"])
@pytest.mark.parametrize("code", FAULTS)
def test_deidentification_blames_no_file(
    code: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = written(patients_film(), tmp_path / "in.dcm")
    monkeypatch.setattr(f"neumo.deidentification.files.{place}", failing(FAULTS[code]))
    outcome = deidentify_file(source, tmp_path / "out", KEY)
    assert outcome.fate is Fate.FAILED
    assert OWN_FAULTS[code] in outcome.reason and "parsed" not in outcome.reason
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("code", FAULTS)
def test_the_node_does_not_call_an_object_unreadable(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neumo.dicomnode.receive.object_uids.parse_beginning", failing(FAULTS[code]))
    with pytest.raises(type(FAULTS[code])):
        read_uids(b"anything", ExplicitVRLittleEndian)


@pytest.mark.parametrize("code", ["too_many_files", "disk_error", "not_permitted"])
def test_a_bundle_is_not_to_be_installed_again(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = shutil.copytree(BUILT_IN, tmp_path / "bundle")
    for method in ("iterdir", "read_bytes", "open"):
        with monkeypatch.context() as patched:
            patched.setattr(Path, method, failing(FAULTS[code]))
            with pytest.raises(BundleError) as raised:
                (load_drift_reference if method == "open" else load_bundle)(bundle)
        assert str(FAULTS[code].args[1]) in str(raised.value)
        assert "install" not in str(raised.value) and "is no" not in str(raised.value)


@pytest.mark.parametrize("code", FAULTS)
def test_a_child_that_cannot_load_says_why(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        monkeypatch.setattr(child, "load_function", lambda _name: failing(FAULTS[code]))
        send_frame(ours, {"opener": "a:b", "settings": {}, "memory_bytes": None})
        assert child._started(theirs) is None
        assert OWN_FAULTS[code] in Message.from_json(receive_frame(ours)[0]["fault"])


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [
        (errno.ENOSPC, 507, "disk_full"),
        (errno.EDQUOT, 507, "disk_full"),
        (errno.EMFILE, 503, "server_fault"),
        (errno.EACCES, 503, "server_fault"),
        (errno.EIO, 503, "server_fault"),
    ],
)
def test_the_workbench_calls_the_disk_full_only_where_it_is(number: int, status: int, code: str) -> None:
    problem = own_problem(OSError(number, "fault"))
    assert (problem.status, problem.code) == (status, code)
