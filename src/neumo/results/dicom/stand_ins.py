"""Stand-ins: readings whose Structured Reports differ in values only share a shape, for one skeleton."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pydicom import Dataset

from neumo.core.reading import Notice, Reading
from neumo.results.dicom.evidence_items import rounded
from neumo.results.dicom.source import Reference, reference_of, text_of, writable
from neumo.results.dicom.uids import stable_uid
from neumo.results.origin import Origin

_KEPT: Final = "Modality"
"""Attribute of the radiograph that decides what stands in a report, beside its class and character set."""
_NUMBER: Final = 9_000_000_000.0
_TEXT: Final = f"[stand-in {secrets.token_hex(8)} %d]"
"""No text of a reading holds it."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Shape of a report: all that it depends on beside the values that fill it. Shapes with the same key are equal.

    Attributes
    ----------
    key : str
        Of all that follows.
    reading : Reading
        With stand-ins for probabilities and for the texts of notices.
    source : Dataset
        A header with stand-ins for UIDs.
    stand_ins : frozenset of str or float
        All of them, in a report of `reading` and `source`.
    character_set : tuple of str
        Terms that texts are encoded by.
    """

    key: str
    reading: Reading = field(compare=False)
    source: Dataset = field(compare=False)
    stand_ins: frozenset[str | float] = field(compare=False)
    character_set: tuple[str, ...] = field(compare=False)


def emptied(
    reading: Reading,
    source: Dataset,
    character_set: tuple[str, ...],
    origin: Origin,
    uids: Callable[[Origin, Reference], tuple[str, ...]],
) -> tuple[Shape, dict[str | float, str | float]]:
    """Replace what differs from reading to reading by stand-ins.

    Parameters
    ----------
    reading : Reading
        Without a decision.
    source : Dataset
        Header of its radiograph.
    character_set : tuple of str
        Terms that the report's texts are encoded by.
    origin : Origin
    uids : callable
        UIDs in a report about a radiograph, those of the radiograph and those that follow from them.

    Returns
    -------
    Shape
    dict
        The value that belongs in the place of each stand-in.

    Raises
    ------
    ResultError
        The header lacks a UID.
    """
    reference = reference_of(source)
    header = Dataset()
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        setattr(header, keyword, stable_uid("stand-in", keyword))
    header.SOPClassUID = reference.sop_class
    setattr(header, _KEPT, text_of(source, _KEPT))
    if "SpecificCharacterSet" in source:
        header.SpecificCharacterSet = source.SpecificCharacterSet
    values: dict[str | float, str | float] = dict(
        zip(uids(origin, reference_of(header)), uids(origin, reference), strict=True)
    )

    def notices(actual: tuple[Notice, ...]) -> tuple[Notice, ...]:
        found = []
        for notice in actual:
            text = _TEXT % len(values)
            values[text] = writable(notice.text, source)
            found.append(Notice(notice.code, text))
        return tuple(found)

    answer = reading.answer
    if answer is not None:
        numbers = {outcome: _NUMBER + number for number, outcome in enumerate(answer.outcomes)}
        values |= {numbers[outcome]: rounded(answer.probabilities[outcome]) for outcome in answer.outcomes}
        answer = replace(answer, probabilities=numbers)
    stand_in = Reading(
        "", None, reading.status, answer, notices(reading.warnings), notices(reading.reasons),
        receipt=origin.to_receipt(),
    )  # fmt: skip
    stated: list[Any] = [stand_in.to_json(), reference.sop_class, text_of(source, _KEPT), character_set]
    key = json.dumps([*stated, str(source.get("SpecificCharacterSet"))])
    return Shape(key, stand_in, header, frozenset(values), character_set), values
