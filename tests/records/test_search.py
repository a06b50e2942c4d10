import re
from typing import Any

import pytest
from records_filling import fill, moment_of
from sqlalchemy import Engine, Select, text
from tests.support.stored_readings import keep, refused

from neumo.core.answer import Verdict
from neumo.core.decision import Conclusion
from neumo.core.errors import ArchiveError
from neumo.core.findings import Finding
from neumo.core.patient import Sex
from neumo.core.reading import Status
from neumo.records.decisions import record_decision
from neumo.records.filters import FilterError, Filters, Sort
from neumo.records.search import neighbours, page_query, search, sources
from neumo.records.stored_reading import StoredReading

N = Finding.NORMAL


def test_pages_hold_each_reading_once_while_others_are_recorded(archive: Engine) -> None:
    kept = [keep(archive, refused(str(number))) for number in range(7)]
    page = search(archive, limit=3)
    seen = [row.id for row in page.readings]
    keep(archive, refused("meanwhile"))
    while page.after is not None:
        page = search(archive, limit=3, after=page.after)
        seen += [row.id for row in page.readings]
    assert seen == kept[::-1]


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize(
    "filters", [Filters(), Filters(status=Status.READ, verdict=Verdict.NO_PNEUMONIA, text="film 1")]
)
def test_pages_in_every_order_hold_each_match_once(archive: Engine, sort: Sort, filters: Filters) -> None:
    fill(archive, 300)
    seen: list[StoredReading] = []
    after = None
    while True:
        page = search(archive, filters, sort=sort, limit=37, after=after)
        seen += page.readings
        after = page.after
        if after is None:
            break
    assert len({row.id for row in seen}) == len(seen)
    answered = [
        row
        for row in search(archive, filters, limit=1000).readings
        if sort.by_time or row.probabilities is not None
    ]
    assert {row.id for row in seen} == {row.id for row in answered}
    keys: list[Any] = [row.recorded_at if sort.by_time else (row.probabilities or {})[N] for row in seen]
    assert keys == sorted(keys, reverse=sort.falling)


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("filters", [Filters(), Filters(verdict=Verdict.NO_PNEUMONIA)])
def test_neighbours_are_those_of_the_list(archive: Engine, sort: Sort, filters: Filters) -> None:
    fill(archive, 40)
    listed = [row.id for row in search(archive, filters, sort=sort, limit=100).readings]
    for at in (0, 1, len(listed) // 2, len(listed) - 1):
        before = listed[at - 1] if at else None
        after = listed[at + 1] if at + 1 < len(listed) else None
        assert neighbours(archive, listed[at], filters, sort=sort) == (before, after)


def test_a_reading_that_left_the_list_keeps_its_place_in_it(archive: Engine) -> None:
    first, second, third = (keep(archive, refused(str(number))) for number in range(3))
    record_decision(archive, second, person="ana", conclusion=Conclusion.NORMAL, seen_revision=0)
    assert neighbours(archive, second, Filters(decided=False)) == (third, first)
    assert neighbours(archive, 999) == (None, None)


def test_a_page_stays_within_its_period(archive: Engine) -> None:
    fill(archive, 40)
    period = Filters(since=moment_of(11), until=moment_of(30))
    for sort, expected in ((Sort.NEWEST, range(30, 10, -1)), (Sort.OLDEST, range(11, 31))):
        beyond = f"{moment_of(35 if sort is Sort.NEWEST else 5)}/20"
        for after in (None, beyond):
            first = search(archive, period, sort=sort, limit=15, after=after)
            rest = search(archive, period, sort=sort, limit=15, after=first.after)
            assert [row.id for row in (*first.readings, *rest.readings)] == list(expected)
            assert rest.after is None


def test_matches_are_counted_as_far_as_asked(archive: Engine) -> None:
    fill(archive, 100)
    assert search(archive).count is None
    assert search(archive, limit=10, count_to=20).count == 21
    rest = search(archive, limit=10, after=search(archive, limit=95).after, count_to=200)
    assert len(rest.readings) == 5 and rest.count == 100


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(finding=N),
        Filters(status=Status.REFUSED),
        Filters(decided=True, verdict=Verdict.NO_PNEUMONIA),
        Filters(decided_by="reader 3"),
        Filters(not_decided_by="reader 3", text="film"),
        Filters(decided_by="nobody"),
        Filters(ids=(1, 10, 11)),
    ],
)
def test_the_count_is_of_all_pages(archive: Engine, sort: Sort, filters: Filters) -> None:
    fill(archive, 100)
    record_decision(archive, 3, person="reader 3", conclusion=Conclusion.NORMAL)
    record_decision(archive, 3, person="reader 3", conclusion=Conclusion.NORMAL)
    listed = search(archive, filters, sort=sort, limit=1000, count_to=1000)
    assert listed.count == len(listed.readings)
    assert search(archive, filters, sort=sort, limit=1, count_to=1000).count == listed.count


