"""Readings without what tells whose radiograph it is, for people who may not see patients."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from neumo.core.age_override import AgeOverride
from neumo.core.reading import Notice, Reading, Status
from neumo.texts.catalogue import texts

_DIGITS: Final = 16
HIDDEN: Final = {"hidden": "age"}
"""Values of a notice whose sentence would state the patient's age."""


def unnamed(reading: Reading) -> Reading:
    """Return a reading of a DICOM or unreadable file under a name of its content, and notices that state no age."""
    return replace(
        reading,
        file=_name(reading.sha256, reading.status),
        warnings=tuple(map(ageless, reading.warnings)),
        reasons=tuple(map(ageless, reading.reasons)),
        header=None,
    )


def unnamed_body(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a stored reading's plain form as `unnamed` does; one that names no patient as it is."""
    if not may_name(body.get("patient"), body["status"]):
        return body
    return {**body, **unnamed(Reading.from_json(body)).to_json(body["heatmap"]), "patient": None}


def unnamed_file(body: Mapping[str, Any]) -> str:
    """Return the name that `unnamed_body` gives a stored reading's file."""
    named, file = may_name(body.get("patient"), body["status"]), str(body["file"])
    return _name(body["sha256"], body["status"]) if named else file


def may_name(patient: object, status: str) -> bool:
    """Whether a file may tell whose radiograph it is: a DICOM file, or one that could not be read and may be one."""
    return patient is not None or status == Status.FAILED


def _name(sha256: str | None, status: str) -> str:
    kind = "unread" if status == Status.FAILED else "dicom"
    return f"{kind}:{(sha256 or '')[:_DIGITS]}"


def ageless(notice: Notice) -> Notice:
    """Return a notice that does not state the patient's age, nor what somebody wrote of it."""
    if notice.code == "age_overridden":  # its reason is free text
        return AgeOverride(texts("en")("readings.reason_hidden"), notice.values["by"]).notice
    if "age" not in notice.values:
        return notice
    return Notice(notice.code, texts("en")("readings.age_hidden"), HIDDEN)
