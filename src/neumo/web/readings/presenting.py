"""Readings, decisions and jobs as the API's JSON, and what is withheld from whom."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Engine, func, select

from neumo.bundle.config import BundleConfig
from neumo.core.findings import FINDINGS, Finding
from neumo.core.reading import Answer, Notice
from neumo.inference.posterior import Prevalence
from neumo.records.database import reading_session
from neumo.records.schema import DecisionRow, ViewRow
from neumo.records.store import record_view
from neumo.results.sentences import notice_text
from neumo.texts.catalogue import texts
from neumo.texts.language import Language
from neumo.web.people.identity import Person
from neumo.web.readings.jobs import Job, JobFile
from neumo.web.readings.reading_file import Kept, kept
from neumo.web.readings.worklist import Row
from neumo.web.workbench import Workbench

_OWN_CODES = frozenset({"crash", "timeout", "cancelled", "server_fault"})
"""Reasons that come from the server rather than from the reader."""
_WITHHELD: Mapping[str, Any] = {
    "finding": None,
    "probabilities": None,
    "prediction_set": None,
    "pneumonia": None,
    "prevalence": None,
    "warnings": [],
    "heatmap": None,
    "receipt": None,
}
_POSTERIOR = (
    "probabilities",
    "finding",
    "operating_point",
    "threshold",
    "pneumonia",
    "ppv",
    "npv",
)
"""Keys of an answer that depend on prevalence or operating point."""


def is_withheld(row: Row, person: Person) -> bool:
    """Whether a person must decide before seeing the answer."""
    return person.blinded and not any(decision.person == person.name for decision in row.decisions)


def list_item(row: Row, person: Person) -> dict[str, Any]:
    """Return a reading as the worklist shows it."""
    withheld = is_withheld(row, person)
    body, newest = row.body, row.decisions[-1] if row.decisions and not withheld else None
    answered = not withheld and body["probabilities"] is not None
    return {
        "id": row.id,
        "time": row.recorded_at,
        "file": file_name(body["file"]),
        "source": row.source,
        "status": body["status"],
        "finding": None if withheld else body["finding"],
        "pneumonia": 1 - body["probabilities"][Finding.NORMAL] if answered else None,
        "prediction_set": None if withheld else body["prediction_set"],
        "decisions": len(row.decisions),
        "decision": None if newest is None else newest.finding,
        "agrees": None if newest is None else newest.agrees,
        "withheld": withheld,
        "purged": row.purged,
    }


def reading_json(workbench: Workbench, row: Row, person: Person, language: Language) -> dict[str, Any]:
    """Return a whole reading; the first time that a person is shown an answer is kept."""
    if not is_withheld(row, person):
        note_view(workbench.archive, row.id, person.name)
    place = workbench.kept.place_of(row.body)
    return {
        **kept_json(workbench, row, None if place is None else kept(place), person, language),
        "decisions": decisions_json(workbench.archive, row, person),
    }


def kept_json(
    workbench: Workbench, row: Row, found: Kept | None, person: Person, language: Language
) -> dict[str, Any]:
    """Return a reading with what is kept of it, as long as nobody has decided on it; no view is kept."""
    withheld = is_withheld(row, person)
    receipt = row.body.get("receipt") or {}
    bundle = receipt.get("bundle") or {}
    size = None if found is None else found.size
    return {
        **row.body,
        **(_WITHHELD if withheld else {}),
        "file": file_name(row.body["file"]),
        "id": row.id,
        "time": row.recorded_at,
        "source": row.source,
        "bundle": {
            "name": bundle.get("name"),
            "version": bundle.get("version"),
            "digest": bundle.get("digest"),
            "current": bundle.get("digest") == workbench.bundle.digest,
        },
        "width": None if size is None else size[0],
        "height": None if size is None else size[1],
        "pixels_kept": size is not None,
        "class_maps": list(FINDINGS) if found is not None and found.maps is not None and not withheld else [],
        "dicom": found is not None and found.header > 0,
        "notices": {
            "warnings": [] if withheld else _notices(row.body["notices"]["warnings"], language),
            "reasons": _notices(row.body["notices"]["reasons"], language),
        },
        "withheld": withheld,
        "purged": row.purged,
        "revision": len(row.decisions),
        "decisions": [],
    }


def decisions_json(archive: Engine, row: Row, person: Person) -> list[dict[str, Any]]:
    """Return the decisions on a reading that a person may see, in their order."""
    shown = first_views(archive, row.id) if row.decisions else {}
    withheld = is_withheld(row, person)
    return [_decision(d, shown) for d in row.decisions if not withheld or d.person == person.name]


def note_view(archive: Engine, reading: int, name: str) -> None:
    """Keep the first time that a person was shown an answer. Raises ArchiveUnavailableError."""
    if name not in first_views(archive, reading):
        record_view(archive, reading, person=name)


def job_json(job: Job, language: Language) -> dict[str, Any]:
    """Return a job as it stands."""
    ended = ("read", "refused", "failed", "cancelled")
    return {
        "id": job.id,
        "status": job.status,
        "total": len(job.files),
        "done": sum(file.status in ended for file in job.files),
        "created_at": job.created_at,
        "files": [job_file_json(file, language) for file in job.files],
    }


def job_file_json(file: JobFile, language: Language) -> dict[str, Any]:
    """Return one file of a job as it stands."""
    return {
        "index": file.index,
        "name": file.name,
        "status": file.status,
        "reading": file.reading,
        "again": file.again,
        "reasons": reasons_json(file.reasons, language),
    }


def reasons_json(reasons: Sequence[Notice], language: Language) -> list[dict[str, Any]]:
    """Return the reasons for which a file was refused or failed, with their sentences in a language."""
    t = texts(language)
    return [
        {**n.to_json(), "text": t(f"errors.{n.code}") if n.code in _OWN_CODES else notice_text(n, language)}
        for n in reasons
    ]


def file_name(file: str) -> str:
    """Return a file's name without the folders in which it lay."""
    return file.replace("\\", "/").rsplit("/", 1)[-1]


def posterior_json(answer: Answer, config: BundleConfig, prevalence: Prevalence) -> dict[str, Any]:
    """Return an answer at a prevalence and operating point, with what it is worth there."""
    point = config.operating_points[answer.operating_point]
    plain = answer.to_json()
    return {
        **{key: plain[key] for key in _POSTERIOR},
        "prevalence": prevalence.pneumonia,
        "prevalence_by_finding": plain["prevalence"],
        "sensitivity": point.sensitivity,
        "specificity": point.specificity,
    }


def _notices(notices: Sequence[Mapping[str, Any]], language: Language) -> list[dict[str, Any]]:
    """Return plain notices with their sentences in a language."""
    return [{**plain, "text": notice_text(Notice.from_json(plain), language)} for plain in notices]


def first_views(archive: Engine, reading: int) -> dict[str, str]:
    """Return when each person was first shown the answer of a reading. Raises ArchiveUnavailableError."""
    query = select(ViewRow.person, func.min(ViewRow.at)).where(ViewRow.reading_id == reading)
    with reading_session(archive) as session:
        return {row[0]: row[1] for row in session.execute(query.group_by(ViewRow.person))}


def _decision(decision: DecisionRow, shown: Mapping[str, str]) -> dict[str, Any]:
    return {
        "revision": decision.revision,
        "person": decision.person,
        "time": decision.at,
        "finding": decision.finding,
        "agrees": decision.agrees,
        "blinded": decision.blinded,
        "note": decision.note,
        "shown_at": shown.get(decision.person),
    }
