"""In a reader's child process: an object to a results folder."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydicom import Dataset

from neumo.core.answer import Verdict
from neumo.core.digests import sha256_of
from neumo.core.errors import OutputError
from neumo.core.files import creating_folder, new_private_file
from neumo.core.reading import Notice, Reading, Status
from neumo.dicomnode.store.data_folder import IDENTIFIERS, PATIENT, RADIOGRAPH, READING
from neumo.dicomnode.work.beginning import beginning_of_object
from neumo.dicomnode.work.results import load_results
from neumo.imaging.dicom.patient import read_patient
from neumo.inference.reader import Reader
from neumo.inference.site_notices import site_notices
from neumo.records.headers import identifiers_of
from neumo.records.originals import keep_original, overridable
from neumo.records.reading_file import write_reading_file
from neumo.results.dicom.files import write_dicom
from neumo.results.dicom.source import left_out_of
from neumo.results.kinds import USUAL, Kind
from neumo.texts.language import DEFAULT, Language
from neumo.worker.reader_child import ReaderHandler


def open_handler(
    reader: Reader,
    *,
    results: str,
    language: Language = DEFAULT,
    objects: Sequence[Kind] = USUAL,
    radiographs: bool = False,
) -> ReaderHandler:
    """Return the handler of objects: from `source`, `target` and `name` to a status, with the reason where it failed.

    With `failed`, a notice, the object is not read; the report says that it could not be, and why.

    Parameters
    ----------
    reader : Reader
    results : str
        "module:function" of the maker of results. Raises ConfigError where there is none.
    language : str
        Of what neumo itself makes.
    objects : sequence of str
        Kinds of objects that neumo itself makes.
    radiographs : bool
        Keep what the workbench shows of a reading, too.
    """
    make_results = load_results(results, language, objects)

    def handle(request: Mapping[str, Any]) -> dict[str, Any]:
        target = Path(request["target"])
        if request.get("failed"):
            return _failed(reader, request, language, keep=radiographs)
        if target.is_dir():  # an earlier node was killed after this reading and before it took note of it
            known = json.loads((target / READING).read_bytes())
            if known["status"] == Status.FAILED:
                return _failure(known["notices"]["reasons"][0], reported=True)
            return {"status": known["status"], "flagged": known.get("verdict") == Verdict.PNEUMONIA}
        reading = replace(reader.read(Path(request["source"])), file=request["name"])
        if reading.status is Status.FAILED:
            return _failure(reading.reasons[0].to_json(), reported=False)
        assert reading.header is not None, "the node takes DICOM objects alone"
        kept = Path(request["source"]) if radiographs else None
        _write_results(target, reading, make_results(reading, reading.header), kept)
        site = [notice.code for notice in site_notices(reader.bundle.site)]
        return {
            "status": reading.status.value,
            "flagged": reading.flagged,
            "left_out": left_out_of(reading.header),
            "site": site,
        }

    return handle


def _failed(reader: Reader, request: Mapping[str, Any], language: Language, *, keep: bool) -> dict[str, Any]:
    """Write the Structured Report of an object that cannot be read, for a reason; of its header only the beginning."""
    from neumo.results.dicom import structured_report

    source, target = Path(request["source"]), Path(request["target"])
    if not target.is_dir():
        header = beginning_of_object(source)
        reason = Notice.from_json(request["failed"])
        reading = reader.failed(request["name"], sha256_of(source), source.stat().st_size, reason)
        reading = replace(reading, header=header)
        report = structured_report(reading, header, language=language)
        _write_results(target, reading, [report], source if keep else None)
    return _failure(request["failed"], reported=True)


def _failure(reason: Mapping[str, Any], *, reported: bool) -> dict[str, Any]:
    return {"status": Status.FAILED.value, "reason": reason, "reported": reported}


def _write_results(
    target: Path, reading: Reading, datasets: Sequence[Dataset], source: Path | None = None
) -> None:
    """Write the results folder atomically; an existing one is left unchanged. Raises OutputError.

    With `source`, the file that was read, it holds what the workbench shows, too.
    """
    try:
        with creating_folder(target, private=True, durable=True) as temporary:
            patient = read_patient(reading.header)
            values = {
                READING: reading.to_json(),
                IDENTIFIERS: identifiers_of(reading.header),
                PATIENT: None if patient is None else patient.to_json(),
            }
            for name, value in values.items():
                with new_private_file(temporary / name) as stream:
                    stream.write(json.dumps(value).encode())
            if source is not None:
                kept = temporary / RADIOGRAPH
                if overridable(reading.to_json()):
                    keep_original(source, kept)
                write_reading_file(kept, reading)[0].rename(kept)
            for number, dataset in enumerate(datasets):
                with new_private_file(temporary / f"{number:02d}.dcm") as stream:
                    write_dicom(stream, dataset)
    except OutputError:
        if not target.is_dir():
            raise
