"""Subjects of readings as keyed hashes (HMAC-SHA256, RFC 2104) of the identifiers in a DICOM header."""

import hashlib
import hmac
from dataclasses import dataclass


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


def patient_hash(key: bytes, patient_id: str) -> str:
    """Return the hash of a Patient ID (0010,0020); spaces around it do not count (PS3.5 section 6.2, LO)."""
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
