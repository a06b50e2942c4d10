"""An archive and a dataset on a real S3 server."""

import shutil
from pathlib import Path

import pytest
from tests.support.s3 import s3_server

from neumo.cluster.dataset import Dataset
from neumo.cluster.plan import shards_of
from neumo.cluster.shard_reader import Job, ShardReader
from neumo.cluster.sources import open_source
from neumo.cluster.summary import summarise
from neumo.core.errors import ClusterError


def test_an_archive_is_read_from_s3_to_s3(
    tmp_path: Path, tiny: str, films: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "buckets"
    (store / "archive/2024/05").mkdir(parents=True)
    (store / "results").mkdir()
    for film in films[:3]:
        shutil.copy(film, store / "archive/2024/05")
    (store / "archive/2024/empty.png").touch()
    with s3_server(store) as url:
        source, out = url.format("archive/2024"), url.format("results/first")
        job = Job(source, out, {"bundle": tiny, "allow_outside_range": True})
        dataset = Dataset(out)
        dataset.begin({"source": source, "bundle": "x"})
        assert dataset.made_with() == {"source": source, "bundle": "x"}
        dataset.write_plan(shards_of(open_source(source).locations(), 2), {})
        assert dataset.plan() == {"shards": 2, "locations": 4, "skipped": {}}
        reader = ShardReader(job)
        try:
            assert not dataset.done()
            counts = [reader.read(shard) for shard in (0, 1)]
        finally:
            reader.close()
        assert dataset.done() == {0, 1}
        assert sum(each.statuses["failed"] for each in counts) == 1
        locations = [row["location"] for table in dataset.readings() for row in table.to_pylist()]
        assert locations == sorted(["empty.png", *(f"05/{film.name}" for film in films[:3])])
        summary = summarise(out)
        assert (summary.readings, summary.shards_done) == (4, 2)

        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
        monkeypatch.setattr("neumo.cluster.shard_reader.back_off", lambda *_: 0.0)
        locked_out = ShardReader(job)
        try:
            with pytest.raises(ClusterError):
                locked_out.read(7)
        finally:
            locked_out.close()
