"""Connects to a Ray cluster, or starts Ray on this machine, with a token, and without telemetry or dashboard."""

import logging
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from neumo.core.errors import ClusterError
from neumo.core.faults import own_fault

_ANSWER_SECONDS: Final = 10.0


@contextmanager
def connected(address: str | None) -> Iterator[Any]:
    """Yield the module, connected; nothing is reported to its makers, and no dashboard is started.

    Whoever reaches Ray's ports runs code as this user, and Ray listens on every interface even on one machine: it takes
    orders only with a token, which is made for this run and is known to its processes alone.
    """
    os.environ.update(RAY_USAGE_STATS_ENABLED="0", RAY_BACKEND_LOG_LEVEL="fatal")
    if address is not None:
        _require_answer(address)
    else:
        os.environ["RAY_AUTH_MODE"] = "token"
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))  # Ray reads it once in a process
    import ray
    import ray.data

    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        ray.init(
            address=address or "local",
            include_dashboard=None if address else False,
            _node_ip_address=None if address else "127.0.0.1",
            log_to_driver=False,
            logging_level=logging.ERROR,
            configure_logging=True,
        )
    except Exception as error:  # as of a node that took too long to start, which is a bare Exception
        ray.shutdown()
        if own_fault(error) is not None:  # of the disk or its permissions
            raise ClusterError(
                "Ray: its temporary files cannot be written ({reason}); set TMPDIR to another folder",
                reason=error,
            ) from error
        if address is None:
            raise ClusterError(
                "Ray: did not start on this machine ({kind}), as where it is too busy; run the same command again "
                "to go on",
                kind=type(error).__name__,
            ) from error
        raise ClusterError(
            "Ray: no cluster answers at {address} ({kind})", address=address, kind=type(error).__name__
        ) from error
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    try:
        yield ray
    finally:
        ray.shutdown()


def _require_answer(address: str) -> None:
    """Raise ClusterError where nothing listens at HOST:PORT; Ray itself would try for minutes."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal():
        return  # "auto", or what Ray finds itself
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_ANSWER_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise ClusterError(
            "Ray: no cluster answers at {address} ({kind})", address=address, kind=type(error).__name__
        ) from error
