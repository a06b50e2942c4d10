"""An archive and a dataset on a real S3 server: throttled, and with other keys half-way."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.s3 import S3Server, s3_server, throttled

import neumo
from neumo.cluster.dataset import Dataset
from neumo.cluster.plan import shards_of
from neumo.cluster.shard_reader import Job, ShardCounts, ShardReader
from neumo.cluster.sources import open_source
from neumo.cluster.summary import summarise
from neumo.core.errors import ClusterError


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, films: list[Path]) -> Iterator[S3Server]:
    """An archive of three films and an empty file."""
    store = tmp_path_factory.mktemp("s3") / "buckets"
    (store / "archive/2024/05").mkdir(parents=True)
    (store / "results").mkdir()
    for film in films[:3]:
        shutil.copy(film, store / "archive/2024/05")
    (store / "archive/2024/empty.png").touch()
    with s3_server(store) as started:
        yield started


def begun(source: str, out: str, tiny: str) -> tuple[Job, Dataset]:
    """Return the job that reads a source in shards of two images, and its dataset with the plan written."""
    job, dataset = Job(source, out, {"bundle": tiny, "allow_outside_range": True}), Dataset(out)
    dataset.begin({"source": source, "neumo": neumo.__version__})
    dataset.write_plan(shards_of(open_source(source).locations(), 2), {})
    return job, dataset


def read(job: Job, *shards: int) -> list[ShardCounts]:
    reader = ShardReader(job)
    try:
        return [reader.read(shard) for shard in shards]
    finally:
        reader.close()


def test_an_archive_is_read_from_s3_to_s3(server: S3Server, tiny: str, films: list[Path]) -> None:
    source, out = server.url("archive/2024"), server.url("results/first")
    job, dataset = begun(source, out, tiny)
    assert dataset.made_with() == {"source": source, "neumo": neumo.__version__}
    assert dataset.plan() == {"shards": 2, "locations": 4, "skipped": {}}
    assert not dataset.done()
    counts = read(job, 0, 1)
    assert dataset.done() == {0, 1}
    assert sum(each.statuses["failed"] for each in counts) == 1
    rows = {row["location"]: row for table in dataset.readings() for row in table.to_pylist()}
    assert sorted(rows) == sorted(["empty.png", *(f"05/{film.name}" for film in films[:3])])
    summary = summarise(out)
    assert (summary.readings, summary.shards_done) == (4, 2)


def test_a_bucket_that_throttles_is_waited_for(
    server: S3Server, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neumo.cluster.shard_reader.back_off", lambda *_: 0.0)
    with throttled(server, every=3) as (address, refused):
        job, dataset = begun(server.url("archive/2024/05", address), server.url("results/slow"), tiny)
        (first, second) = read(job, 0, 1)
    assert len(refused) > 3
    assert first.statuses["failed"] == second.statuses["failed"] == 0
    assert sum(table.num_rows for table in dataset.readings()) == 3


def test_credentials_that_are_lost_half_way_end_the_run_and_blame_no_object(
    server: S3Server, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neumo.cluster.shard_reader.back_off", lambda *_: 0.0)
    job, dataset = begun(server.url("archive/2024/05"), server.url("results/lost"), tiny)
    read(job, 0)
    server.start("another-secret-of-forty-characters-01234567")
    try:
        with pytest.raises(ClusterError, match="run the same command again"):
            read(job, 1)
    finally:
        server.start()
    assert dataset.done() == {0}
    read(job, 1)
    assert dataset.done() == {0, 1}
    assert not any(row["status"] == "failed" for table in dataset.readings() for row in table.to_pylist())
