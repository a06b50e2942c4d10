"""All papers about a bundle, in every language, as HTML, Markdown and PDF."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from neumo.core.files import require_writable
from neumo.papers.checklists import checklist
from neumo.papers.interfaces import conformance, integration
from neumo.papers.model import card, data_sheet, facts, software
from neumo.papers.regulation import regulation
from neumo.papers.subject import Subject
from neumo.results.paper import Section, write_markdown, write_paper
from neumo.texts.catalogue import Texts, texts
from neumo.texts.language import LANGUAGES

PAPERS: Final[Mapping[str, Callable[[Subject, Texts], Iterator[Section]]]] = {
    "facts": facts,
    "card": card,
    "claim": partial(checklist, "claim"),
    "tripod": partial(checklist, "tripod"),
    "data_sheet": data_sheet,
    "dicom": conformance,
    "ihe": integration,
    "regulation": regulation,
    "software": software,
}
"""By the name of their files, which is that of their title among papers.titles."""


def write_papers(subject: Subject, folder: Path) -> list[Path]:
    """Write every paper; what was there of the same name is replaced.

    Raises
    ------
    MissingExtraError
        ReportLab is not installed.
    OutputError
        A file cannot be written.
    """
    require_writable(folder / "facts.en.html")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, made in PAPERS.items():
        for language in LANGUAGES:
            t = texts(language)
            title, parts = t(f"papers.titles.{name}"), list(made(subject, t))
            written += write_paper(folder, name, title, parts, language)
            written.append(write_markdown(folder, name, title, parts, language))
    return written
