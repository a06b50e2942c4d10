"""Whose image a reading is of, told by hashes that only the holder of a key can make (HMAC-SHA256, RFC 2104)."""

import hashlib
import hmac
import os
from dataclasses import dataclass
from pathlib import Path

from neumo.core.errors import ArchiveError

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Subject:
    """An image as the hospital identifies it, each identifier as 64 hexadecimal digits.

    Attributes
    ----------
    keyed_hash : str
        Of the SOP Instance UID.
    patient_hash, study_hash, series_hash : str or None
        Of the Patient ID, the Study and the Series Instance UID; None where the header states none.
    """

    keyed_hash: str
    patient_hash: str | None = None
    study_hash: str | None = None
    series_hash: str | None = None


def load_key(file: Path) -> bytes:
    """Read the key of an archive's hashes; where there is no file, make one that its owner alone may read.

    Several processes may do so at once and get the same key.

    Raises
    ------
    ArchiveError
        The file cannot be read or made, others may read it, or it is shorter than 32 bytes.
    """
    try:
        if not file.exists():
            _make(file)
        key, mode = file.read_bytes(), file.stat().st_mode & 0o777
    except OSError as error:
        raise ArchiveError(f"{file}: the key cannot be read or made ({error.strerror or error})") from error
    if mode & 0o077:
        raise ArchiveError(f"{file}: others may read this key (mode {mode:o}); chmod 600 it")
    if len(key) < _KEY_BYTES:
        raise ArchiveError(f"{file}: is shorter than {_KEY_BYTES} bytes; name a file that is not there yet")
    return key


def _make(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}-{os.urandom(8).hex()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(os.urandom(_KEY_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(temporary, file)  # unlike a rename, it leaves a key that another process made meanwhile
        except FileExistsError:
            return
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def patient_hash(key: bytes, patient_id: str) -> str:
    """Return what stands for a Patient ID (0010,0020); spaces around it do not count (PS3.5 section 6.2, LO)."""
    return _hash(key, "patient", patient_id.strip())


def subject_of(
    key: bytes,
    *,
    sop_instance_uid: str,
    patient_id: str = "",
    study_instance_uid: str = "",
    series_instance_uid: str = "",
) -> Subject:
    """Return an image's hashes; an identifier that is empty has none."""
    return Subject(
        _hash(key, "instance", sop_instance_uid),
        patient_hash(key, patient_id) if patient_id.strip() else None,
        _hash(key, "study", study_instance_uid) if study_instance_uid else None,
        _hash(key, "series", series_instance_uid) if series_instance_uid else None,
    )


def _hash(key: bytes, kind: str, identifier: str) -> str:
    # The kind goes in, so that a study and a patient of the same number do not look related.
    return hmac.new(key, f"{kind}\0{identifier}".encode(), hashlib.sha256).hexdigest()
