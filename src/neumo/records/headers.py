"""Whose image a DICOM file is, taken from its header and hashed at once, and readings that do not say it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydicom import dcmread

from neumo.imaging.quiet import quiet
from neumo.records.canonical import storable
from neumo.records.subjects import Subject, subject_of

_QUOTING: Final = ("warnings", "reasons", "notices")
"""Keys of a reading's plain form whose sentences and values may quote a path or identifier."""
_SHOWN: Final = 16
_KEYWORDS: Final = ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")


def subject_in(file: Path, key: bytes) -> Subject | None:
    """Return the subject of a DICOM file; None where it is none, or does not state its SOP Instance UID.

    Raises OSError where the file cannot be read.
    """
    try:
        with quiet():
            header = dcmread(file, stop_before_pixels=True, specific_tags=list(_KEYWORDS))
            patient, study, series, instance = (
                storable(str(header.get(keyword) or "")).strip() for keyword in _KEYWORDS
            )
    except OSError:
        raise
    except Exception:  # a header may hold rubbish anywhere, and a reading is recorded all the same
        return None
    if not instance:
        return None
    return subject_of(
        key,
        sop_instance_uid=instance,
        patient_id=patient,
        study_instance_uid=study,
        series_instance_uid=series,
    )


def nameless(values: Mapping[str, Any], subject: Subject, *told: str) -> dict[str, Any]:
    """Return a reading's plain values with the subject's hash instead of what tells who it is.

    Parameters
    ----------
    values : mapping
        As `Reading.to_json` makes them.
    subject : Subject
    told : str
        Paths and identifiers that reasons and warnings may quote.
    """
    name = f"dicom:{subject.keyed_hash[:_SHOWN]}"
    return {
        **values,
        "file": name,
        **{key: _without(values[key], told, name) for key in _QUOTING},
    }


def _without(value: Any, told: tuple[str, ...], name: str) -> Any:
    """Return plain values with `name` for each of `told` in every string."""
    if isinstance(value, str):
        for secret in sorted(filter(None, told), key=len, reverse=True):
            value = value.replace(secret, name)
        return value
    if isinstance(value, Mapping):
        return {key: _without(item, told, name) for key, item in value.items()}
    return [_without(item, told, name) for item in value] if isinstance(value, list) else value
