"""Code meanings in other languages than English; the codes themselves, and what they identify, stay the same."""

from collections.abc import Iterator

from pydicom import Dataset
from pydicom.sr.coding import Code

from neumo.results.dicom.source import writable
from neumo.texts.catalogue import load_area
from neumo.texts.language import DEFAULT, Language, as_language

_AREA = "dicom_codes"


def meaning(code: Code, language: Language) -> str:
    """Translate the Code Meaning of a coded concept; English where there is no translation. Raises ConfigError."""
    if as_language(language) == DEFAULT:
        return str(code.meaning)
    return str(load_area(_AREA, language).get(code.scheme_designator, {}).get(code.value, code.meaning))


def translate_meanings(report: Dataset, language: Language, source: Dataset) -> None:
    """Put the meanings of neumo's codes, and of the clinical ones that it uses, into a language (PS3.3, section 8.3).

    Concepts of the standard's own templates keep the meanings that their tables state.

    Parameters
    ----------
    report : Dataset
        Changed in place.
    language : str
        "en" changes nothing.
    source : Dataset
        Header of the radiograph, whose character set the meanings are written in.
    """
    if language == DEFAULT:
        return
    meanings = load_area(_AREA, language)
    for item in _coded(report):
        known = meanings.get(item.get("CodingSchemeDesignator", ""), {})
        meaning = known.get(item.get("CodeValue", ""))
        if meaning is not None:
            item.CodeMeaning = writable(meaning, source)


def _coded(dataset: Dataset) -> Iterator[Dataset]:
    if "CodeValue" in dataset:
        yield dataset
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield from _coded(item)
