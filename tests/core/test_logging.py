import io
import json
import logging
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from neumo.core.faults import where_raised
from neumo.core.logging import event, fault, log_to


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Captures the log while a test runs, with the process's own logging as before afterwards."""
    root, hook = logging.getLogger(), threading.excepthook
    names = ("pynetdicom", "pydicom", "dicomweb_client", "urllib3", "neumo.events")
    before = (root.handlers[:], root.level, {name: logging.getLogger(name).level for name in names})
    stream = io.StringIO()
    log_to(stream)
    yield stream
    logging.captureWarnings(False)
    threading.excepthook = hook
    root.handlers[:], level, levels = before
    root.setLevel(level)
    for name, value in levels.items():
        logging.getLogger(name).setLevel(value)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_with_time_level_and_fields(logged: io.StringIO) -> None:
    event("received", bytes=7, name="é\n")
    event("set_aside", level=logging.WARNING)
    first, second = lines(logged)
    assert first["time"].endswith("+00:00") and len(first["time"]) == 29
    assert (first["level"], first["event"], first["bytes"], first["name"]) == ("info", "received", 7, "é\n")
    assert (second["level"], second["event"]) == ("warning", "set_aside")


def test_of_errors_and_libraries_only_type_and_place_are_told(logged: io.StringIO) -> None:
    logging.getLogger("pydicom").error("Invalid value for PN: 'Doe^Jane'", exc_info=ValueError("Doe^Jane"))
    logging.getLogger("pydicom").warning("Doe^Jane")
    try:
        raise ValueError("Doe^Jane")
    except ValueError as error:
        fault("store_failed", error, reference="a1")
    library, failed = lines(logged)
    assert (library["event"], library["logger"]) == ("library", "pydicom")
    assert library["where"].startswith("test_logging.py:")
    assert (failed["error"], failed["reference"]) == ("ValueError", "a1")
    assert failed["where"].endswith("test_of_errors_and_libraries_only_type_and_place_are_told")
    assert "Doe" not in logged.getvalue()


def test_warnings_and_dying_threads_are_logged_without_their_words(logged: io.StringIO) -> None:
    def die() -> None:
        raise RuntimeError("Doe^Jane")

    def leave() -> None:
        raise SystemExit

    for target in (die, leave):
        thread = threading.Thread(target=target)
        thread.start()
        thread.join()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.getLogger("py.warnings").setLevel(logging.WARNING)
        warnings.warn("Doe^Jane", stacklevel=1)
    thread_failed, warned = lines(logged)
    assert (thread_failed["event"], thread_failed["error"]) == ("thread_failed", "RuntimeError")
    assert (warned["event"], warned["logger"]) == ("library", "py.warnings")
    assert "Doe" not in logged.getvalue()


def test_an_error_that_was_never_raised_has_no_place() -> None:
    assert where_raised(ValueError()) == ""
