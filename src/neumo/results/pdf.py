"""A reading as a PDF of one page or two, with the typeface embedded.

ReportLab draws it: it needs nothing but Pillow, whereas turning the HTML page into a PDF would need a browser.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from neumo.core.answer import Answer
from neumo.core.errors import MissingExtraError
from neumo.core.files import replacing
from neumo.core.patient import PatientStudy
from neumo.core.reading import Reading
from neumo.results.decision import decision_sentences
from neumo.results.overlays import overlay_of, shown_pixels
from neumo.results.patient_lines import patient_lines
from neumo.results.sentences import (
    notice_text,
    operating_point_sentence,
    performance_sentences,
    prediction_set_sentence,
    prevalence_sentence,
    verdict_text,
)
from neumo.results.typefaces import BOLD, REGULAR, lacks, register_typefaces, shown
from neumo.texts.catalogue import percent, texts
from neumo.texts.language import Language

if TYPE_CHECKING:
    from reportlab.platypus import Flowable, SimpleDocTemplate

_MARGIN: Final = 48.0
"""Points of 1/72 inch."""
_PICTURE: Final = 240.0
_MAX_SIDE: Final = 800


def write_pdf(
    reading: Reading, target: Path, language: Language = "en", patient: PatientStudy | None = None
) -> None:
    """Write a reading as PDF, whole or not at all; the same reading gives the same bytes.

    Parameters
    ----------
    reading : Reading
        With pixels and class map where it shall show them.
    target : Path
    language : str
        "en" or "es".
    patient : PatientStudy, optional
        Whose radiograph it is, where the report shall say so.

    Raises
    ------
    ConfigError
        Another language.
    MissingExtraError
        ReportLab or the typeface is not installed.
    OutputError
        It cannot be written.
    """
    content = pdf_of(reading, language, patient)
    with replacing(target) as temporary:
        temporary.write_bytes(content)


def pdf_of(reading: Reading, language: Language = "en", patient: PatientStudy | None = None) -> bytes:
    """Return a reading as PDF; parameters and errors as of `write_pdf`."""
    buffer = BytesIO()
    document, _ = document_of(buffer, texts(language)("readings.title"), language)
    foot = partial(_foot, _whose(reading, patient))
    document.build(list(_story(reading, language, patient)), onFirstPage=foot, onLaterPages=foot)
    return buffer.getvalue()


def require_pdf() -> None:
    """Raise MissingExtraError where ReportLab or the typeface is not installed."""
    document_of(BytesIO(), "", "en")


def document_of(
    buffer: BytesIO, title: str, language: Language
) -> "tuple[SimpleDocTemplate, dict[str, Any]]":
    """Return an A4 document to build into a buffer, and the styles of its paragraphs: text, small, notice, title, ...

    Raises
    ------
    MissingExtraError
        ReportLab or the typeface is not installed.
    """
    try:
        from reportlab.lib.pagesizes import A4
        from reportlab.platypus import SimpleDocTemplate
    except ImportError as error:
        raise MissingExtraError(
            "PDF results need the package reportlab, which is not installed; run: pip install 'neumo[web]'"
        ) from error
    register_typefaces()
    document = SimpleDocTemplate(
        buffer,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=f"neumo: {title}",
        author="neumo",
        lang=language,
        invariant=1,
    )
    return document, _styles()


def _story(reading: Reading, language: Language, patient: PatientStudy | None) -> "Iterator[Flowable]":
    from reportlab.platypus import Paragraph

    t, styles = texts(language), _styles()
    yield Paragraph(escape(t("terms.disclaimer")), styles["notice"])
    yield Paragraph(_drawn(reading.file), styles["title"])
    yield from _patient(_writable(patient), language, styles)
    for sentence in _letters(reading, language, patient):
        yield Paragraph(escape(sentence), styles["small"])
    for warning in reading.warnings:
        yield Paragraph(
            f"<b>{escape(t('readings.warnings'))}:</b> {_drawn(notice_text(warning, language))}",
            styles["alarm"],
        )
    if reading.answer is None:
        yield Paragraph(escape(t(f"readings.status.{reading.status.value}")), styles["finding"])
        for reason in reading.reasons:
            yield Paragraph(_drawn(notice_text(reason, language)), styles["text"])
    else:
        yield from _answer(reading.answer, language, styles)
    yield Paragraph(escape(t("readings.decision.title")), styles["notice"])
    for sentence in decision_sentences(reading.decision, language):
        yield Paragraph(_drawn(sentence).replace("\n", "<br/>"), styles["text"])
    yield from _pictures(reading, language, styles)
    yield from _origin(reading, language, styles)


def _patient(
    patient: PatientStudy | None, language: Language, styles: dict[str, Any]
) -> "Iterator[Flowable]":
    from reportlab.platypus import Paragraph

    lines = patient_lines(patient, language)
    said = [f"{escape(label)}: <b>{_drawn(value)}</b>" for label, value in lines]
    if said:
        yield Paragraph(" · ".join(said), styles["text"])


def _answer(answer: Answer, language: Language, styles: dict[str, Any]) -> "Iterator[Flowable]":
    from reportlab.platypus import Paragraph, Table

    t = texts(language)
    yield Paragraph(f"<b>{escape(verdict_text(answer, language))}</b>", styles["finding"])
    yield Paragraph(
        f"{escape(t('readings.most_probable'))}: {escape(t(f'terms.findings.{answer.finding}'))}",
        styles["text"],
    )
    rows = [[t(f"terms.findings.{outcome}"), percent(p)] for outcome, p in answer.probabilities.items()]
    yield Table(
        [[t("readings.probabilities"), ""], *rows], colWidths=[180, 60], hAlign="LEFT", style=_TABLE_STYLE
    )
    called = t("readings.pneumonia_yes" if answer.pneumonia else "readings.pneumonia_no")
    sentences = [
        prediction_set_sentence(answer, language),
        f"{called} {operating_point_sentence(answer, language)}",
        prevalence_sentence(answer, language),
    ]
    for sentence in filter(None, sentences):
        yield Paragraph(_drawn(sentence), styles["text"])
    for sentence in performance_sentences(answer, language):
        yield Paragraph(_drawn(sentence), styles["small"])


def _whose(reading: Reading, patient: PatientStudy | None) -> str:
    """Return the name at the head of each sheet: the patient where one is known, else the file."""
    patient = _writable(patient)
    known = () if patient is None else (patient.display_name, patient.id, patient.birth_date)
    return " · ".join(filter(None, known)) or reading.file


def _foot(whose: str, canvas: Any, _document: Any) -> None:
    from reportlab.lib.utils import simpleSplit

    width = canvas._pagesize[0] - 2 * _MARGIN
    line, *more = simpleSplit(shown(whose), REGULAR, 8, width - 40) or [""]
    canvas.setFont(REGULAR, 8)
    canvas.drawString(_MARGIN, _MARGIN / 2, line + ("..." if more else ""))
    canvas.drawRightString(_MARGIN + width, _MARGIN / 2, str(canvas.getPageNumber()))


def _drawn(text: str) -> str:
    """Return a text as markup of a paragraph."""
    return escape(shown(text))


def _letters(reading: Reading, language: Language, patient: PatientStudy | None) -> Iterator[str]:
    """Yield the notes about names and texts that the page transliterates, since the font lacks their script."""
    t = texts(language)
    names = [] if patient is None else patient.display_names
    if any(lacks(name) for name in names) and not all(lacks(name) for name in names):
        yield t("readings.name_elsewhere")
    notices = (notice_text(notice, language) for notice in (*reading.warnings, *reading.reasons))
    lines = (value for _, value in patient_lines(_writable(patient), language))
    free = (reading.file, *lines, *notices, *decision_sentences(reading.decision, language))
    if any(map(lacks, free)):
        yield t("readings.spelt")


def _writable(patient: PatientStudy | None) -> PatientStudy | None:
    """Return a patient with only those name groups whose script the font has; unchanged where it has none."""
    groups = (
        [] if patient is None else [group for group in (patient.name or "").split("=") if not lacks(group)]
    )
    name = "=".join(group for group in groups if group.strip("^ "))
    return patient if patient is None or not name else replace(patient, name=name)


def _pictures(reading: Reading, language: Language, styles: dict[str, Any]) -> "Iterator[Flowable]":
    from reportlab.platypus import Paragraph, Table

    t = texts(language)
    pixels = shown_pixels(reading, _MAX_SIDE)
    heat = overlay_of(reading, pixels)
    pictures = [_picture(picture) for picture in (pixels, heat) if picture is not None]
    if pictures:
        yield Table([pictures], hAlign="LEFT", style=[("LEFTPADDING", (0, 0), (-1, -1), 0)])
    if heat is not None:
        yield Paragraph(escape(t("readings.heat_map_note")), styles["small"])


def _picture(pixels: NDArray[np.uint8]) -> "Flowable":
    from reportlab.platypus import Image as Picture

    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    buffer.seek(0)
    scale = _PICTURE / max(pixels.shape[:2])
    return Picture(buffer, width=pixels.shape[1] * scale, height=pixels.shape[0] * scale)


def _origin(reading: Reading, language: Language, styles: dict[str, Any]) -> "Iterator[Flowable]":
    from reportlab.platypus import Paragraph

    if reading.receipt is None:
        return
    bundle, software = reading.receipt["bundle"], reading.receipt["software"]
    made = texts(language)(
        "readings.banner.maker", neumo=software["neumo"], name=bundle["name"], version=bundle["version"]
    )
    lines = [made, f"SHA-256 {reading.sha256}", f"{bundle['name']}: {bundle['digest']}"]
    yield Paragraph("<br/>".join(_drawn(line) for line in lines), styles["small"])


_TABLE_STYLE: Final = [
    ("FONT", (0, 0), (-1, -1), REGULAR, 10),
    ("FONT", (0, 0), (-1, 0), BOLD, 10),
    ("ALIGN", (1, 0), (1, -1), "RIGHT"),
    ("LINEBELOW", (0, 0), (-1, -2), 0.4, "#999999"),
]


def _styles() -> dict[str, Any]:
    from reportlab.lib.styles import ParagraphStyle

    text = ParagraphStyle("text", fontName=REGULAR, fontSize=10, leading=12.5, spaceBefore=5)
    # File names and hashes may have no place to break.
    small = ParagraphStyle("small", text, fontSize=8, leading=9.5, textColor="#444444", splitLongWords=1)
    return {
        "text": text,
        "small": small,
        "notice": ParagraphStyle("notice", text, fontName=BOLD),
        "title": ParagraphStyle("title", text, fontName=BOLD, fontSize=14.5, leading=17, splitLongWords=1),
        "finding": ParagraphStyle("finding", text, fontSize=13.5, leading=16, spaceAfter=6),
        "alarm": ParagraphStyle("alarm", text, backColor="#fff3c4", borderPadding=3, spaceBefore=8),
    }
