"""Sends a canary to a node by C-STORE, and waits for what the node sends of it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydicom import Dataset, dcmwrite
from pynetdicom import AE, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at run time
    Comprehensive3DSRStorage,
    SecondaryCaptureImageStorage,
)

from neumo.core.errors import NodeError
from neumo.dicomnode.config import CanaryConfig, NodeConfig
from neumo.sending.attempts import Fate
from neumo.sending.c_store import send_by_c_store
from neumo.sending.destinations import CStoreDestination

_WILDCARDS = {"0.0.0.0", "::", ""}  # what a node listens on, from where a canary reaches it by loopback


@dataclass
class _Receiver:
    """Collects what is sent of one study."""

    study: str
    got: list[Dataset] = field(default_factory=list)
    whole: threading.Event = field(default_factory=threading.Event)

    def store(self, event: evt.Event) -> int:
        dataset = event.dataset
        dataset.file_meta = event.file_meta
        # Results of an earlier canary, which nobody waited for, are taken and forgotten.
        if dataset.get("StudyInstanceUID") == self.study:
            self.got.append(dataset)
        return 0

    def ended(self, _event: evt.Event) -> None:
        """One association brings all results of a reading."""
        if self.got:
            self.whole.set()


def send_canary(config: NodeConfig, canary: Dataset, wait: float) -> tuple[list[Dataset], float]:
    """Send a canary through a node, and return what the node sent of it and how many seconds that took.

    Parameters
    ----------
    config : NodeConfig
        Of the node, with a canary.
    canary : Dataset
        As `canary_object` makes it.
    wait : float
        Seconds.

    Raises
    ------
    ConfigError
        TLS files cannot be used.
    NodeError
        The node cannot be reached or does not take the canary, nothing comes back, or the port for that is taken.
    """
    settings = config.canary
    if settings is None:
        raise NodeError("canary: the settings of the node name none; add the section canary to them")
    receiver, started = _Receiver(canary.StudyInstanceUID), time.monotonic()
    with _listening(settings, receiver), TemporaryDirectory() as folder:
        file = Path(folder) / "canary.dcm"
        dcmwrite(file, canary, enforce_file_format=True)
        (attempt,) = send_by_c_store(_node(config), settings.ae_title, [file])
        if attempt.fate is not Fate.SENT:
            raise NodeError("the node did not take the canary ({reason})", reason=attempt.reason)
        if not receiver.whole.wait(wait):
            raise NodeError("the node sent nothing of the canary within {seconds:g} seconds", seconds=wait)
    return receiver.got, time.monotonic() - started


def _node(config: NodeConfig) -> CStoreDestination:
    receive = config.receive
    host = "127.0.0.1" if receive.host in _WILDCARDS else receive.host
    return CStoreDestination(
        name="node", kind="c-store", ae_title=receive.ae_title, host=host, port=receive.port, tls=receive.tls
    )


@contextmanager
def _listening(settings: CanaryConfig, receiver: _Receiver) -> Iterator[None]:
    entity = AE(settings.ae_title)
    entity.require_called_aet = True
    for sop_class in (Comprehensive3DSRStorage, SecondaryCaptureImageStorage):
        entity.add_supported_context(sop_class)
    handlers: list[Any] = [
        (evt.EVT_C_STORE, receiver.store),
        (evt.EVT_RELEASED, receiver.ended),
        (evt.EVT_ABORTED, receiver.ended),
    ]
    try:
        server = entity.start_server((settings.host, settings.port), block=False, evt_handlers=handlers)
    except OSError as error:
        raise NodeError(
            "canary: cannot listen on {host}:{port} ({reason}); another canary may be on its way",
            host=settings.host,
            port=settings.port,
            reason=error.strerror or error,
        ) from error
    try:
        yield
    finally:
        if server is not None:
            server.shutdown()
