"""The check of a data set as one self-contained HTML page."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neumo.core.errors import UnreadableImageError
from neumo.core.files import write_text
from neumo.core.names import shown_path
from neumo.datasets.check.check import Audit
from neumo.datasets.check.duplicates import NEAR_SIMILARITY, DuplicateGroup
from neumo.datasets.check.issues import SEVERITY, Issue
from neumo.datasets.check.sentences import (
    context_sentence,
    control_meaning,
    label_name,
    patient_note,
    score,
    shortcut_basis,
    verdict,
)
from neumo.datasets.manifest import Manifest
from neumo.imaging import open_radiograph
from neumo.imaging.image_files import Skip
from neumo.texts.catalogue import Texts, texts
from neumo.texts.language import Language
from neumo.texts.pages import picture_uri, render

SHOWN = 24
"""At most this many groups of duplicates, and as many odd images, are shown with pictures."""

_PER_GROUP = 4
_PATHS_LISTED = 20
_THUMBNAIL = 160
_ODD = ("empty", "unreadable", "blank", "colour", "tiny")


@dataclass(frozen=True)
class _Picture:
    path: str
    source: str
    """Data URL of a JPEG; empty where the image cannot be decoded."""


@dataclass(frozen=True)
class _Card:
    severity: str
    title: str
    detail: str
    pictures: tuple[_Picture, ...]


def write_audit_html(audit: Audit, manifest: Manifest, target: Path, lang: Language = "en") -> None:
    """Write the audit as one HTML file, atomically.

    Parameters
    ----------
    manifest : Manifest
        The audited data set; up to 24 groups of duplicates and 24 odd images are read again for thumbnails.
    lang : str
        "en" or "es".

    Raises
    ------
    ConfigError
        Another language.
    OutputError
        The file cannot be written.
    """
    write_text(target, render("dataset_check.html.j2", lang, **_content(audit, manifest, lang)))


def _content(audit: Audit, manifest: Manifest, lang: Language) -> dict[str, Any]:
    t = texts(lang)
    groups = _gravest_groups(audit)
    odd = [issue for issue in audit.issues if issue.kind in _ODD]
    return {
        "audit": audit,
        "files": manifest.files,
        "skipped": [
            (skip, manifest.files.skipped[skip]) for skip in Skip if manifest.files.skipped.get(skip)
        ],
        "unreadable": [
            (_inside(entry.path, manifest.root), entry.reason) for entry in manifest.files.unreadable
        ],
        "verdict": verdict(audit, lang),
        "patient_note": patient_note(audit, lang),
        "kinds": [
            (kind, severity, audit.of_kind(kind))
            for kind, severity in SEVERITY.items()
            if audit.of_kind(kind)
        ],
        "listed": _PATHS_LISTED,
        "shortcut_basis": shortcut_basis(audit, lang),
        "controls": [
            (c, control_meaning(c, lang)) for c in (audit.shortcuts.controls if audit.shortcuts else ())
        ],
        "context": [(c, context_sentence(c, lang)) for c in audit.context],
        "score": score,
        "groups": [_group_card(manifest, group, issue, t) for issue, group in groups[:SHOWN]],
        "odd": [_odd_card(manifest, issue, t) for issue in odd[:SHOWN]],
        "odd_total": len(odd),
        "near": NEAR_SIMILARITY,
    }


def _inside(folder: Path, root: Path) -> str:
    """Path of a folder in the data set, without where that lies on this machine."""
    return shown_path(folder.relative_to(root) if folder.is_relative_to(root) else Path(folder.name))


def _gravest_groups(audit: Audit) -> list[tuple[Issue, DuplicateGroup]]:
    group_of = {group.images: group for group in audit.duplicates}
    gravest: dict[tuple[str, ...], Issue] = {}
    for issue in audit.issues:
        if issue.images in group_of and issue.kind != "patient-across-splits":
            gravest.setdefault(issue.images, issue)
    return [(issue, group_of[images]) for images, issue in gravest.items()]


def _group_card(manifest: Manifest, group: DuplicateGroup, issue: Issue, t: Texts) -> _Card:
    facts = [t(f"dataset_check.duplicates.{group.kind}", value=f"{group.similarity:.3f}")]
    facts += [t("dataset_check.duplicates.mirrored")] if group.mirrored else []
    facts += [" / ".join(label_name(label, t.language) for label in group.findings)]
    facts += [f"× {len(group.images)}"] if len(group.images) > _PER_GROUP else []
    return _Card(
        issue.severity,
        t(f"dataset_check.kinds.{issue.kind}"),
        " · ".join(facts),
        _pictures(manifest, group.images[:_PER_GROUP]),
    )


def _odd_card(manifest: Manifest, issue: Issue, t: Texts) -> _Card:
    return _Card(
        issue.severity,
        t(f"dataset_check.kinds.{issue.kind}"),
        issue.detail,
        _pictures(manifest, issue.images),
    )


def _pictures(manifest: Manifest, paths: Sequence[str]) -> tuple[_Picture, ...]:
    return tuple(_Picture(path, _thumbnail(manifest.root / path)) for path in paths)


def _thumbnail(file: Path) -> str:
    try:
        return picture_uri(open_radiograph(file).pixels, _THUMBNAIL)
    except UnreadableImageError:
        return ""
