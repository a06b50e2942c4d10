import hashlib
import re
from typing import Any

import pytest
from records_filling import fill
from sqlalchemy import Engine, Select, text

from neumo.core.errors import ArchiveError
from neumo.core.findings import Finding
from neumo.core.reading import Answer, Reading, Status
from neumo.records.filters import Filters, Sort
from neumo.records.search import count, find, page_query, sources
from neumo.records.store import record, record_decision, record_values
from neumo.records.subjects import patient_hash, subject_of

KEY = b"k" * 32
N, B, V = Finding.NORMAL, Finding.BACTERIAL_PNEUMONIA, Finding.VIRAL_PNEUMONIA


def _keep(
    archive: Engine, name: str, normal: float | None = None, several: bool = False, **given: str
) -> int:
    answer = None
    if normal is not None:
        finding = N if normal > 0.5 else B
        probabilities = {N: normal, B: 1 - normal, V: 0.0}
        sets = (N, B) if several else (finding,)
        answer = Answer(finding, probabilities, sets, 0.9, normal <= 0.5, "balanced", 0.5)
    status = Status.REFUSED if answer is None else Status.READ
    reading = Reading(name, hashlib.sha256(name.encode()).hexdigest(), status, answer)
    return record(archive, reading, source=given.get("source", "ward"), actor="t")


def _numbers(archive: Engine, sort: Sort = Sort.OLDEST, **filters: object) -> list[int]:
    return [row.id for row in find(archive, Filters(**filters), sort=sort).readings]


def test_every_filter_finds_what_it_says(archive: Engine) -> None:
    sure = _keep(archive, "wards/Ana_100%.png", 0.9)
    torn = _keep(archive, "b.png", 0.4, several=True, source="node")
    refused = _keep(archive, "c.png")
    record_decision(archive, sure, person="ana", finding=N)
    record_decision(archive, torn, person="bo", finding=V)
    assert _numbers(archive, undecided=True) == [torn]
    assert _numbers(archive, undecided=False) == [sure]
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
    assert sources(archive) == ("node", "ward")
    assert count(archive, Filters(decided=True)) == 2 and count(archive, Filters(), most=1) == 2


def test_a_reading_is_found_by_its_patient(archive: Engine) -> None:
    values = {"file": "dicom:1", "sha256": "0" * 64, "status": "refused", "receipt": None}
    values |= dict.fromkeys(("finding", "probabilities", "prediction_set"))
    subject = subject_of(KEY, sop_instance_uid="1.2", patient_id="4711")
    number = record_values(archive, values, source="node", actor="t", subject=subject)
    _keep(archive, "other.png")
    assert _numbers(archive, patient=patient_hash(KEY, "4711")) == [number]
    assert _numbers(archive, patient=patient_hash(b"x" * 32, "4711")) == []


def test_dates_are_inclusive_and_in_utc(archive: Engine) -> None:
    fill(archive, 2000)  # a minute apart, from 2026-01-01 00:01
    assert _numbers(archive, since="2026-01-01T00:03", until="2026-01-01T00:05") == [3, 4, 5]
    assert _numbers(archive, since="2026-01-01T01:03+01:00", until="2026-01-01T00:04Z") == [3, 4]
    assert count(archive, Filters(until="2026-01-01")) == 1439
    assert count(archive, Filters(since="2026-01-02", until="2026-01-02")) == 2000 - 1439
    with pytest.raises(ArchiveError, match="give a day"):
        find(archive, Filters(since="yesterday"))


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("filters", [Filters(), Filters(status=Status.READ, undecided=False, text="film 1")])
def test_pages_in_every_order_hold_each_match_once(archive: Engine, sort: Sort, filters: Filters) -> None:
    fill(archive, 300)
    seen, after = [], None
    while True:
        page = find(archive, filters, sort=sort, limit=37, after=after)
        seen += page.readings
        after = page.after
        if after is None:
            break
    assert len({row.id for row in seen}) == len(seen)
    answered = [
        row for row in find(archive, filters, limit=1000).readings if sort.by_time or row.normal is not None
    ]
    assert {row.id for row in seen} == {row.id for row in answered}
    keys = [row.recorded_at if sort.by_time else row.normal for row in seen]
    assert keys == sorted(keys, reverse=sort.falling)


def test_a_cursor_of_another_order_is_refused(archive: Engine) -> None:
    fill(archive, 30)
    by_time, by_probability = (
        find(archive, sort=sort, limit=5).after for sort in (Sort.NEWEST, Sort.PNEUMONIA_FALLING)
    )
    for after, sort in (
        (by_time, Sort.PNEUMONIA_RISING),
        (by_probability, Sort.NEWEST),
        ("nan/1", Sort.PNEUMONIA_RISING),
    ):
        with pytest.raises(ArchiveError, match="comes from no page"):
            find(archive, sort=sort, after=after)


QUESTIONS = {
    "all": Filters(),
    "finding": Filters(finding=B),
    "refused": Filters(status=Status.REFUSED),
    "undecided": Filters(undecided=True),
    "not decided": Filters(decided=False),
    "disagreement": Filters(disagreement=True),
    "source": Filters(source="ward 3"),
    "day": Filters(since="2026-01-05", until="2026-01-05"),
    "undecided of a source": Filters(undecided=True, source="ward 3"),
}


def test_pages_deep_in_a_long_list_go_along_an_index(archive: Engine) -> None:
    fill(archive, 20_000)
    for sort in Sort:
        after = "2026-01-05T12:00:00.000000Z/9999" if sort.by_time else "0.5/9999"
        for name, filters in QUESTIONS.items():
            plan = _plan(archive, page_query(filters, sort=sort, limit=50, after=after))
            assert "worklist_by_" in plan, f"{sort} {name}: {plan}"
            assert not re.search(r"SCAN worklist(?! USING)|Seq Scan", plan), f"{sort} {name}: {plan}"
            if archive.dialect.name == "sqlite" and sort.by_time:
                assert "TEMP B-TREE" not in plan, f"{sort} {name}: {plan}"


def _plan(archive: Engine, query: Select[Any]) -> str:
    shown = str(query.compile(archive, compile_kwargs={"literal_binds": True})).replace(":", "\\:")
    explain = "EXPLAIN QUERY PLAN" if archive.dialect.name == "sqlite" else "EXPLAIN"
    with archive.connect() as connection:
        return "\n".join(str(row) for row in connection.execute(text(f"{explain} {shown}")))
