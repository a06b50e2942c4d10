"""Readings, decisions and jobs as the API's JSON, with answers withheld where reading is blinded."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from neumo.core.answer import Answer, etiology_of, set_from_json
from neumo.core.decision import Decision
from neumo.core.evidence import Evidence, leading
from neumo.core.findings import Finding
from neumo.core.patient import PatientStudy
from neumo.core.reading import Notice
from neumo.imaging.image_files import Skip
from neumo.records.originals import original_of, overridable
from neumo.records.reading_file import ReadingFile, load_reading_file
from neumo.records.stored_reading import StoredReading
from neumo.results.sentences import notice_text, performance_sentences, prevalence_sentence
from neumo.results.unnamed import ageless, unnamed_body, unnamed_file
from neumo.texts.catalogue import texts
from neumo.texts.data_names import data_name
from neumo.texts.language import Language
from neumo.web.people.identity import Person
from neumo.web.readings.blinding import is_withheld, serve
from neumo.web.readings.jobs import Job, JobFile
from neumo.web.readings.removing import may_remove
from neumo.web.workbench import Workbench

_OWN_CODES = frozenset(
    {
        *("cancelled", "server_fault", "disk_full"),
        *("archive_unavailable", "busy", "stopping"),
        "dicomdir_alone",
        *("encrypted_archive", "damaged_archive", "unsafe_archive", "nested_archive"),
    }
)
"""Reasons given by the server rather than the reader."""
_SKIPS = frozenset(Skip)
_WITHHELD: Mapping[str, Any] = {
    "verdict": None,
    "etiology": None,
    "finding": None,
    "probabilities": None,
    "prediction_set": None,
    "pneumonia": None,
    "prevalence": None,
    "evidence": None,
    "warnings": [],
    "heatmap": None,
    "receipt": None,
    "decision": None,
}
_POSTERIOR = (
    "verdict",
    "etiology",
    "prediction_set",
    "probabilities",
    "finding",
    "operating_point",
    "threshold",
    "pneumonia",
    "ppv",
    "npv",
    "prevalence_given",
    "evidence",
)
"""Keys of an answer that depend on prevalence or operating point."""


def list_item(reading: StoredReading, person: Person) -> dict[str, Any]:
    """Return a reading as the worklist shows it."""
    withheld = is_withheld(reading, person)
    decided = None if withheld else reading.decision
    probabilities = None if withheld else reading.probabilities
    return {
        "id": reading.id,
        "time": reading.recorded_at,
        "file": shown_file(reading, person),
        "patient": patient_json(reading, person),
        "source": reading.source,
        "status": reading.status,
        "verdict": None if withheld else reading.verdict,
        "etiology": None if withheld else _etiology(reading),
        "finding": None if withheld else reading.finding,
        "pneumonia": None if probabilities is None else 1 - probabilities[Finding.NORMAL],
        "prediction_set": None if withheld else reading.body["prediction_set"],
        "decisions": len(reading.decisions),
        "decision": None if decided is None else decided.conclusion.value,
        "agrees": None if decided is None else decided.agrees,
        "withheld": withheld,
        "purged": reading.purged,
    }


def _etiology(reading: StoredReading) -> str | None:
    """Return the kind of pneumonia that a reading states; None without one, and of purged readings."""
    if reading.body["prediction_set"] is None:
        return None
    etiology = etiology_of(set_from_json(reading.body))
    return None if etiology is None else etiology.value


def reading_json(
    workbench: Workbench, reading: StoredReading, person: Person, language: Language
) -> dict[str, Any]:
    """Return a whole reading; the first time that a person is shown an answer is recorded."""
    (reading,) = serve(workbench.archive, [reading], person)
    place = workbench.reading_files.path_of(reading.body)
    found = None if place is None else load_reading_file(place)
    answer = None if reading.body["prediction_set"] is None else Answer.from_json(reading.body)
    return {
        **undecided_reading_json(workbench, reading, person, language, answer=answer, found=found),
        "decisions": decisions_json(reading, person),
    }


def undecided_reading_json(
    workbench: Workbench,
    reading: StoredReading,
    person: Person,
    language: Language,
    *,
    answer: Answer | None,
    found: ReadingFile | None,
) -> dict[str, Any]:
    """Return a reading that nobody has decided on, with its answer and what its file states; records no view."""
    withheld = is_withheld(reading, person)
    body = shown_body(reading, person)
    bundle = (body.get("receipt") or {}).get("bundle") or {}
    size = None if found is None else found.size
    answer = None if withheld else answer
    return {
        **body,
        "decision": reading.decision.to_json() if reading.decision is not None and person.reads else None,
        "verdict": reading.verdict,  # a purged body has lost it
        **(_WITHHELD if withheld else {}),
        "file": file_name(body["file"]),
        "patient": patient_json(reading, person),
        "id": reading.id,
        "time": reading.recorded_at,
        "source": reading.source,
        "bundle": {
            "name": bundle.get("name"),
            "version": bundle.get("version"),
            "digest": bundle.get("digest"),
            "current": bundle.get("digest") == workbench.bundle.digest,
        },
        "width": None if size is None else size[0],
        "height": None if size is None else size[1],
        "pixel_spacing": None if found is None or found.spacing is None else asdict(found.spacing),
        "pixels_kept": size is not None,
        "files_kept": found is not None,
        "class_maps": list(answer.outcomes)
        if found is not None and found.maps is not None and answer
        else [],
        "dicom": found is not None and found.header > 0,
        "notices": {
            "warnings": [] if withheld else _notices(body["notices"]["warnings"], language),
            "reasons": _notices(body["notices"]["reasons"], language),
        },
        "age_override": person.decides and _original_kept(workbench, reading),
        "removable": not reading.purged and may_remove(workbench, reading, person),
        "sentences": None if answer is None else _sentences(answer, language),
        "withheld": withheld,
        "purged": reading.purged,
        "revision": len(reading.decisions),
        "decisions": [],
    }


def _original_kept(workbench: Workbench, reading: StoredReading) -> bool:
    """Whether the reading was refused for the patient's age alone, and can be read all the same."""
    place = workbench.reading_files.path_of(reading.body) if overridable(reading.body) else None
    return place is not None and original_of(place).exists()


