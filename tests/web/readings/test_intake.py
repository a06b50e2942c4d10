"""Errors that the reader raises over a file: the failed reading names the error, as `neumo read` does."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, cast

from neumo.core.lost_file import unexpected_error
from neumo.inference.reader import Reader
from neumo.records.reading_file import ReadingFiles
from neumo.records.store import Recorded
from neumo.web.readings.group_commit import FinishedReading, GroupCommit
from neumo.web.readings.intake import Intake
from neumo.web.readings.reader_requests import open_handler
from neumo.web.readings.uploaded_file import Upload
from neumo.worker.reader_pool import ReaderPool


class Pool:
    """A pool whose reader raises an error on every request."""

    def __init__(self, reader: Reader) -> None:
        self.options, self.bundle_digest = reader.options, reader.bundle.digest
        self._handle = open_handler(reader)

    def submit(self, request: Mapping[str, Any], **_options: Any) -> "Future[Mapping[str, Any]]":
        future = Future[Mapping[str, Any]]()
        wrong = {"error": "ValueError", "errno": None, "own": None, "where": "a.py:1 f"}
        future.set_result(wrong if request["do"] == "read" else self._handle(request))
        return future


class Records:
    async def record(self, _finished: FinishedReading) -> Recorded:
        return Recorded(1, "2026-01-01", {})


def test_an_error_of_the_reader_is_not_called_a_crash(web_bundle: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.png"
    film.write_bytes(b"film")
    reader = Reader(web_bundle, keep_pixels=True, keep_header=True, threads=1)
    intake = Intake(
        ReadingFiles(tmp_path / "kept"),
        cast(ReaderPool, Pool(reader)),
        cast(GroupCommit, Records()),
    )
    result = asyncio.run(intake.read(Upload(film, film.name, "0" * 64, b"film"), "ana"))
    assert (result.status, result.reading) == ("failed", 1)
    assert result.reasons == (unexpected_error("ValueError", "a.py:1 f"),)
