"""The PDF of a reading, read back."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject
from tests.support.hospital_samples import reading
from tests.support.reading_samples import UNVERIFIED

from neumo.core.errors import ConfigError, OutputError
from neumo.core.patient import PatientStudy
from neumo.core.reading import Notice, Status
from neumo.results.pdf import write_pdf
from neumo.texts.catalogue import texts
from neumo.texts.language import LANGUAGES, Language


def text_of(file: Path) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(file).pages).split())


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Not a medical device", "Viral pneumonia")),
        ("es", ("No es un dispositivo médico", "Neumonía")),
    ],
)
def test_it_says_what_the_reading_says(tmp_path: Path, language: Language, words: tuple[str, ...]) -> None:
    target = tmp_path / "a.pdf"
    given = reading(file="Pérez <b>&amp; Ñu.png")
    write_pdf(given, target, language)
    said = text_of(target)
    assert "Pérez <b>&amp; Ñu.png" in said
    for word in words:
        assert word.lower() in said.lower()
    assert given.answer is not None
    for share in given.answer.probabilities.values():
        assert f"{100 * share:.1f} %" in said
    document = PdfReader(target)
    assert str(document.root_object["/Lang"]) == language
    assert len(document.pages) <= 2
    resources = [cast(DictionaryObject, page["/Resources"]) for page in document.pages]
    fonts = [
        font.get_object() for each in resources for font in cast(DictionaryObject, each["/Font"]).values()
    ]
    assert any("/FontDescriptor" in font for font in fonts)


def test_a_refusal_gives_its_reasons_and_no_finding(tmp_path: Path) -> None:
    target = tmp_path / "a.pdf"
    reason = Notice("blank", "This is no chest.")
    write_pdf(reading(None, status=Status.REFUSED, reasons=(reason,)), target)
    assert "pneumonia:" not in text_of(target).lower() and "%" not in text_of(target)


def test_the_same_reading_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.pdf", "b.pdf"):
        write_pdf(reading(), tmp_path / name)
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="language"):
        write_pdf(reading(), tmp_path / "a.pdf", "fr")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        write_pdf(reading(), tmp_path / "file" / "a.pdf")


def test_every_sheet_says_whose_it_is(tmp_path: Path) -> None:
    long = replace(UNVERIFIED, note="A note that has no end. " * 180)
    whose = PatientStudy(name="Quijano^Dulcinea", id="MRN-1", birth_date="2021-03-14")
    for patient, named in ((whose, "Quijano, Dulcinea · MRN-1 · 2021-03-14"), (None, "film.png")):
        write_pdf(replace(reading(file="film.png"), decision=long), tmp_path / "a.pdf", patient=patient)
        pages = PdfReader(tmp_path / "a.pdf").pages
        assert len(pages) > 1
        for number, page in enumerate(pages, 1):
            assert named in page.extract_text() and str(number) in page.extract_text().split()


@pytest.mark.parametrize(
    "name", ["Иванов^Пётр", "Παπαδόπουλος^Νίκος", "Nguyễn^Thị Hường", "Łukasiewicz^Gőri"]
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_names_in_european_letters_stand_as_they_are(tmp_path: Path, name: str, language: Language) -> None:
    write_pdf(reading(file="a.png"), tmp_path / "a.pdf", language, PatientStudy(name=name, id="MRN-1"))
    said = text_of(tmp_path / "a.pdf")
    assert said.count(name.replace("^", ", ")) == 2, "at the head and at the foot"
    assert texts(language)("readings.spelt") not in said


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("name", "stands", "note"),
    [
        ("王^小東", "[Wang], [XiaoDong]", "spelt"),
        ("محمد^علي", "[mhmd], [`ly]", "spelt"),
        ("Wang^XiaoDong=王^小東", "Wang, XiaoDong", "name_elsewhere"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada, Tarou", "name_elsewhere"),
    ],
)
def test_names_in_other_letters_are_spelt_and_the_page_says_so(
    tmp_path: Path, name: str, stands: str, note: str, language: Language
) -> None:
    patient = PatientStudy(name=name, id="MRN-1")
    write_pdf(reading(file="a.png"), tmp_path / "a.pdf", language, patient)
    said = text_of(tmp_path / "a.pdf")
    assert stands in said and "MRN-1" in said and "?" not in said
    told = {key for key in ("spelt", "name_elsewhere") if texts(language)(f"readings.{key}") in said}
    assert told == {note}


def test_what_people_typed_in_other_letters_is_spelt_and_never_left_out(tmp_path: Path) -> None:
    noted = replace(UNVERIFIED, note="Nódulo 肺 de 3 cm\nÁngulo ж \ue000", abnormality="масса")
    write_pdf(replace(reading(file="胸部.png"), decision=noted), tmp_path / "a.pdf")
    said = text_of(tmp_path / "a.pdf")
    for text in ("[XiongBu].png", "Nódulo [Fei] de 3 cm", "Ángulo ж [U+E000]", "масса"):
        assert text in said
    assert texts("en")("readings.spelt") in said
