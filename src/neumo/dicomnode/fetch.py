"""Retrieves and reads objects of a DICOMweb archive, and optionally stores the results there."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pydicom import Dataset, dcmwrite

from neumo.core.errors import ConfigError, OutputError
from neumo.core.faults import OWN_FAULTS, own_fault
from neumo.core.reading import Notice, Reading, Status
from neumo.dicomnode.work.results import Results
from neumo.inference.reader import Reader
from neumo.sending.attempts import Attempt, Fate, worst
from neumo.sending.dicomweb import Instance, Service, as_file, retrieve, store

_NOT_GIVEN = "The archive does not give the object, although it lists it."


def read_instance(
    reader: Reader, service: Service, instance: Instance, results: Results | None = None
) -> tuple[Reading, Attempt | None]:
    """Retrieve and read one object.

    Parameters
    ----------
    reader : Reader
        With `keep_pixels`, where `results` needs pixels.
    service : Service
    instance : Instance
    results : Results, optional
        Makes the objects to store in the archive; nothing is stored without it.

    Returns
    -------
    reading : Reading
        Its `file` is the SOP Instance UID; failed with "unreadable_file" where the object cannot be retrieved.
    stored : Attempt or None
        Outcome of storing; None where nothing was stored.
    """
    try:
        dataset = retrieve(service, instance)
        content = as_file(dataset)
    except Exception as error:  # ArchiveUnreachableError, or an error of the writer at an invalid data set
        own = own_fault(error)
        told = (
            f"The object cannot be had for a fault of this machine: {OWN_FAULTS[own]}." if own else _NOT_GIVEN
        )
        notice = Notice("unreadable_file", told)
        return Reading(instance.sop_instance_uid, None, Status.FAILED, reasons=(notice,)), None
    reading = replace(reader.read(content), file=instance.sop_instance_uid)
    if results is None or reading.status is Status.FAILED:
        return reading, None
    if reading.header is None:
        return reading, Attempt(Fate.REFUSED, "no header")
    try:
        with _written(results(reading, reading.header)) as files:
            return reading, worst(store(service, files))
    except (ConfigError, OutputError):
        raise
    except Exception as error:  # one object without results must not end the run
        return reading, Attempt(Fate.REFUSED, type(error).__name__)


@contextmanager
def _written(datasets: Sequence[Dataset]) -> Iterator[list[Path]]:
    with tempfile.TemporaryDirectory(prefix="neumo-fetch-") as folder:
        files = [Path(folder) / f"{number:02d}.dcm" for number in range(len(datasets))]
        for file, dataset in zip(files, datasets, strict=True):
            dcmwrite(file, dataset, enforce_file_format=True)
        yield files
