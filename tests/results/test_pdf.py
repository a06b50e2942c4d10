"""The PDF of a reading, read back."""

from pathlib import Path
from typing import cast

import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject
from tests.support.hospital_samples import reading

from neumo.core.errors import ConfigError, OutputError
from neumo.core.reading import Notice, Status
from neumo.results.pdf import write_pdf
from neumo.texts.language import Language


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
