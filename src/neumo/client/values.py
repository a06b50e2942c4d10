"""Readings, jobs and decisions as the server answers them; keys of newer servers are found in `raw`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

from neumo.core.answer import Etiology, Verdict
from neumo.core.decision import Conclusion, Decision
from neumo.core.labels import Outcome, outcome_of
from neumo.core.patient import PatientStudy
from neumo.core.reading import Notice, Reading, Status, notices_from_json


@dataclass(frozen=True, slots=True)
class ListedReading:
    """A reading in the worklist; what its answer states is None or empty where there is none.

    Attributes
    ----------
    id : int
    time, file, source : str
    status : Status
    verdict : Verdict or None
    etiology : Etiology or None
    finding : Outcome or None
        The most probable one.
    pneumonia : float or None
        Probability of pneumonia, in 0-1.
    prediction_set : tuple of Outcome
    decisions : int
        How many there are.
    decision : Conclusion or None
        Of the decision that stands: the newest verified one, else the newest.
    withheld : bool
        In blinded mode, until the person has decided.
    patient : PatientStudy or None
        Whose radiograph it is, where the file said it and this client may see it; the name as people write it.
    """

    id: int
    time: str
    file: str
    source: str
    status: Status
    verdict: Verdict | None
    etiology: Etiology | None
    finding: Outcome | None
    pneumonia: float | None
    prediction_set: tuple[Outcome, ...]
    decisions: int
    decision: Conclusion | None
    withheld: bool
    patient: PatientStudy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteReading(Reading):
    """A reading on record at the server: a Reading without arrays, and what the server knows besides.

    `answer` holds verdict, etiology and evidence; it is None where the radiograph was refused or could not be read, the
    answer is withheld, or the reading was purged. Sentences of `warnings` and `reasons` are in the language that the
    client asks for.

    Attributes
    ----------
    id : int
    time : str
        When it was put on record, ISO 8601 in UTC.
    finding : Outcome or None
        The answer's; of a purged reading it is still known.
    probabilities : mapping of Outcome to float
        Calibrated, in 0-1; empty where `finding` is None.
    heatmaps : tuple of Outcome
        Those with a heat map.
    pixels_kept : bool
        Whether `Client.image` gives the radiograph.
    files_kept : bool
        Whether `Client.file` can make files of it: what they are made of is stored.
    withheld : bool
    decisions : tuple of Decision
    revision : int
        To be given when deciding.
    patient : PatientStudy or None
        As in `ListedReading`.
    raw : mapping
        The server's whole answer (docs/reference/api.md).
    """

    id: int
    time: str
    finding: Outcome | None
    probabilities: Mapping[Outcome, float]
    heatmaps: tuple[Outcome, ...]
    pixels_kept: bool
    files_kept: bool
    withheld: bool
    decisions: tuple[Decision, ...]
    revision: int
    patient: PatientStudy | None
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return a reading from `GET /api/readings/{id}`."""
        reading = Reading.from_json(value)
        return cls(
            **{attribute.name: getattr(reading, attribute.name) for attribute in fields(reading)},
            id=value["id"],
            time=value["time"],
            finding=_finding(value["finding"]),
            probabilities={outcome_of(name): share for name, share in (value["probabilities"] or {}).items()},
            heatmaps=_findings(value["class_maps"]),
            pixels_kept=value["pixels_kept"],
            files_kept=value["files_kept"],
            withheld=value["withheld"],
            decisions=decisions_of(value["decisions"]),
            revision=value["revision"],
            patient=_patient(value),
            raw=value,
        )


@dataclass(frozen=True, slots=True)
class JobFile:
    """A file of a job.

    Attributes
    ----------
    index : int
        From 0, in the order sent.
    name : str
    status : str
        "waiting", "reading", "read", "refused", "failed" or "cancelled".
    reading : int or None
        Its reading's number, once there is one; also of a failure, where the file is meant as a radiograph.
    again : bool
        Whether it was on record before.
    reasons : tuple of Notice
        Why it was refused or failed.
    """

    index: int
    name: str
    status: str
    reading: int | None
    again: bool
    reasons: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """Files that are read in the background; `status` is "waiting", "running", "finished" or "cancelled"."""

    id: str
    status: str
    total: int
    done: int
    files: tuple[JobFile, ...]

    @property
    def ended(self) -> bool:
        """Whether the job is finished, so that nothing of it will change."""
        return self.status in ("finished", "cancelled")


def listed_of(value: Mapping[str, Any]) -> ListedReading:
    """Return a row of `GET /api/readings`."""
    return ListedReading(
        id=value["id"],
        time=value["time"],
        file=value["file"],
        source=value["source"],
        status=Status(value["status"]),
        verdict=None if value["verdict"] is None else Verdict(value["verdict"]),
        etiology=None if value["etiology"] is None else Etiology(value["etiology"]),
        finding=_finding(value["finding"]),
        pneumonia=value["pneumonia"],
        prediction_set=_findings(value["prediction_set"]),
        decisions=value["decisions"],
        decision=None if value["decision"] is None else Conclusion(value["decision"]),
        withheld=value["withheld"],
        patient=_patient(value),
    )


def decisions_of(values: Iterable[Mapping[str, Any]]) -> tuple[Decision, ...]:
    """Return decisions, in the order given."""
    return tuple(map(Decision.from_json, values))


def job_of(value: Mapping[str, Any]) -> Job:
    """Return a job from `GET /api/jobs/{id}`."""
    files = tuple(
        JobFile(
            index=file["index"],
            name=file["name"],
            status=file["status"],
            reading=file["reading"],
            again=file["again"],
            reasons=notices_from_json(file["reasons"]),
        )
        for file in value["files"]
    )
    return Job(value["id"], value["status"], value["total"], value["done"], files)


def _finding(name: str | None) -> Outcome | None:
    return None if name is None else outcome_of(name)


def _patient(value: Mapping[str, Any]) -> PatientStudy | None:
    stated = value["patient"]
    return None if stated is None else PatientStudy.from_json(stated)


def _findings(names: Iterable[str] | None) -> tuple[Outcome, ...]:
    return tuple(outcome_of(name) for name in names or ())
