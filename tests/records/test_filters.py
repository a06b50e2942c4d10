import hashlib
from typing import Any

import pytest
from records_filling import fill
from sqlalchemy import Engine

from neumo.core.answer import Answer, Verdict
from neumo.core.decision import Conclusion
from neumo.core.errors import ArchiveError
from neumo.core.findings import Finding
from neumo.core.labels import Outcome
from neumo.core.reading import Reading, Status
from neumo.records.decisions import record_decision
from neumo.records.filters import Filters, Sort
from neumo.records.retention import purge
from neumo.records.search import search
from neumo.records.store import record
from neumo.records.subjects import patient_hash, subject_of

KEY = b"k" * 32
N, B, V = Finding.NORMAL, Finding.BACTERIAL_PNEUMONIA, Finding.VIRAL_PNEUMONIA


def _keep(
    archive: Engine, name: str, normal: float | None = None, several: bool = False, **given: str
) -> int:
    answer = None
    if normal is not None:
        finding = N if normal > 0.5 else B
        probabilities: dict[Outcome, float] = {N: normal, B: 1 - normal, V: 0.0}
        sets = (N, B) if several else (finding,)
        answer = Answer(finding, probabilities, sets, 0.9, normal <= 0.5, "balanced", 0.5)
    status = Status.REFUSED if answer is None else Status.READ
    reading = Reading(name, hashlib.sha256(name.encode()).hexdigest(), status, answer)
    return record(archive, reading, source=given.get("source", "ward"), actor="t")


def _numbers(archive: Engine, sort: Sort = Sort.OLDEST, **filters: Any) -> list[int]:
    return [row.id for row in search(archive, Filters(**filters), sort=sort).readings]


def _count(archive: Engine, **filters: Any) -> int | None:
    return search(archive, Filters(**filters), count_to=10_000).count


def test_every_filter_finds_what_it_says(archive: Engine) -> None:
    sure = _keep(archive, "wards/Ana_100%.png", 0.9)
    torn = _keep(archive, "b.png", 0.4, several=True, source="node")
    refused = _keep(archive, "c.png")
    record_decision(archive, sure, person="ana", conclusion=Conclusion.NORMAL)
    record_decision(archive, torn, person="bo", conclusion=Conclusion.VIRAL_PNEUMONIA)
    assert _numbers(archive, verdict=Verdict.UNDETERMINED) == [torn]
    assert _numbers(archive, verdict=Verdict.NO_PNEUMONIA) == [sure]
    assert _numbers(archive, decided=True) == [sure, torn]
    assert _numbers(archive, decided=False) == [refused]
    assert _numbers(archive, disagreement=True) == [torn]
    assert _numbers(archive, disagreement=False) == [sure, refused]
    assert _numbers(archive, decided_by="bo") == [torn]
    assert _numbers(archive, not_decided_by="bo") == [sure, refused]
    assert _numbers(archive, status=Status.REFUSED) == [refused]
    assert _numbers(archive, finding=B) == [torn]
    assert _numbers(archive, ids=(sure, refused, 2**40)) == [sure, refused]
    assert _numbers(archive, text="ana_100%") == [sure]
    assert _numbers(archive, text="%") == [sure] and _numbers(archive, text="_") == [sure]
    assert _numbers(archive, text=hashlib.sha256(b"b.png").hexdigest()[:9].upper()) == [torn]
    assert _numbers(archive, text=str(refused)) == [refused]
    assert _numbers(archive, source="node", disagreement=True) == [torn]


def test_a_reading_is_found_by_its_patient(archive: Engine) -> None:
    values = {"file": "dicom:1", "sha256": "0" * 64, "status": "refused", "receipt": None}
    values |= dict.fromkeys(("finding", "probabilities", "prediction_set"))
    subject = subject_of(KEY, sop_instance_uid="1.2", patient_id="4711")
    number = record(archive, values, source="node", actor="t", subject=subject)
    _keep(archive, "other.png")
    assert _numbers(archive, patient=patient_hash(KEY, "4711")) == [number]
    assert _numbers(archive, patient=patient_hash(b"x" * 32, "4711")) == []


def test_dates_are_inclusive_and_in_utc(archive: Engine) -> None:
    fill(archive, 2000)  # a minute apart, from 2026-01-01 00:01
    assert _numbers(archive, since="2026-01-01T00:03", until="2026-01-01T00:05") == [3, 4, 5]
    assert _numbers(archive, since="2026-01-01T01:03+01:00", until="2026-01-01T00:04Z") == [3, 4]
    assert _count(archive, until="2026-01-01") == 1439
    assert _count(archive, since="2026-01-02", until="2026-01-02") == 2000 - 1439
    with pytest.raises(ArchiveError, match="give a day"):
        search(archive, Filters(since="yesterday"))


def test_text_is_found_in_either_case_of_any_alphabet_and_at_the_end_of_long_paths(archive: Engine) -> None:
    number = _keep(archive, f"{'d' * 1000}/GARCÍA/Thorax.PNG")
    assert _numbers(archive, text="garcía/THORAX") == [number]
    assert _numbers(archive, text=f"{'d' * 500}/garcía/thorax.png") == [number]
    for none in ("garcia", "9" * 5000, "x" * 5000):
        assert _numbers(archive, text=none) == []


def test_a_purged_reading_is_found_by_what_is_left(archive: Engine) -> None:
    number = _keep(archive, "b.png", 0.4, several=True)
    purge(archive, days=0, actor="officer")
    assert _numbers(archive, verdict=Verdict.UNDETERMINED) == _numbers(archive, text=str(number)) == [number]
    assert _numbers(archive, text="b.png") == []
