"""How long a page of the worklist takes in a long archive, at its beginning and deep in it, by question and order.

    python benchmarks/records_paging.py DATABASE [--readings N] [--pages N]

DATABASE is one that is not there yet (sqlite:///FILE), or an empty one (postgresql://...); it is filled with N readings whose bodies
are as large as real ones. Prints p50 and the largest of some pages of 50, in milliseconds, for each question and order: the first
page, then pages that begin in the middle. Beside it `SELECT 1`, which is what the database answers at best.
"""

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from statistics import median

from records_filling import fill, moment_of, sample_body
from sqlalchemy import Engine, text

from neumo.core.findings import Finding
from neumo.core.reading import Status
from neumo.records.filters import Filters, Sort
from neumo.records.search import count, find
from neumo.records.store import open_archive

QUESTIONS = {
    "everything": Filters(),
    "one finding": Filters(finding=Finding.BACTERIAL_PNEUMONIA),
    "refused": Filters(status=Status.REFUSED),
    "undecided": Filters(undecided=True),
    "not decided by anybody": Filters(decided=False),
    "disagreement": Filters(disagreement=True),
    "one source": Filters(source="ward 3"),
    "one day": Filters(since="2026-02-01", until="2026-02-01"),
    "undecided, one source, not decided": Filters(undecided=True, source="ward 3", decided=False),
    "decided by one person": Filters(decided_by="reader 3"),
    "text in many files": Filters(text="film 7"),
    "text in one file": Filters(text="film 77777.dcm"),
    "text in no file": Filters(text="nowhere"),
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
    if count(engine, Filters()):
        sys.exit(f"{options.database}: is not empty; give a database of its own")
    fill(engine, options.readings, body=sample_body())
    print(f"{options.readings:,} readings on {engine.dialect.name}")
    print(f"{'SELECT 1':50}{_milliseconds(lambda: _nothing(engine), options.pages)}")
    for name, filters in QUESTIONS.items():
        print(f"{'count, ' + name:50}{_milliseconds(partial(count, engine, filters), 5)}")
        for sort in (Sort.NEWEST, Sort.OLDEST, Sort.PNEUMONIA_FALLING, Sort.PNEUMONIA_RISING):
            first = _milliseconds(partial(find, engine, filters, sort=sort), options.pages)
            after = _middle(options.readings) if sort.by_time else f"0.5/{options.readings // 2}"
            deep = _milliseconds(partial(find, engine, filters, sort=sort, after=after), options.pages)
            print(f"{f'{name}, {sort.value}':50}{first}   deep {deep}")
    engine.dispose()


def _middle(readings: int) -> str:
    return f"{moment_of(readings // 2)}/{readings // 2}"


def _nothing(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))


def _milliseconds(what: Callable[[], object], times: int) -> str:
    what()  # statements are compiled and prepared once
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        what()
        taken.append((time.perf_counter() - begin) * 1000)
    return f"p50 {median(taken):7.1f} ms   max {max(taken):7.1f} ms"


if __name__ == "__main__":
    main()
