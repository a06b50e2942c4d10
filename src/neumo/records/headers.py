"""Whose image a DICOM file is, taken from its header and hashed at once, and readings that do not say it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from neumo.imaging.quiet import quiet
from neumo.records.canonical import storable
from neumo.records.subjects import Subject, subject_of

if TYPE_CHECKING:
    from pydicom import Dataset

_QUOTING: Final = ("warnings", "reasons", "notices")
"""Keys of a reading's plain form whose sentences and values may quote a path or identifier."""
_SHOWN: Final = 16
_KEYWORDS: Final = {
    "sop_instance_uid": "SOPInstanceUID",
    "patient_id": "PatientID",
    "study_instance_uid": "StudyInstanceUID",
    "series_instance_uid": "SeriesInstanceUID",
}


def identifiers_of(header: "Dataset | None") -> dict[str, str] | None:
    """Return a DICOM header's identifiers under the names that `subject_of` gives them.

    None where there is no header, or it does not state its SOP Instance UID, or states rubbish.
    """
    if header is None:
        return None
    try:
        with quiet():
            found = {
                name: storable(str(header.get(keyword) or "")).strip() for name, keyword in _KEYWORDS.items()
            }
    except Exception:  # a header may hold rubbish anywhere, and a reading is recorded all the same
        return None
    return found if found["sop_instance_uid"] else None


def subject_in(header: "Dataset | None", key: bytes) -> Subject | None:
    """Return the subject that a DICOM header states; None where it states none."""
    identifiers = identifiers_of(header)
    return None if identifiers is None else subject_of(key, **identifiers)


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
