"""The private parts of pynetdicom that neumo uses are still there, and are used in one file."""

import inspect
import re
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dimse_messages import DIMSEMessage
from pynetdicom.dul import DULServiceProvider
from pynetdicom.transport import AssociationSocket, RequestHandler, ThreadedAssociationServer

from neumo.sending import pynetdicom_internals

SOURCE = Path(inspect.getfile(pynetdicom_internals)).parents[1]
REMEDY = (
    "pynetdicom changed what src/neumo/sending/pynetdicom_internals.py rests on: compare each class and function there "
    "with the new version, run tests/dicomnode and tests/sending, and add the version to VERSIONS"
)
_PRIVATE = re.compile(r"pynetdicom\._|evt\._|\.(dul|dimse)\.(?!send_msg)|event_queue|to_user_queue|msg_queue")


def test_the_version_is_one_that_was_checked() -> None:
    installed = version("pynetdicom")
    assert ".".join(installed.split(".")[:2]) in pynetdicom_internals.VERSIONS, f"{installed}: {REMEDY}"


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        (AssociationSocket.__init__, ["self", "assoc", "client_socket", "address"]),
        (AssociationSocket._shutdown_socket, ["self"]),
        (AssociationSocket.recv, ["self", "nr_bytes"]),
        (AE._create_socket, ["self", "assoc", "address", "tls_args"]),
        (RequestHandler._create_association, ["self"]),
        (ThreadedAssociationServer._bind_defaults, ["self"]),
        (ThreadedAssociationServer.process_request_thread, ["self", "request", "client_address"]),
        (evt.get_default_handler, ["event"]),
    ],
)
def test_what_is_replaced_is_called_as_before(function: Callable[..., Any], parameters: list[str]) -> None:
    assert list(inspect.signature(function).parameters) == parameters, f"{function.__qualname__}: {REMEDY}"


@pytest.mark.parametrize(
    ("owner", "names"),
    [
        (DULServiceProvider, ["event_queue", "to_user_queue", "socket", "state_machine", "_kill_thread"]),
        (DIMSEServiceProvider, ["msg_queue", "message"]),
        (DIMSEMessage, ["encoded_command_set", "data_set"]),
        (Association, ["requestor", "dul", "dimse"]),
    ],
)
def test_what_is_looked_at_is_still_set(owner: type, names: list[str]) -> None:
    source = inspect.getsource(owner)
    missing = [name for name in names if f"self.{name}" not in source and not hasattr(owner, name)]
    assert missing == [], f"{owner.__name__}: {REMEDY}"


def test_no_other_file_leans_on_private_parts() -> None:
    leaning = [
        file.relative_to(SOURCE).as_posix()
        for file in SOURCE.rglob("*.py")
        if "pynetdicom" in (text := file.read_text(encoding="utf-8")) and _PRIVATE.search(text)
    ]
    assert leaning == ["sending/pynetdicom_internals.py"]
