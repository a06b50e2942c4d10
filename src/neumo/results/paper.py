"""Papers of sections (sentences and tables), written as HTML, Markdown and PDF."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from neumo.core.files import replacing, write_text
from neumo.results.pdf import document_of
from neumo.texts.catalogue import texts
from neumo.texts.language import Language
from neumo.texts.pages import render


@dataclass(frozen=True)
class Section:
    """A part of a paper: a heading, sentences, and a table where `rows` holds any."""

    title: str
    sentences: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def write_paper(
    folder: Path, name: str, title: str, parts: Sequence[Section], language: Language
) -> list[Path]:
    """Write `NAME.LANGUAGE.html` and `.pdf` into a folder, each whole or not at all.

    Raises
    ------
    MissingExtraError
        ReportLab is not installed.
    OutputError
        A file cannot be written.
    """
    html, pdf = (folder / f"{name}.{language}.{kind}" for kind in ("html", "pdf"))
    write_text(html, render("paper.html.j2", language, title=title, sections=parts))
    content = paper_as_pdf(title, parts, language)
    with replacing(pdf) as temporary:
        temporary.write_bytes(content)
    return [html, pdf]


def write_markdown(folder: Path, name: str, title: str, parts: Sequence[Section], language: Language) -> Path:
    """Write `NAME.LANGUAGE.md` into a folder, whole or not at all. Raises OutputError."""
    target = folder / f"{name}.{language}.md"
    write_text(target, render("paper.md.j2", language, title=title, sections=parts))
    return target


def paper_as_pdf(title: str, parts: Sequence[Section], language: Language) -> bytes:
    """Return a paper as PDF. Raises MissingExtraError where ReportLab is not installed."""
    from reportlab.platypus import Paragraph, Table

    buffer = BytesIO()
    document, styles = document_of(buffer, title, language)
    t = texts(language)
    story: list[Any] = [
        Paragraph(escape(t("terms.disclaimer")), styles["notice"]),
        Paragraph(escape(title), styles["title"]),
    ]
    for part in parts:
        story.append(Paragraph(escape(part.title), styles["finding"]))
        story += [Paragraph(escape(sentence), styles["text"]) for sentence in part.sentences]
        if part.rows:
            cells = [
                [Paragraph(escape(cell), styles["small"]) for cell in row]
                for row in (part.headings, *part.rows)
            ]
            style = [("LINEBELOW", (0, 0), (-1, -1), 0.4, "#999999"), ("VALIGN", (0, 0), (-1, -1), "TOP")]
            story.append(Table(cells, hAlign="LEFT", style=style, repeatRows=1))
    document.build(story)
    return buffer.getvalue()
