"""Interpretation of a header's body part and view: by code first, then by words of any spelling, language and case.

One contrary code or word wins over any number of matching ones: "AP LLD" is no frontal view, and the chest with the
abdomen is not the chest. What is neither known nor contrary is not taken for either.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from neumo.core.radiograph import AcquisitionFacts, CodedConcept
from neumo.inference.header_vocabulary import BODY_PARTS, RADLEX, SNOMED, VIEWS, Vocabulary


class Meaning(StrEnum):
    """Whether a header value matches a frontal chest radiograph, contradicts it, or is unknown."""

    MATCHING = "matching"
    CONTRARY = "contrary"
    UNKNOWN = "unknown"


_SEPARATORS: Final = re.compile(r"[\W_]+")
_NUMBERED: Final = re.compile(r"(?<=[a-z])(?=\d)")
"""As in "PA1"."""
_LETTERS_APART: Final = re.compile(r"(?<=\b[a-z])[ ./-](?=[a-z]\b)")
"""As in "p.a." and "A-P"."""
_LYING: Final = re.compile(r"\bdecubit[a-z]* (?:supin|pron|dorsal|ventral)[a-z]*")
"""Lying on back or belly in Romance languages, where the ray may well be vertical; "lateral" is named beside it."""
_SIDES: Final = re.compile(r"\b(?:bi|uni|ipsi|contra)later[a-z]*")
"""Words such as "bilateral", which name lungs and not a view."""
_CHEST_IN_A_WORD: Final = re.compile(r"chest|thorax|torax|lung")
"""Names of the chest that are written together with another region or a view, as in "NECKCHEST" and "THORAXLAT"."""


@dataclass(frozen=True)
class Stated:
    """A header value and whether it matches what is read.

    Attributes
    ----------
    text : str
        Empty where it states nothing.
    meaning : Meaning
    """

    text: str
    meaning: Meaning


def body_part_of(facts: AcquisitionFacts) -> Stated:
    """Interpret the body part: Body Part Examined and Anatomic Region Sequence."""
    return _stated(facts.body_part, facts.body_part_codes, BODY_PARTS)


def view_of(facts: AcquisitionFacts) -> Stated:
    """Interpret the view: View Position, View Code Sequence, Patient Orientation, and views named as body parts."""
    stated = _stated(facts.view_position, facts.view_codes, VIEWS)
    if stated.meaning is Meaning.CONTRARY:
        return stated
    # In a lateral view the rows run from front to back or back to front (DICOM PS3.3 section C.7.6.1.1.1).
    if facts.patient_orientation and facts.patient_orientation[0][:1] in {"A", "P"}:
        return Stated(
            "lateral (patient orientation " + "\\".join(facts.patient_orientation) + ")", Meaning.CONTRARY
        )
    elsewhere = facts.body_part or ""
    return Stated(elsewhere, Meaning.CONTRARY) if _of_words(elsewhere, VIEWS) is Meaning.CONTRARY else stated


def _stated(text: str | None, codes: Iterable[CodedConcept], known: Vocabulary) -> Stated:
    meanings = [(_shown(code), _of_code(code, known)) for code in codes]
    if text and text.strip():
        meanings.append((text.strip(), _of_words(text, known)))
    for wanted in (Meaning.CONTRARY, Meaning.MATCHING, Meaning.UNKNOWN):
        for shown, meaning in meanings:
            if meaning is wanted:
                return Stated(shown, meaning)
    return Stated("", Meaning.UNKNOWN)


def _shown(code: CodedConcept) -> str:
    return code.meaning or f"{code.value} ({code.scheme})"


def _of_code(code: CodedConcept, known: Vocabulary) -> Meaning:
    scheme, words = code.scheme.upper(), _of_words(code.meaning, known)
    value = code.value.upper() if scheme in SNOMED | RADLEX else ""
    if value in known.contrary_codes or words is Meaning.CONTRARY:
        return Meaning.CONTRARY
    if value in known.matching_codes or words is Meaning.MATCHING:
        return Meaning.MATCHING
    return Meaning.CONTRARY if scheme in known.others_contrary else Meaning.UNKNOWN


def _of_words(text: str, known: Vocabulary) -> Meaning:
    if not text:
        return Meaning.UNKNOWN
    plain = f" {_SIDES.sub('', _LYING.sub('', _plain(text)))}"
    if "".join(plain.split()).upper() in known.contrary_terms:
        return Meaning.CONTRARY
    words = frozenset(plain.split()) | frozenset(_CHEST_IN_A_WORD.sub(" ", plain).split())
    singular = frozenset(word.removesuffix("s") for word in words)
    if (words | singular) & known.contrary or any(part in plain for part in known.contrary_parts):
        return Meaning.CONTRARY
    if words & known.matching or any(part in plain for part in known.matching_parts):
        return Meaning.MATCHING
    return Meaning.UNKNOWN


def _plain(text: str) -> str:
    """Return lower-case words without accents, one space between them and before numbers; letters apart are joined."""
    folded = "".join(
        letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter)
    )
    joined = _LETTERS_APART.sub("", _NUMBERED.sub(" ", unicodedata.normalize("NFC", folded).casefold()))
    return " ".join(_SEPARATORS.split(joined)).strip()


def unread_values(facts: AcquisitionFacts) -> Iterator[tuple[str, str]]:
    """Yield element and value of what the header states and nobody here understands."""
    for element, stated in (("Body Part Examined", body_part_of(facts)), ("View Position", view_of(facts))):
        if stated.text and stated.meaning is Meaning.UNKNOWN:
            yield element, stated.text
