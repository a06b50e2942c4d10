"""DICOMweb client: search (QIDO-RS), retrieve (WADO-RS) and store (STOW-RS); PS3.18."""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from dicomweb_client import DICOMwebClient
from pydicom import Dataset, dcmwrite

from neumo.core.errors import ArchiveUnreachableError
from neumo.core.message import Message
from neumo.imaging.dicom.parse import parse_file
from neumo.imaging.dicom.uids import is_uid
from neumo.imaging.quiet import quiet
from neumo.sending.attempts import SENT, Attempt, Fate

PAGE_SIZE = 100
MAX_REQUEST_BYTES = 32 * 2**20
_UNAVAILABLE = frozenset({401, 403, 404, 407, 408, 425, 429, 500, 502, 503, 504, 507})
"""HTTP statuses that concern the service, not the objects that were sent."""
_OUT_OF_RESOURCES = range(0xA700, 0xA800)


@dataclass(frozen=True, slots=True)
class Service:
    """Address of a DICOMweb service, and credentials.

    Attributes
    ----------
    url : str
        Such as "http://localhost:8042/dicom-web".
    user, password : str or None
        For HTTP basic authentication; only sensible over https or on one machine.
    ca : Path or None
        PEM file with the authorities that its certificate must come from; None takes the usual ones.
    timeout : float
        In seconds to connect, and between bytes.
    """

    url: str
    user: str | None = None
    password: str | None = None
    ca: Path | None = None
    timeout: float = 60


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of an archive."""

    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str


def store(service: Service, files: Sequence[Path]) -> list[Attempt]:
    """Store DICOM files by STOW-RS; one attempt for each file, in order. Raises OSError."""
    client, attempts = _client(service), list[Attempt]()
    for group in _by_size(files):
        if attempts and attempts[-1].fate is Fate.UNAVAILABLE:
            attempts += [attempts[-1]] * len(group)
        else:
            attempts += _store_together(client, group)
    return attempts


def _by_size(files: Sequence[Path]) -> Iterator[list[Path]]:
    """Group files by size; the client builds each request in memory."""
    group, size = list[Path](), 0
    for file in files:
        length = file.stat().st_size
        if group and size + length > MAX_REQUEST_BYTES:
            yield group
            group, size = [], 0
        group.append(file)
        size += length
    if group:
        yield group


def _store_together(client: DICOMwebClient, files: Sequence[Path]) -> list[Attempt]:
    datasets = [parse_file(file, whole=True) for file in files]
    try:
        answer = client.store_instances(datasets)
    except requests.HTTPError as error:
        return [_refused_request(error)] * len(files)
    except (requests.RequestException, ValueError, KeyError) as error:
        return [Attempt(Fate.UNAVAILABLE, type(error).__name__)] * len(files)
    reasons = _failures(answer)
    return [_stored(str(dataset.SOPInstanceUID), reasons) for dataset in datasets]


def search(service: Service, filters: Mapping[str, str], limit: int | None = None) -> Iterator[Instance]:
    """Search for objects, page by page (PS3.18 section 10.6).

    Parameters
    ----------
    service : Service
    filters : mapping of str to str
        Keyword or tag to value, such as {"Modality": "CR", "StudyDate": "20240101-20240131"}.
    limit : int, optional
        Maximum number of objects.

    Raises
    ------
    ArchiveUnreachableError
        The service does not answer, or its answer is not a search result.
    """
    client, found, seen = _client(service), 0, set[str]()
    while True:
        rows = _page(client, service, filters, offset=len(seen))
        listed = [instance for instance in map(_instance, rows) if instance is not None]
        if rows and not listed:
            raise ArchiveUnreachableError(
                "{url}: answers something that is no search result; check the address", url=service.url
            )
        fresh = [instance for instance in listed if instance.sop_instance_uid not in seen]
        # An archive that ignores offsets returns the same page again; after the last page it returns none.
        if not fresh:
            return
        for instance in fresh:
            if limit is not None and found >= limit:
                return
            seen.add(instance.sop_instance_uid)
            found += 1
            yield instance
        if len(rows) < PAGE_SIZE:
            return


def retrieve(service: Service, instance: Instance) -> Dataset:
    """Retrieve an object in the transfer syntax that it is stored in. Raises ArchiveUnreachableError."""
    try:
        dataset = _client(service).retrieve_instance(
            instance.study_instance_uid,
            instance.series_instance_uid,
            instance.sop_instance_uid,
            media_types=(("application/dicom", "*"),),
        )
    except Exception as error:  # parsers of the answer raise errors of many kinds
        raise _unreachable(service, Message("does not give an object that it lists"), error) from error
    if str(dataset.get("SOPInstanceUID", "")) != instance.sop_instance_uid:
        raise ArchiveUnreachableError("{url}: gives another object than was asked for", url=service.url)
    return dataset


def as_file(dataset: Dataset) -> bytes:
    """Return a data set as a DICOM file (PS3.10)."""
    buffer = io.BytesIO()
    with quiet():
        dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def _client(service: Service) -> DICOMwebClient:
    session = requests.Session()
    if service.user is not None:
        session.auth = (service.user, service.password or "")
    if service.ca is not None:
        session.verify = str(service.ca)
    client = DICOMwebClient(service.url.rstrip("/"), session=session, timeout=service.timeout)
    # Callers decide whether and when to retry.
    client.set_http_retry_params(retry=False)
    return client


def _page(client: DICOMwebClient, service: Service, filters: Mapping[str, str], offset: int) -> list[Any]:
    try:
        rows = list(
            client.search_for_instances(
                search_filters=dict(filters),
                fields=["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"],
                limit=PAGE_SIZE,
                offset=offset,
            )
        )
    except Exception as error:  # parsers of the answer raise errors of many kinds
        raise _unreachable(service, Message("cannot be searched"), error) from error
    return rows


def _instance(row: Mapping[str, Any]) -> Instance | None:
    try:
        uids = [str(row[tag]["Value"][0]) for tag in ("0020000D", "0020000E", "00080018")]
    except (KeyError, IndexError, TypeError):
        return None
    return Instance(*uids) if all(is_uid(uid) for uid in uids) else None


def _unreachable(service: Service, what: str, error: Exception) -> ArchiveUnreachableError:
    response = getattr(error, "response", None)
    why = type(error).__name__ if response is None else f"HTTP {response.status_code}"
    return ArchiveUnreachableError(
        "{url}: {what} ({why}); check the address, the user and the archive's log",
        url=service.url,
        what=what,
        why=why,
    )


def _refused_request(error: requests.HTTPError) -> Attempt:
    status = error.response.status_code if error.response is not None else 0
    return Attempt(Fate.UNAVAILABLE if status in _UNAVAILABLE else Fate.REFUSED, f"HTTP {status}")


def _failures(answer: Dataset) -> dict[str, int]:
    """Return failure reasons by SOP Instance UID (PS3.18 table I.2-1)."""
    failed = [*answer.get("FailedSOPSequence", []), *answer.get("OtherFailuresSequence", [])]
    return {
        str(item.get("ReferencedSOPInstanceUID", "")): int(item.get("FailureReason", 0)) for item in failed
    }


def _stored(uid: str, reasons: Mapping[str, int]) -> Attempt:
    reason = reasons.get(uid, reasons.get(""))
    if reason is None:
        return SENT
    fate = Fate.BUSY if reason in _OUT_OF_RESOURCES else Fate.REFUSED
    return Attempt(fate, f"failure reason {reason:04X}")
