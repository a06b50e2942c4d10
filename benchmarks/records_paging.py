"""Latency of a worklist page among many readings on record, first and deep, by filter and order.

    python benchmarks/records_paging.py DATABASE [--readings N] [--pages N]

DATABASE is one that does not exist yet (sqlite:///FILE), or an empty one (postgresql://...); it is filled with N readings whose
bodies are as large as real ones. Prints p50 and maximum of some pages of 50, in milliseconds, for each filter of the workbench and
of `neumo archive search`, and the largest p50 at the end. First: what the workbench answers, page, count and sources. Deep: a page
that begins in the middle. Beside it `SELECT 1`, which is what the database answers at best.
"""

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from statistics import median

from records_filling import DILIGENT, fill, moment_of, patient_of, sample_body, sha256_of
from sqlalchemy import Engine, text

from neumo.core.answer import Verdict
from neumo.core.findings import Finding
from neumo.core.reading import Status
from neumo.records.database import open_archive
from neumo.records.filters import Filters, Sort
from neumo.records.search import search, sources

FILTERS = {
    "everything": Filters(),
    "finding": Filters(finding=Finding.BACTERIAL_PNEUMONIA),
    "status refused": Filters(status=Status.REFUSED),
    "undetermined": Filters(verdict=Verdict.UNDETERMINED),
    "no pneumonia": Filters(verdict=Verdict.NO_PNEUMONIA),
    "decided": Filters(decided=True),
    "not decided": Filters(decided=False),
    "disagreement": Filters(disagreement=True),
    "no disagreement": Filters(disagreement=False),
    "source": Filters(source="ward 3"),
    "source that is none": Filters(source="nowhere"),
    "one day": Filters(since="2026-02-01", until="2026-02-01"),
    "all days but some": Filters(since="2026-01-02", until="2026-03-10"),
    "text in many files": Filters(text="film 7"),
    "text in one file": Filters(text="film 77777.dcm"),
    "text in no file": Filters(text="nowhere"),
    "beginning of a SHA-256": Filters(text=sha256_of(77_777)[:8]),
    "number": Filters(text="777"),
    "undetermined, source, not decided": Filters(
        verdict=Verdict.UNDETERMINED, source="ward 3", decided=False
    ),
    "finding, status without one": Filters(finding=Finding.NORMAL, status=Status.REFUSED),
    "text in one file, finding, one day": Filters(
        text="film 45678", finding=Finding.NORMAL, since="2026-02-01", until="2026-02-01"
    ),
    "blinded: not decided by me": Filters(not_decided_by="reader 3"),
    "blinded: decided by me": Filters(decided_by="reader 3"),
    "blinded: decided by me, finding": Filters(decided_by="reader 3", finding=Finding.NORMAL),
    "blinded: by me, who decided all but ten": Filters(decided_by=DILIGENT),
    "blinded: not by me, who decided all but ten": Filters(not_decided_by=DILIGENT),
    "blinded: nothing decided by me": Filters(decided_by="nobody"),
    "patient": Filters(patient=patient_of(4711)),
    "patient who is none": Filters(patient=sha256_of(20_001)),
    "other readings of a patient": Filters(patient_key=patient_of(4711)),
    "words of one patient": Filters(patient_words="name211 id4711"),
    "words of some patients": Filters(patient_words="name7"),
    "words of everybody": Filters(patient_words="n"),
    "words of nobody": Filters(patient_words="nobody"),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("database")
    parser.add_argument("--readings", type=int, default=100_000)
    parser.add_argument("--pages", type=int, default=20)
    options = parser.parse_args()
    engine = open_archive(options.database)
    if search(engine).readings:
        sys.exit(f"{options.database}: is not empty; give a database of its own")
    fill(engine, options.readings, body=sample_body(), diligent=True)
    print(f"{options.readings:,} readings on {engine.dialect.name}")
    print(f"{'SELECT 1':58}{_shown(_milliseconds(lambda: _nothing(engine), options.pages))}")
    largest = 0.0
    for name, filters in FILTERS.items():
        for sort in Sort:
            first = _milliseconds(partial(_first, engine, filters, sort), options.pages)
            after = _middle(options.readings) if sort.by_time else f"0.5/{options.readings // 2}"
            page = partial(search, engine, filters, sort=sort, after=after)
            deep = _milliseconds(page, options.pages)
            print(f"{f'{name}, {sort.value}':58}{_shown(first)}   deep {_shown(deep)}")
            largest = max(largest, median(first), median(deep))
    print(f"largest p50: {largest:.1f} ms")
    engine.dispose()


def _first(engine: Engine, filters: Filters, sort: Sort) -> None:
    """Do what the workbench does for the first page of a list."""
    search(engine, filters, sort=sort, count_to=10_000)
    sources(engine)


def _middle(readings: int) -> str:
    return f"{moment_of(readings // 2)}/{readings // 2}"


def _nothing(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))


def _milliseconds(what: Callable[[], object], times: int) -> list[float]:
    what()  # statements are compiled and prepared once
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        what()
        taken.append((time.perf_counter() - begin) * 1000)
    return taken


def _shown(taken: list[float]) -> str:
    return f"p50 {median(taken):6.1f}   max {max(taken):6.1f}"


if __name__ == "__main__":
    main()
