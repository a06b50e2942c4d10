import logging
from typing import Any

import pytest

from neumo.dicomnode.ops.node_log import NodeLog


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    return dict(vars(record)["fields"])


def test_uids_are_logged_as_hashes_alone(caplog: pytest.LogCaptureFixture) -> None:
    log = NodeLog(b"k" * 32)
    with caplog.at_level(logging.INFO, "neumo.events"):
        log.info("received", instance="1.2.3", study="1.2", bytes=7)
        log.warning("set_aside", instance="1.2.3", reason="crash")
        log.fault("worker_waits", OSError(28, "1.2.3"))
    received, set_aside, waits = caplog.records
    hashed = log.hashed("1.2.3")
    assert len(hashed) == 16
    assert fields_of(received) == {"instance": hashed, "study": log.hashed("1.2"), "bytes": 7}
    assert fields_of(set_aside) == {"instance": hashed, "reason": "crash"}
    assert fields_of(waits) == {"error": "OSError", "where": ""}
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING", "ERROR"]


def test_hashes_depend_on_the_key() -> None:
    assert NodeLog(b"k" * 32).hashed("1.2") != NodeLog(bytes(32)).hashed("1.2")
