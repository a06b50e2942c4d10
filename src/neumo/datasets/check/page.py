"""The audit as one self-contained HTML page."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from neumo.core.errors import MissingExtraError, UnreadableImageError
from neumo.core.files import write_text
from neumo.datasets.check import words
from neumo.datasets.check.check import Audit
from neumo.datasets.check.duplicates import NEAR_SIMILARITY, DuplicateGroup
from neumo.datasets.check.issues import SEVERITY, Issue
from neumo.datasets.manifest import Manifest
from neumo.imaging import open_radiograph

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


def write_audit_html(audit: Audit, manifest: Manifest, target: Path, lang: str = "en") -> None:
    """Write the audit as one HTML file, atomically.

    Parameters
    ----------
    manifest : Manifest
        The audited data set; up to 24 groups of duplicates and 24 odd images are read again for thumbnails.
    lang : str
        "en" or "es".

    Raises
    ------
    MissingExtraError
        Jinja2 is not installed.
    NeumoError
        The language is unknown.
    OutputError
        The file cannot be written.
    """
    try:
        import jinja2
    except ImportError as error:
        raise MissingExtraError(
            'audit page: needs Jinja2; install it with pip install "neumo[train]"'
        ) from error
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("neumo.datasets.check", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    write_text(target, environment.get_template("audit.html.j2").render(_content(audit, manifest, lang)))


def _content(audit: Audit, manifest: Manifest, lang: str) -> dict[str, Any]:
    said = words.texts(lang)
    groups = _gravest_groups(audit)
    odd = [issue for issue in audit.issues if issue.kind in _ODD]
    return {
        "t": said,
        "lang": lang,
        "audit": audit,
        "verdict": words.verdict(audit, lang),
        "patient_note": words.patient_note(audit, lang),
        "kinds": [
            (kind, severity, audit.of_kind(kind))
            for kind, severity in SEVERITY.items()
            if audit.of_kind(kind)
        ],
        "listed": _PATHS_LISTED,
        "parts": list(dict.fromkeys(stratum.split for stratum in audit.strata)),
        "shortcut_basis": words.shortcut_basis(audit, lang),
        "controls": [
            (c, words.control_meaning(c, lang)) for c in (audit.shortcuts.controls if audit.shortcuts else ())
        ],
        "score": words.score,
        "groups": [_group_card(manifest, group, issue, said) for issue, group in groups[:SHOWN]],
        "odd": [_odd_card(manifest, issue, said) for issue in odd[:SHOWN]],
        "odd_total": len(odd),
        "near": NEAR_SIMILARITY,
    }


def _gravest_groups(audit: Audit) -> list[tuple[Issue, DuplicateGroup]]:
    group_of = {group.images: group for group in audit.duplicates}
    gravest: dict[tuple[str, ...], Issue] = {}
    for issue in audit.issues:
        if issue.images in group_of and issue.kind != "patient-across-splits":
            gravest.setdefault(issue.images, issue)
    return [(issue, group_of[images]) for images, issue in gravest.items()]


def _group_card(manifest: Manifest, group: DuplicateGroup, issue: Issue, said: dict[str, str]) -> _Card:
    facts = [said[f"group-{group.kind}"].format(value=f"{group.similarity:.3f}")]
    facts += [said["group-mirrored"]] if group.mirrored else []
    facts += [" / ".join(said[finding] for finding in group.findings)]
    facts += [f"× {len(group.images)}"] if len(group.images) > _PER_GROUP else []
    return _Card(
        issue.severity, said[issue.kind], " · ".join(facts), _pictures(manifest, group.images[:_PER_GROUP])
    )


def _odd_card(manifest: Manifest, issue: Issue, said: dict[str, str]) -> _Card:
    return _Card(issue.severity, said[issue.kind], issue.detail, _pictures(manifest, issue.images))


def _pictures(manifest: Manifest, paths: Sequence[str]) -> tuple[_Picture, ...]:
    return tuple(_Picture(path, _thumbnail(manifest.root / path)) for path in paths)


def _thumbnail(file: Path) -> str:
    try:
        image = Image.fromarray(open_radiograph(file).pixels)
    except UnreadableImageError:
        return ""
    image.thumbnail((_THUMBNAIL, _THUMBNAIL))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