def test_sources_are_listed_once(archive: Engine) -> None:
    assert sources(archive) == ()
    for number, source in enumerate(("ward", "node", "ward", "Ward")):
        keep(archive, refused(str(number)), source)
    assert sorted(sources(archive)) == ["Ward", "node", "ward"]
    assert len(sources(archive, limit=2)) == 2


def test_a_cursor_of_another_order_is_refused(archive: Engine) -> None:
    fill(archive, 30)
    by_time, by_probability = (
        search(archive, sort=sort, limit=5).after for sort in (Sort.NEWEST, Sort.PNEUMONIA_FALLING)
    )
    for after, sort in (
        (by_time, Sort.PNEUMONIA_RISING),
        (by_probability, Sort.NEWEST),
        ("nan/1", Sort.PNEUMONIA_RISING),
        ("x", Sort.NEWEST),
        ("2026/y", Sort.NEWEST),
        (f"{moment_of(1)}/{'9' * 5000}", Sort.NEWEST),
    ):
        with pytest.raises(FilterError, match="comes from no page"):
            search(archive, sort=sort, after=after)


def test_wrong_limits_are_named(archive: Engine) -> None:
    for limit in (0, 1001):
        with pytest.raises(ArchiveError, match=r"limit: .* give 1 to 1,000"):
            search(archive, limit=limit)


FILTERS = {
    "all": Filters(),
    "finding": Filters(finding=Finding.BACTERIAL_PNEUMONIA),
    "refused": Filters(status=Status.REFUSED),
    "undetermined": Filters(verdict=Verdict.UNDETERMINED),
    "not decided": Filters(decided=False),
    "disagreement": Filters(disagreement=True),
    "source": Filters(source="ward 3"),
    "day": Filters(since="2026-01-05", until="2026-01-05"),
    "undetermined of a source": Filters(verdict=Verdict.UNDETERMINED, source="ward 3"),
    "decided by one": Filters(decided_by="reader 3"),
    "not decided by one": Filters(not_decided_by="reader 3", finding=N),
    "girls of one to five": Filters(sex=Sex.FEMALE, age_from=1.0, age_to=5.0),
    "newborn": Filters(age_to=0.0),
    "text": Filters(text="nowhere"),
    "beginning of a digest": Filters(text="0123456789"),
}
PATIENTS = (
    Filters(patient_words="name7 2003"),
    Filters(patient_key="ab"),
    Filters(patient_words="id77", decided=True),
)


def test_pages_deep_in_a_long_list_go_along_an_index(archive: Engine) -> None:
    fill(archive, 20_000)
    for sort in Sort:
        after = "2026-01-05T12:00:00.000000Z/9999" if sort.by_time else "0.5/9999"
        for name, filters in FILTERS.items():
            if filters.text and archive.dialect.name == "postgresql":
                continue  # which reads the whole table for part of a text
            plan = _plan(archive, page_query(filters, sort=sort, limit=50, after=after))
            assert "worklist_by_" in plan, f"{sort} {name}: {plan}"
            assert not re.search(r"SCAN worklist(?! USING)|Seq Scan on worklist", plan), (
                f"{sort} {name}: {plan}"
            )
            if archive.dialect.name == "sqlite" and sort.by_time:
                assert "TEMP B-TREE" not in plan, f"{sort} {name}: {plan}"
    for filters in PATIENTS:
        plan = _plan(archive, page_query(filters, sort=Sort.NEWEST, limit=50, after=None))
        # PostgreSQL may join what the index of words found with a list that is this short as a whole.
        scanned = re.search(r"SCAN (worklist|patient_words)|Seq Scan on patient_words", plan)
        assert not scanned, f"{filters}: {plan}"


def _plan(archive: Engine, query: Select[Any]) -> str:
    shown = str(query.compile(archive, compile_kwargs={"literal_binds": True})).replace(":", "\\:")
    explain = "EXPLAIN QUERY PLAN" if archive.dialect.name == "sqlite" else "EXPLAIN"
    with archive.connect() as connection:
        return "\n".join(str(row) for row in connection.execute(text(f"{explain} {shown}")))