def shown_body(reading: StoredReading, person: Person) -> Mapping[str, Any]:
    """Return a reading's plain form as a person may see it."""
    return reading.body if person.sees_patients else unnamed_body(reading.body)


def shown_file(reading: StoredReading, person: Person) -> str:
    """Return the name of a reading's file, without its folders, as a person may see it."""
    return file_name(reading.body["file"] if person.sees_patients else unnamed_file(reading.body))


def patient_json(reading: StoredReading, person: Person) -> dict[str, Any] | None:
    """Return patient and study of a reading, for a person who may see them; None where no file stated them."""
    stated = reading.body.get("patient") if person.sees_patients else None
    if stated is None:
        return None
    patient = PatientStudy.from_json(stated)
    return {**patient.to_json(), "name": patient.display_name or None}


def decisions_json(reading: StoredReading, person: Person) -> list[dict[str, Any]]:
    """Return the decisions on a reading that a person may see, in their order."""
    if not person.reads:
        return []
    shown, withheld = first_views(reading), is_withheld(reading, person)
    return [_decision(d, shown) for d in reading.decisions if not withheld or d.person == person.name]


def job_json(job: Job, person: Person, language: Language) -> dict[str, Any]:
    """Return the state of a job."""
    ended = ("read", "refused", "failed", "cancelled", "skipped")
    return {
        "id": job.id,
        "status": job.status,
        "total": len(job.files),
        "done": sum(file.status in ended for file in job.files),
        "created_at": job.created_at,
        "files": [job_file_json(file, person, language) for file in job.files],
    }


def job_file_json(file: JobFile, person: Person, language: Language) -> dict[str, Any]:
    """Return the state of one file of a job."""
    return {
        "index": file.index,
        "upload": file.upload,
        "name": file.name,
        "status": file.status,
        "reading": file.reading,
        "again": file.again,
        "reasons": reasons_json(
            file.reasons if person.sees_patients else map(ageless, file.reasons), language
        ),
    }


def reasons_json(reasons: Iterable[Notice], language: Language) -> list[dict[str, Any]]:
    """Return the reasons for which a file was refused or failed, with their sentences in a language."""
    return [{**reason.to_json(), "text": _reason_text(reason, language)} for reason in reasons]


def _reason_text(reason: Notice, language: Language) -> str:
    t = texts(language)
    if reason.code in _OWN_CODES:
        return t(f"errors.{reason.code}")
    return (
        t(f"files.skips.{reason.code}", count=1) if reason.code in _SKIPS else notice_text(reason, language)
    )


def file_name(file: str) -> str:
    """Return a file name without its folders."""
    return file.replace("\\", "/").rsplit("/", 1)[-1]


def posterior_json(answer: Answer, language: Language) -> dict[str, Any]:
    """Return an answer at a prevalence and operating point, with its evidence, what leads of it, and sentences."""
    plain = answer.to_json()
    stated = answer.prevalence if answer.prevalence_given else None
    return {
        **{key: plain[key] for key in _POSTERIOR},
        "prevalence": None if stated is None else 1 - stated[Finding.NORMAL],
        "prevalence_by_finding": plain["prevalence"],
        "leading": [evidence_json(entry, language) for entry in leading(answer.evidence)],
        "sentences": _sentences(answer, language),
    }


def evidence_json(entry: Evidence, language: Language) -> dict[str, Any]:
    """Return a metric as it was measured, and what its data are called in a language."""
    return {**entry.to_json(), "data_name": data_name(entry, language)}


def _sentences(answer: Answer, language: Language) -> dict[str, Any]:
    """Return in words what prevalence an answer is for, and how well it holds where that was measured."""
    return {
        "prevalence": prevalence_sentence(answer, language),
        "performance": list(performance_sentences(answer, language)),
    }


def _notices(notices: Sequence[Mapping[str, Any]], language: Language) -> list[dict[str, Any]]:
    """Return plain notices with their sentences in a language."""
    return [{**plain, "text": notice_text(Notice.from_json(plain), language)} for plain in notices]


def first_views(reading: StoredReading) -> dict[str, str]:
    """Return when each person was first shown the answer of a reading."""
    return {view.person: view.at for view in reversed(reading.views)}


def _decision(decision: Decision, shown: Mapping[str, str]) -> dict[str, Any]:
    return {**decision.to_json(), "shown_at": shown.get(decision.person)}
