import csv
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyarrow import parquet
from records_filling import fill
from sqlalchemy import Engine

from neumo.core.answer import Answer, Verdict
from neumo.core.decision import Conclusion
from neumo.core.errors import ArchiveUnavailableError, MissingExtraError, OutputError
from neumo.core.findings import Finding
from neumo.core.reading import Reading, Status
from neumo.records.decisions import record_decision
from neumo.records.export import COLUMNS, Format, export, stored
from neumo.records.filters import Filters, Sort
from neumo.records.retention import purge
from neumo.records.store import record
from neumo.records.stored_reading import StoredReading

N, B, V = Finding


def _keep(archive: Engine, name: str) -> int:
    answer = Answer(N, {N: 0.6, B: 0.3, V: 0.1}, (N, B), 0.9, False, "balanced", 0.5)
    receipt = {"bundle": {"name": "tiny", "version": "1", "digest": "d"}, "options": {}}
    reading = Reading(name, hashlib.sha256(name.encode()).hexdigest(), Status.READ, answer, receipt=receipt)
    return record(archive, reading, source="ward", actor="t")


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_both_formats_hold_the_reading_and_its_decision(archive: Engine, tmp_path: Path) -> None:
    number = _keep(archive, "=1+1.png")
    _keep(archive, "b.png")
    record_decision(archive, number, person="ana", conclusion=Conclusion.NORMAL)
    record_decision(
        archive,
        number,
        person="bo",
        conclusion=Conclusion.VIRAL_PNEUMONIA,
        note='-- "sí",\nline two',
        blinded=True,
    )
    files = {Format.CSV: tmp_path / "new" / "a.csv", Format.PARQUET: tmp_path / "a.parquet"}
    assert export(archive, files=files) == 2
    first, second = _rows(files[Format.CSV])
    assert tuple(first) == COLUMNS
    assert first["file"] == "'=1+1.png" and first["note"] == '\'-- "sí",\nline two'
    assert (first["decision"], first["decided_by"], first["revision"]) == ("VIRAL_PNEUMONIA", "bo", "2")
    assert (first["agrees"], first["decision_blinded"], first["purged"]) == ("no", "yes", "no")
    assert (first["prediction_set"], first["bundle"]) == ("NORMAL | BACTERIAL_PNEUMONIA", "tiny 1")
    assert second["decision"] == "" and float(second["p_NORMAL"]) == 0.6
    same, other = parquet.read_table(files[Format.PARQUET]).to_pylist()
    assert same["file"] == "=1+1.png" and same["agrees"] is False and same["p_VIRAL_PNEUMONIA"] == 0.1
    assert other["decision"] is None and other["agrees"] is None


def test_everything_is_written_in_order_over_many_pages(archive: Engine, tmp_path: Path) -> None:
    fill(archive, 2500)
    assert export(archive, files={Format.CSV: tmp_path / "a.csv"}) == 2500
    assert [int(row["id"]) for row in _rows(tmp_path / "a.csv")] == list(range(1, 2501))
    undetermined = tmp_path / "undetermined.parquet"
    assert export(archive, Filters(verdict=Verdict.UNDETERMINED), files={Format.PARQUET: undetermined}) == 125
    assert parquet.read_table(undetermined).num_rows == 125


def test_nothing_that_matches_is_an_empty_table(archive: Engine, tmp_path: Path) -> None:
    files = {Format.CSV: tmp_path / "a.csv", Format.PARQUET: tmp_path / "a.parquet"}
    assert export(archive, Filters(text="nowhere"), files=files) == 0
    assert _rows(files[Format.CSV]) == [] and parquet.read_table(files[Format.PARQUET]).num_rows == 0
    assert tuple(parquet.read_table(files[Format.PARQUET]).column_names) == COLUMNS


def test_a_purged_reading_is_exported_without_its_file(archive: Engine, tmp_path: Path) -> None:
    _keep(archive, "secret.png")
    purge(archive, days=0, actor="officer")
    assert export(archive, files={Format.CSV: tmp_path / "a.csv"}) == 1
    (row,) = _rows(tmp_path / "a.csv")
    assert (row["purged"], row["file"], row["finding"], row["p_NORMAL"]) == ("yes", "", "NORMAL", "0.6")


def test_a_failure_leaves_the_files_of_before(
    archive: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(archive, 1500)
    files = {Format.CSV: tmp_path / "a.csv", Format.PARQUET: tmp_path / "a.parquet"}
    for file in files.values():
        file.write_text("before")
    pages = stored(archive, Filters(), sort=Sort.OLDEST)

    def away(*_: object, **__: object) -> Iterator[tuple[StoredReading, ...]]:
        yield next(pages)
        raise ArchiveUnavailableError("gone")

    monkeypatch.setattr("neumo.records.export.stored", away)
    with pytest.raises(ArchiveUnavailableError):
        export(archive, files=files)
    assert all(file.read_text() == "before" for file in files.values())
    assert sorted(file.name for file in tmp_path.iterdir() if not file.name.startswith("a.db")) == [
        "a.csv",
        "a.parquet",
    ]


def test_a_place_that_cannot_be_written_is_named(archive: Engine, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"a\.csv: could not be written"):
        export(archive, files={Format.CSV: tmp_path / "file" / "a.csv"})


def test_json_lines_hold_the_same_values(archive: Engine, tmp_path: Path) -> None:
    number = _keep(archive, "=a.png")
    record_decision(archive, number, person="ana", conclusion=Conclusion.VIRAL_PNEUMONIA)
    assert export(archive, files={Format.JSON_LINES: tmp_path / "a.jsonl"}) == 1
    (line,) = (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()
    row = json.loads(line)
    assert tuple(row) == COLUMNS
    assert (row["file"], row["agrees"], row["p_NORMAL"], row["coverage"]) == ("=a.png", False, 0.6, 0.9)


def test_without_pyarrow_parquet_names_its_extra_and_leaves_no_file(
    archive: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    files = {Format.CSV: tmp_path / "new" / "a.csv", Format.PARQUET: tmp_path / "new" / "a.parquet"}
    with pytest.raises(MissingExtraError, match=r"neumo\[parquet\]"):
        export(archive, files=files)
    assert not (tmp_path / "new").exists()
