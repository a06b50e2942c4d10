"""The reader's own process: answers requests on standard input, one JSON object a line.

A decoder may end its process or run for ever on a corrupt file; here it takes nothing along, and can be killed.
"""

import json
import os
import shutil
import signal
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from pydicom import Dataset, dcmread, dcmwrite

from neumo.core.errors import NeumoError
from neumo.core.faults import where_raised
from neumo.core.files import PART, sync, write_private
from neumo.core.reading import Reading, Status
from neumo.dicomnode.store.data_folder import READING
from neumo.dicomnode.work.results import Results, load_results
from neumo.inference.reader import Reader


def main() -> None:
    """Say that the reader is ready, or why not; then answer until standard input ends."""
    # Orders to stop reach the whole group of processes; the node decides when its readers end.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = _take_standard_output()
    warnings.simplefilter("ignore")
    settings = json.loads(sys.stdin.readline())
    try:
        results = load_results(settings.pop("results"))
        reader = Reader(**settings, keep_pixels=True)
    except NeumoError as error:
        _say(answers, {"fault": str(error)})
        return
    _say(answers, {"bundle": reader.bundle.digest})
    for line in sys.stdin:
        _say(answers, _answer(reader, results, json.loads(line)))


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


def _answer(reader: Reader, results: Results, request: Mapping[str, str]) -> dict[str, Any]:
    target = Path(request["target"])
    try:
        if target.is_dir():  # an earlier node was killed after this reading and before it took note of it
            return {"status": json.loads((target / READING).read_bytes())["status"], "again": True}
        source = Path(request["source"])
        reading = replace(reader.read(source), file=request["name"])
        if reading.status is Status.FAILED:
            return {"status": "failed", "reasons": [notice.code for notice in reading.reasons]}
        header = dcmread(source, stop_before_pixels=True)
        _keep(target, reading, results(reading, header))
    except Exception as error:  # whatever an object does to a reader, the next object is read
        return {"error": type(error).__name__, "where": where_raised(error)}
    return {"status": reading.status.value, "reasons": [notice.code for notice in reading.reasons]}


def _keep(target: Path, reading: Reading, datasets: Sequence[Dataset]) -> None:
    """Make the results folder, whole or not at all; one that is already there stays as it is."""
    temporary = target.with_name(f"{PART}{os.urandom(8).hex()}")
    temporary.mkdir(mode=0o700)
    try:
        write_private(temporary / READING, [json.dumps(reading.to_json()).encode()])
        for number, dataset in enumerate(datasets):
            file = temporary / f"{number:02d}.dcm"
            dcmwrite(file, dataset, enforce_file_format=True)
            sync(file)
        sync(temporary)
        try:
            temporary.rename(target)
        except OSError:
            if not target.is_dir():
                raise
        sync(target.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


if __name__ == "__main__":
    main()
