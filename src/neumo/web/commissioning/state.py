"""State of commissioning in the workbench as the page shows it, in a language."""

from dataclasses import asdict
from typing import Any

from neumo.bundle.criteria import Criteria
from neumo.core.extras import is_installed
from neumo.core.message import Message
from neumo.core.signatures import signed_bytes
from neumo.texts.language import Language
from neumo.texts.translation import told
from neumo.web.commissioning.folder import BUNDLE
from neumo.web.commissioning.signing import signers
from neumo.web.workbench import Workbench


def state_of(workbench: Workbench, language: Language) -> dict[str, Any]:
    """Return what the commissioning page shows: folder, table, last attempt and finished runs, in a language."""
    commissioner, config = workbench.commissioner, workbench.commissioner.base.config
    images, found = commissioner.settings.images, commissioner.folder.table_facts()
    if found is not None:
        unready = found["unready"]
        found = {**found, "unready": None if unready is None else told(Message.from_json(unready), language)}
    return {
        "missing": None if is_installed("site") else "site",
        "images": None if images is None else str(images),
        "base": {"name": config.name, "version": config.version, "digest": commissioner.base.digest},
        "criteria": asdict(Criteria()),
        "table": found,
        "attempt": attempt_of(workbench, language),
        "runs": [_run(workbench, facts, language) for facts in commissioner.folder.runs()],
    }


def attempt_of(workbench: Workbench, language: Language) -> dict[str, Any] | None:
    """Return the last attempt with its progress and fault in a language; None where there was none."""
    folder = workbench.commissioner.folder
    attempt = folder.attempt()
    if attempt is None:
        return None
    fault = attempt["fault"]
    progress = folder.now_done() if attempt["status"] == "running" else None
    said = None if fault is None else told(Message.from_json(fault), language)
    return {**attempt, "fault": said, "progress": progress}


def _run(workbench: Workbench, facts: dict[str, Any], language: Language) -> dict[str, Any]:
    digest, place = facts["digest"], workbench.commissioner.folder.run(facts["id"]) / BUNDLE
    return {
        **facts,
        "sections": facts["sections"][language],
        "to_sign": None if digest is None else signed_bytes("bundle", digest).decode(),
        "signed_by": [] if digest is None else signers(place),
        "bundle": None if digest is None else str(place),
    }
