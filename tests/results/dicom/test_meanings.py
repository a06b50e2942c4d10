"""Structured Reports in Spanish: the same codes, and what they mean in the language of the site."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import Dataset
from pydicom.sr.coding import Code
from tests.results.dicom.test_structured_report import VARIANTS
from tests.support.hospital_samples import errors_of, header, reading
from tests.support.reading_samples import DECISIONS

from neumo.core.reading import Notice
from neumo.results.dicom import codes, structured_report
from neumo.results.dicom.files import write_result
from neumo.results.dicom.read_back import read_back
from neumo.texts.catalogue import load_area

_MAX_MEANING = 64
"""Characters of a Code Meaning (LO)."""
LATIN = header(SpecificCharacterSet="ISO_IR 100")


def own_codes() -> set[Code]:
    """Every code of the module, those within its tables too."""

    def within(value: object) -> Iterator[Code]:
        if isinstance(value, Code):
            yield value
        elif isinstance(value, dict):
            for each in value.values():
                yield from within(each)

    return {code for value in vars(codes).values() for code in within(value)}


def items(dataset: Dataset) -> Iterator[Dataset]:
    if "CodeValue" in dataset:
        yield dataset
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield from items(item)


def texts_of(dataset: Dataset) -> Iterator[str]:
    if "TextValue" in dataset:
        yield str(dataset.TextValue)
    for item in dataset.get("ContentSequence", []):
        yield from texts_of(item)


def test_every_code_has_a_spanish_meaning_that_fits() -> None:
    stated = {(code.scheme_designator, code.value) for code in own_codes()}
    stated -= {("UCUM", "1"), ("UMLS", codes.QUALITATIVE_EVALUATIONS.value)}
    known = load_area("dicom_codes", "es")
    assert stated == {(scheme, value) for scheme, group in known.items() for value in group}
    meanings = [meaning for group in known.values() for meaning in group.values()]
    assert [meaning for meaning in meanings if len(meaning) > _MAX_MEANING] == []


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_spanish_report_keeps_to_its_definition_and_says_the_same(variant: str, tmp_path: Path) -> None:
    subject = reading(VARIANTS[variant])
    spanish = structured_report(subject, LATIN, language="es")
    assert errors_of(write_result(spanish, tmp_path)) == []
    english = structured_report(subject, LATIN)
    assert [(i.CodingSchemeDesignator, i.CodeValue) for i in items(spanish)][1:] == [
        (i.CodingSchemeDesignator, i.CodeValue if i.CodeValue != "en" else "es") for i in items(english)
    ][1:]
    assert read_back(spanish).answer == read_back(english).answer
    assert spanish.SOPInstanceUID != english.SOPInstanceUID


def test_verdict_etiology_evidence_and_decision_are_in_the_sites_language() -> None:
    spanish = structured_report(
        reading(decision=DECISIONS["verified"]),
        LATIN,
        language="es",
    )
    meanings = {item.CodeMeaning for item in items(spanish)}
    assert {"Neumonía", "Etiología de la neumonía", "Decisión de una persona", "Spanish"} <= meanings
    assert {"Calidad del modelo donde se midió", "Radiografías en las que se midió"} <= meanings
    english = {code.meaning for code in own_codes()} - {"Normal", "no units", "Qualitative Evaluations"}
    assert meanings & english == set()


def test_texts_are_in_the_sites_language() -> None:
    values = {"count": 40, "unit": "years", "youngest": 1, "oldest": 5}
    notice = Notice("outside_age_range", "The patient is 40 years old.", values)
    said = list(texts_of(structured_report(reading(warnings=(notice,)), LATIN, language="es")))
    assert any("El paciente tiene 40 años" in text for text in said)
    assert any(text.startswith("Resultado de IA, no verificado por un médico.") for text in said)


def test_accents_are_left_out_where_the_radiographs_character_set_has_none() -> None:
    plain = structured_report(reading(), header(SpecificCharacterSet="ISO_IR 6"), language="es")
    assert "Neumonia" in {item.CodeMeaning for item in items(plain)}
