"""Storage SCU: sends results to an archive by C-STORE."""

from collections.abc import Sequence
from pathlib import Path

from pydicom import Dataset
from pynetdicom.association import Association

from neumo.imaging.dicom.parse import parse_file
from neumo.sending.attempts import SENT, Attempt, Fate
from neumo.sending.destinations import CStoreDestination
from neumo.sending.pynetdicom_internals import ClosingEntity
from neumo.sending.tls import client_context

_SUCCESS = 0x0000
_WARNINGS = range(0xB000, 0xC000)
"""Stored, with elements coerced or left out (PS3.4 table B.2-1)."""
_OUT_OF_RESOURCES = range(0xA700, 0xA800)
_MAX_CONTEXTS = 128
"""Presentation contexts of one association (PS3.8 section 9.3.2.2: odd identifiers 1-255)."""


def send_by_c_store(destination: CStoreDestination, calling: str, files: Sequence[Path]) -> list[Attempt]:
    """Send DICOM files over one association.

    Parameters
    ----------
    destination : CStoreDestination
    calling : str
        The node's own AE title.
    files : sequence of Path

    Returns
    -------
    list of Attempt
        One for each file, in order.

    Raises
    ------
    NodeError
        The destination's TLS files cannot be used.
    OSError
        A file cannot be read.
    """
    entity = _entity(destination, calling, files)
    association = entity.associate(
        destination.host,
        destination.port,
        ae_title=destination.ae_title,
        tls_args=(client_context(destination.tls), destination.host) if destination.tls else None,
    )
    established: bool = association.is_established
    if not established:
        reason = "association rejected" if association.is_rejected else "no association"
        return [Attempt(Fate.UNAVAILABLE, reason)] * len(files)
    try:
        return [_send(association, file) for file in files]
    finally:
        if association.is_established:
            association.release()
        else:
            association.kill()


def _entity(destination: CStoreDestination, calling: str, files: Sequence[Path]) -> ClosingEntity:
    entity = ClosingEntity(calling)
    entity.connection_timeout = destination.timeout
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = destination.timeout
    meta = [parse_file(file).file_meta for file in files]
    kinds = dict.fromkeys((info.MediaStorageSOPClassUID, info.TransferSyntaxUID) for info in meta)
    for sop_class, syntax in list(kinds)[:_MAX_CONTEXTS]:
        entity.add_requested_context(sop_class, syntax)
    return entity


def _send(association: Association, file: Path) -> Attempt:
    if not association.is_established:
        return Attempt(Fate.UNAVAILABLE, "association lost")
    dataset = parse_file(file, whole=True)
    try:
        status = association.send_c_store(dataset)
    except ValueError:  # no presentation context was accepted for it
        return Attempt(Fate.REFUSED, "no presentation context")
    except RuntimeError:
        return Attempt(Fate.UNAVAILABLE, "association lost")
    return _attempt_of(status)


def _attempt_of(answer: Dataset) -> Attempt:
    if "Status" not in answer:
        return Attempt(Fate.UNAVAILABLE, "no answer")
    status = int(answer.Status)
    if status == _SUCCESS or status in _WARNINGS:
        return SENT
    reason = f"status {status:04X}"
    return Attempt(Fate.BUSY if status in _OUT_OF_RESOURCES else Fate.REFUSED, reason)
