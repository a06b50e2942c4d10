"""Labels predicted from source, view, size and border alone, in sets where the answer is known."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from PIL import Image

from neumo.core.findings import Finding
from neumo.core.labels import Label, PartialLabel
from neumo.datasets.check.check import audit_dataset
from neumo.datasets.check.context import ACROSS, ContextControl
from neumo.datasets.check.page import write_audit_html
from neumo.datasets.check.sentences import context_sentence
from neumo.datasets.manifest import Entry, Manifest
from neumo.texts.catalogue import texts
from neumo.texts.language import LANGUAGES

NORMAL, PNEUMONIA = Finding.NORMAL, PartialLabel.PNEUMONIA
Attributes = Callable[[int, Label], tuple[str, str]]
"""Maps number and label of an image to its source and view."""


def manifest(
    folder: Path, attributes: Attributes, normals: Callable[[int], bool], wide: str = ""
) -> Manifest:
    """A set of 80 images of 80 patients of noise; those of source `wide` are wider."""
    entries = []
    for number in range(80):
        label = NORMAL if normals(number) else PNEUMONIA
        source, view = attributes(number, label)
        rng = np.random.default_rng(number)
        pixels = rng.integers(0, 255, (40, 60 if source == wide else 40), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
        entry = Entry(f"{number}.png", label, f"{source}:{number}", "", 0, 0, f"{number:064}")
        entries.append(replace(entry, attributes=MappingProxyType({"source": source, "view": view})))
    return Manifest(folder, tuple(entries))


def controls(found: Manifest) -> dict[tuple[str, str], ContextControl]:
    return {(one.group, one.sees): one for one in audit_dataset(found).context}


def test_a_source_that_tells_the_label_is_found_across_and_nothing_within(tmp_path: Path) -> None:
    """Of a nine tenths are normal, of b one tenth: guessing by the source is right in nine of ten."""
    found = controls(
        manifest(tmp_path, lambda n, _: ("ab"[n // 40], ""), lambda n: (n % 10 == 0) is (n >= 40), wide="a")
    )
    assert found[ACROSS, "source"].score.value == pytest.approx(0.87, abs=0.05)
    assert (
        found[ACROSS, "source"].alarming
        and found[ACROSS, "size"].alarming
        and found[ACROSS, "together"].alarming
    )
    assert (found[ACROSS, "source"].images, found[ACROSS, "source"].patients) == (80, 80)
    assert ("a", "size") not in found and ("a", "source") not in found, "all alike, so nothing to learn"
    assert not any(one.alarming for (group, _), one in found.items() if group), "four patients are too few"


def test_a_view_that_tells_the_label_is_found_within_each_source(tmp_path: Path) -> None:
    found = controls(
        manifest(
            tmp_path, lambda n, label: ("ab"[n % 2], "PA" if label is NORMAL else "AP"), lambda n: n % 4 < 2
        )
    )
    for group in (ACROSS, "a", "b"):
        assert found[group, "view"].score.value > 0.99 and found[group, "view"].alarming
    assert not found[ACROSS, "source"].alarming


def test_one_source_without_views_has_none(tmp_path: Path) -> None:
    assert audit_dataset(manifest(tmp_path, lambda *_: ("a", ""), lambda n: n % 2 == 0)).context == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_json_and_words_state_it_with_a_plain_warning(language: str, tmp_path: Path) -> None:
    found = manifest(tmp_path, lambda n, _: ("ab"[n // 40], ""), lambda n: n < 40)
    audit = audit_dataset(found)
    assert audit.context
    write_audit_html(audit, found, tmp_path / "page.html", language)  # type: ignore[arg-type]
    page = (tmp_path / "page.html").read_text()
    for control in audit.context:
        sentence = context_sentence(control, language)  # type: ignore[arg-type]
        assert sentence in page and f"{control.score.value:.3f}" in sentence
        warning = texts(language)("dataset_check.context.warning")  # type: ignore[arg-type]
        assert (warning in sentence) is control.alarming
        assert ("sampling.over" in sentence) is (control.alarming and control.sees not in ("size", "border"))
    plain = json.loads(json.dumps(audit.to_json(), allow_nan=False))["context"]
    assert [(one["group"], one["sees"]) for one in plain] == [(c.group, c.sees) for c in audit.context]
    assert plain[0]["score"]["strength"] == "strong" and plain[0]["patients"] == 80
