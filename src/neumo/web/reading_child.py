"""A reader's own process: answers requests on standard input, one JSON object a line.

A decoder may end its process, run for ever or take all memory on a corrupt file; here it takes nothing along,
and can be killed.
"""

import json
import os
import signal
import sys
import warnings
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, TextIO

from pydicom import dcmread

from neumo.core.errors import NeumoError
from neumo.core.faults import where_raised
from neumo.core.reading import Status
from neumo.imaging.dicom.recognise import is_dicom
from neumo.imaging.quiet import quiet
from neumo.inference.reader import Reader
from neumo.texts.language import as_language
from neumo.web.readings.reading_file import lay_out
from neumo.web.readings.rendering import render
from neumo.web.research.run_images import draw


def main() -> None:
    """Say that the reader is ready, or why not; then answer until standard input ends."""
    # Orders to stop reach the whole group of processes; the server decides when its readers end.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = _take_standard_output()
    warnings.simplefilter("ignore")
    settings = json.loads(sys.stdin.readline())
    memory = settings.pop("memory_bytes")
    try:
        reader = Reader(**settings, keep_pixels=True)
    except NeumoError as error:
        _say(answers, {"fault": str(error)})
        return
    limit_memory(memory)
    _say(answers, {"bundle": reader.bundle.digest, "options": reader.options})
    for line in sys.stdin:
        _say(answers, _answer(reader, json.loads(line)))


def limit_memory(more: int | None) -> None:
    """Let this process take so many bytes of address space more than it has, where the system can enforce that."""
    if more is None or not sys.platform.startswith("linux"):
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _take_standard_output() -> TextIO:
    """Keep standard output for answers, and let nothing that a library prints out of this process."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    return answers


def _say(answers: TextIO, value: Mapping[str, Any]) -> None:
    answers.write(json.dumps(value) + "\n")
    answers.flush()


def _answer(reader: Reader, request: Mapping[str, str]) -> dict[str, Any]:
    try:
        if request["do"] == "render":
            return render(
                Path(request["kept"]),
                request["name"],
                as_language(request["language"]),
                Path(request["target"]),
            )
        if request["do"] == "draw":
            return draw(Path(request["source"]), int(request["side"]), Path(request["target"]))
        return _read(reader, Path(request["source"]), Path(request["target"]), request["name"])
    except OSError as error:
        return {"error": "OSError", "errno": error.errno, "where": where_raised(error)}
    except Exception as error:  # whatever a file does to a reader, the next file is read
        return {"error": type(error).__name__, "where": where_raised(error)}


def _read(reader: Reader, source: Path, target: Path, name: str) -> dict[str, Any]:
    reading = replace(reader.read(source), file=name)
    if reading.status is Status.FAILED:
        reasons = [notice.to_json() for notice in reading.reasons]
        return {"status": reading.status.value, "reasons": reasons}
    temporary, kept = lay_out(target, reading, _header(source))
    return {"status": reading.status.value, "temporary": str(temporary), "kept": kept.to_json()}


def _header(source: Path) -> bytes | None:
    """Return a DICOM file without its pixels; None for other files, and for headers that cannot be written."""
    with source.open("rb") as stream:
        if not is_dicom(stream.read(132)):
            return None
    try:
        with quiet():
            dataset = dcmread(source, force=True, stop_before_pixels=True)
            buffer = BytesIO()
            dataset.save_as(buffer, enforce_file_format=True)
    except Exception:  # the parser's own errors are of any kind; the reading stands without its header
        return None
    return buffer.getvalue()


if __name__ == "__main__":
    main()
