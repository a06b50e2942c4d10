"""Queries the readings by one bundle on record, each with the decision in force where somebody decided."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, Select, case, select

from neumo.core.decision import Conclusion
from neumo.core.findings import FINDINGS, Finding
from neumo.core.labels import PartialLabel, findings_of, outcome_of
from neumo.core.reading import Status
from neumo.records.database import reading_session
from neumo.records.log_coverage import EMPTIED
from neumo.records.schema import DecisionRow, ReadingRow, SubjectRow, WorklistRow
from neumo.records.standing import recorded_between, with_standing_decision

_ROWS_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Decided:
    """A recorded answer and the decision in force on it.

    Attributes
    ----------
    position : int
        Among the answers of the population.
    reading : int
        Its number on record.
    file, sha256 : str
        Of the radiograph, as it was read.
    patient : str
        Pseudonym; empty where the record states no Patient ID.
    age : float or None
        In years.
    sex : str
        "F", "M", "O" or empty.
    conclusion : Conclusion
    agrees : bool or None
        None where the answer states nothing to agree with.
    blinded, verified : bool
        Whether the decision was made before the answer was shown, and by somebody with the right to verify reports.
    flagged : bool
        Whether the answer flags pneumonia.
    probabilities : tuple of float
        In the order of FINDINGS; where the etiology was not assessed, all of pneumonia's is bacterial.
    assessed : bool
        Whether the etiology was.
    held : frozenset of Finding
        The prediction set.
    """

    position: int
    reading: int
    file: str
    sha256: str
    patient: str
    age: float | None
    sex: str
    conclusion: Conclusion
    agrees: bool | None
    blinded: bool
    verified: bool
    flagged: bool
    probabilities: tuple[float, ...]
    assessed: bool
    held: frozenset[Finding]


@dataclass(frozen=True)
class Population:
    """All answers of a bundle in a period, N of them.

    Attributes
    ----------
    verdicts : tuple of str, length N
    pneumonia : ndarray of float64, shape (N,)
        Its probability, in 0-1.
    decided : tuple of Decided
        Those that a person decided on.
    refused : int
        Readings that ended with a refusal.
    purged, known : int
        Readings left out: purged ones, and radiographs that the bundle was commissioned with.
    """

    verdicts: tuple[str, ...]
    pneumonia: NDArray[np.float64]
    decided: tuple[Decided, ...]
    refused: int
    purged: int
    known: int


def population_of(
    engine: Engine,
    bundle: str,
    *,
    since: str | None = None,
    until: str | None = None,
    known: Collection[str] = (),
) -> Population:
    """Query the recorded answers of a bundle.

    Parameters
    ----------
    engine : Engine
    bundle : str
        Digest.
    since, until : str, optional
        Times as `neumo.records.filters.moment` writes them, both included.
    known : collection of str
        SHA-256 of radiographs to leave out.

    Raises
    ------
    ArchiveUnavailableError
    """
    verdicts: list[str] = []
    pneumonia: list[float] = []
    decided: list[Decided] = []
    refused = purged = left_out = 0
    with reading_session(engine) as session:
        for row in session.execute(_query(bundle, since, until).execution_options(yield_per=_ROWS_AT_ONCE)):
            if row.emptied:
                purged += 1
            elif row.sha256 in known:
                left_out += 1
            elif row.status == Status.REFUSED:
                refused += 1
            elif row.verdict is not None and row.normal is not None:
                if row.final is not None:
                    decided.append(_decided(row, len(verdicts)))
                verdicts.append(row.verdict)
                pneumonia.append(1 - row.normal)
    return Population(tuple(verdicts), np.array(pneumonia), tuple(decided), refused, purged, left_out)


def _query(bundle: str, since: str | None, until: str | None) -> Select[Any]:
    columns: tuple[Any, ...] = (
        ReadingRow.id,
        ReadingRow.status,
        ReadingRow.normal,
        (ReadingRow.body == EMPTIED).label("emptied"),
        WorklistRow.verdict,
        WorklistRow.sha256,
        WorklistRow.patient_key,
        WorklistRow.age,
        WorklistRow.sex,
        SubjectRow.patient_hash,
        # Bodies are long, and only those of decided readings are looked into.
        case((DecisionRow.id.is_not(None), ReadingRow.body)).label("body"),
        DecisionRow.conclusion.label("final"),
        DecisionRow.agrees,
        DecisionRow.blinded,
        DecisionRow.verifier,
    )
    readings: Select[Any] = (
        select(*columns)
        .join(WorklistRow, WorklistRow.reading_id == ReadingRow.id)
        .outerjoin(SubjectRow, SubjectRow.id == ReadingRow.subject_id)
        .where(ReadingRow.bundle_digest == bundle)
        .order_by(ReadingRow.recorded_at, ReadingRow.id)
    )
    return recorded_between(with_standing_decision(readings), since, until)


def _decided(row: Any, position: int) -> Decided:
    body = json.loads(row.body)
    given = body["probabilities"]
    assessed = PartialLabel.PNEUMONIA.value not in given
    shares = given if assessed else {Finding.NORMAL.value: row.normal, FINDINGS[1].value: 1 - row.normal}
    return Decided(
        position=position,
        reading=row.id,
        file=body["file"] or "",
        sha256=row.sha256,
        patient=row.patient_hash or row.patient_key,
        age=row.age,
        sex=row.sex or "",
        conclusion=Conclusion(row.final),
        agrees=row.agrees,
        blinded=bool(row.blinded),
        verified=row.verifier is not None,
        flagged=bool(body["pneumonia"]),
        probabilities=tuple(float(shares.get(finding.value, 0.0)) for finding in FINDINGS),
        assessed=assessed,
        held=findings_of(outcome_of(name) for name in body["prediction_set"]),
    )
