"""Request handler in a reader's child process: reads uploads, renders results, draws pictures."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from neumo.core.age_override import AgeOverride
from neumo.core.reading import Notice, Reading
from neumo.inference.reader import Reader
from neumo.records.originals import keep_original, overridable
from neumo.records.reading_file import write_reading_file
from neumo.web.readings.rendering import render
from neumo.web.research.drawing import draw
from neumo.worker.reader_child import ReaderHandler

HANDLER: Final = "neumo.web.readings.reader_requests:open_handler"


def open_handler(reader: Reader) -> ReaderHandler:
    """Return the handler of requests.

    They are "read" (an upload), "fail" (an upload that ended the reader process which had it), "render" (a stored
    reading) and "draw" (a run's image).
    """

    def handle(request: Mapping[str, Any]) -> Mapping[str, Any]:
        target = Path(request["target"])
        match request["do"]:
            case "render":
                return render(request, target, reader.bundle)
            case "draw":
                return draw(Path(request["source"]), int(request["side"]), target)
            case "fail":
                return _written(reader.failed(*_lost(request)), target)
            case _:
                return _read(reader, request, target)

    return handle


def _read(reader: Reader, request: Mapping[str, Any], target: Path) -> dict[str, Any]:
    source, reason = Path(request["source"]), request.get("reason")
    override = None if reason is None else AgeOverride(reason, request["by"])
    reading = replace(reader.read(source, age_override=override), file=request["name"])
    if overridable(reading.to_json()):
        keep_original(source, target)
    return _written(reading, target)


def _lost(request: Mapping[str, Any]) -> tuple[str, str, int, Notice]:
    return request["name"], request["sha256"], request["size"], Notice.from_json(request["failed"])


def _written(reading: Reading, target: Path) -> dict[str, Any]:
    """Write a reading beside `target`; of a failure its header and receipt are all that there is."""
    temporary, content = write_reading_file(target, reading)
    return {"status": reading.status.value, "temporary": str(temporary), "content": content.to_json()}
