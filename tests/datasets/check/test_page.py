import re
import shutil
import string
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from neumo.core.errors import NeumoError
from neumo.core.findings import Finding
from neumo.datasets.check.check import audit_dataset
from neumo.datasets.check.issues import SEVERITIES, SEVERITY
from neumo.datasets.check.page import write_audit_html
from neumo.datasets.check.shortcuts import STRENGTHS
from neumo.datasets.check.texts import TEXTS
from neumo.datasets.manifest import Manifest

N, B, V = Finding
Collect = Callable[..., Manifest]
Texture = Callable[[int], np.ndarray]


class Collected(HTMLParser):
    """Every address and every tag of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href"}]


@pytest.mark.parametrize("lang", list(TEXTS))
def test_the_page_is_whole_in_itself_and_shows_what_was_found(
    tmp_path: Path, collect: Collect, texture: Texture, lang: str
) -> None:
    Image.fromarray(texture(1)).save(tmp_path / "a.png")
    shutil.copy(tmp_path / "a.png", tmp_path / "b.png")
    Image.fromarray(texture(2)).save(tmp_path / "<em>c & d.png")
    (tmp_path / "broken.png").write_text("x")
    rows = [("a.png", N, "x", "train"), ("b.png", B, "y", "test"), ("<em>c & d.png", V, "<script>", "train")]
    rows += [("broken.png", V, "<script>", "test")]
    manifest = collect(rows)
    audit = audit_dataset(manifest, shortcuts=False)
    target = tmp_path / "page.html"
    write_audit_html(audit, manifest, target, lang)
    page = target.read_text(encoding="utf-8")
    parsed = Collected(page)
    assert len(parsed.addresses) == 2
    assert all(address.startswith("data:image/jpeg;base64,") for address in parsed.addresses)
    assert not {"script", "link", "iframe", "em"} & set(parsed.tags)
    assert not re.search(r"url\(|@import|http", page)
    assert str(tmp_path) not in page
    for kind in ("picture-across-splits", "patient-across-splits", "conflicting-labels", "unreadable"):
        assert TEXTS[lang][kind] in page
    assert TEXTS[lang]["verdict-leak"].format(n=2) in page


def test_an_unknown_language_is_refused_and_nothing_is_written(
    tmp_path: Path, collect: Collect, texture: Texture
) -> None:
    Image.fromarray(texture(1)).save(tmp_path / "a.png")
    manifest = collect([("a.png", N, "x", "")])
    with pytest.raises(NeumoError, match="'fr' is unknown; use one of en, es"):
        write_audit_html(audit_dataset(manifest, shortcuts=False), manifest, tmp_path / "page.html", "fr")
    assert not (tmp_path / "page.html").exists()


def test_both_languages_hold_the_same_texts_and_places() -> None:
    def places(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    english, spanish = TEXTS["en"], TEXTS["es"]
    assert english.keys() == spanish.keys()
    assert all(places(english[key]) == places(spanish[key]) for key in english)
    needed = {
        *SEVERITY,
        *(f"do-{kind}" for kind in SEVERITY),
        *SEVERITIES,
        *(f"strength-{name}" for name in STRENGTHS),
    }
    assert needed <= english.keys()
