import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from neumo.core.errors import ConfigError
from neumo.core.findings import Finding
from neumo.core.folders import EntryKind, FolderEntry
from neumo.core.labels import LABELS
from neumo.datasets.check.check import audit_dataset
from neumo.datasets.check.issues import SEVERITIES, SEVERITY
from neumo.datasets.check.page import write_audit_html
from neumo.datasets.check.sentences import label_name
from neumo.datasets.check.shortcuts import STRENGTHS
from neumo.datasets.manifest import Manifest
from neumo.imaging.image_files import FoundFiles, Skip
from neumo.texts.catalogue import texts
from neumo.texts.language import LANGUAGES, Language

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


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_is_whole_in_itself_and_shows_what_was_found(
    tmp_path: Path, collect: Collect, texture: Texture, lang: Language
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
    parsed, t = Collected(page), texts(lang)
    skip, *pictures = parsed.addresses
    assert skip == "#content" and len(pictures) == 2
    assert all(address.startswith("data:image/jpeg;base64,") for address in pictures)
    assert not {"script", "link", "iframe", "em"} & set(parsed.tags)
    assert not re.search(r"url\(|@import|http(?!-equiv)", page)
    assert str(tmp_path) not in page
    for kind in ("picture-across-splits", "patient-across-splits", "conflicting-labels", "unreadable"):
        assert t(f"dataset_check.kinds.{kind}") in page
    assert t("dataset_check.verdict.leak", leaks=2) in page


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_counts_what_lies_in_the_folder_and_is_no_image(
    tmp_path: Path, collect: Collect, texture: Texture, lang: Language
) -> None:
    Image.fromarray(texture(1)).save(tmp_path / "a.png")
    shut = FolderEntry(tmp_path / "NORMAL" / "<b>shut", EntryKind.UNREADABLE, "Permission denied")
    skipped = {skip: 2 + at for at, skip in enumerate(Skip)}
    found = FoundFiles((tmp_path / "a.png",), skipped, (shut,))
    manifest = replace(collect([("a.png", N, "x", "")]), files=found)
    audit = audit_dataset(manifest, shortcuts=False)
    write_audit_html(audit, manifest, tmp_path / "page.html", lang)
    page, t = (tmp_path / "page.html").read_text(encoding="utf-8"), texts(lang)
    assert t("files.found", count=1 + sum(skipped.values())) in page
    for skip, count in skipped.items():
        assert t(f"files.skips.{skip}", count=count) in page
    assert "NORMAL/&lt;b&gt;shut" in page and "Permission denied" in page and str(tmp_path) not in page
    write_audit_html(audit, replace(manifest, files=FoundFiles()), tmp_path / "page.html", lang)
    assert t("dataset_check.files.title") not in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_an_unknown_language_is_refused_and_nothing_is_written(
    tmp_path: Path, collect: Collect, texture: Texture
) -> None:
    Image.fromarray(texture(1)).save(tmp_path / "a.png")
    manifest = collect([("a.png", N, "x", "")])
    with pytest.raises(ConfigError, match="'fr' is not known; use one of en, es"):
        write_audit_html(audit_dataset(manifest, shortcuts=False), manifest, tmp_path / "page.html", "fr")  # type: ignore[arg-type]
    assert not (tmp_path / "page.html").exists()


def test_every_issue_and_strength_has_its_messages() -> None:
    t = texts("en")
    assert list(t.group("dataset_check.kinds")) == list(t.group("dataset_check.remedies")) == list(SEVERITY)
    assert list(t.group("dataset_check.severities")) == list(SEVERITIES)
    assert t.group("dataset_check.shortcuts.strengths").keys() == set(STRENGTHS)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_label_has_its_name(lang: Language) -> None:
    assert all(label_name(label, lang) for label in LABELS)
