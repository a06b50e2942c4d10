"""Pages from templates: nothing from elsewhere, nothing in English alone, nothing left out silently."""

import base64
import io
import re
from collections import Counter
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from jinja2 import UndefinedError
from PIL import Image

from neumo.texts.pages import picture_uri, render

NEUMO = Path(str(files("neumo")))
TEMPLATES = sorted((NEUMO / "texts" / "templates").glob("*.j2"))
NAMES = {"neumo", "API", "JavaScript", "docs", "reference", "api.md.", "openapi.json", "api"}
"""Words that a template may hold: they are the same in every language."""


class _Words(HTMLParser):
    """Text that a template shows people, after its expressions are taken out."""

    def __init__(self, template: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self._silent = 0
        shown = re.sub(r"\{% block style %\}.*?\{% endblock %\}", " ", template, flags=re.DOTALL)
        self.feed(re.sub(r"\{[{%#].*?[#%}]\}", " ", shown, flags=re.DOTALL))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag == "style"
        for name, value in attrs:
            if name in {"alt", "title", "aria-label", "placeholder", "content"} and value and tag != "meta":
                self.words.append(value)

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag == "style"

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda file: file.name)
def test_templates_hold_no_words_of_a_language(template: Path) -> None:
    words = " ".join(_Words(template.read_text(encoding="utf-8")).words)
    assert set(re.findall(r"[A-Za-z][A-Za-z.]{2,}", words)) <= NAMES


def test_pages_load_nothing_from_elsewhere() -> None:
    pages = [*(NEUMO / "web" / "static").rglob("*"), *TEMPLATES]
    for page in (page for page in pages if page.is_file()):
        text = page.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|innerHTML", text), page
    for page in (NEUMO / "web" / "static").rglob("*.js"):
        assert "style=" not in page.read_text(encoding="utf-8"), page


def test_values_are_escaped_and_a_missing_one_is_an_error() -> None:
    page = render("readings.html.j2", "es", counts=Counter(read=2), made="<script>")
    assert "&lt;script&gt;" in page and "Leída: <strong>2</strong>" in page
    with pytest.raises(UndefinedError, match="made"):
        render("readings.html.j2", "es", counts=Counter())


def test_pictures_become_part_of_the_page_and_are_reduced() -> None:
    picture = picture_uri(np.zeros((300, 600, 3), dtype=np.uint8), 100)
    kind, _, data = picture.partition(",")
    assert kind == "data:image/jpeg;base64"
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (100, 50)
