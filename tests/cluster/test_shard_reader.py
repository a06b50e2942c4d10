"""One shard: every object gets a row, a poisonous one costs itself alone, faults of machine or source end the run."""

import errno
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.reader_handlers import POISON, SURPRISE

from neumo.cluster import shard_reader
from neumo.cluster.dataset import Dataset
from neumo.cluster.locations import Location
from neumo.cluster.plan import shards_of
from neumo.cluster.shard_reader import Job, ShardReader
from neumo.cluster.sources import open_source
from neumo.core.child_process import ChildProcess
from neumo.core.errors import ChildError, ClusterError
from neumo.core.reading import Reading
from neumo.imaging.limits import MAX_FILE_BYTES
from neumo.inference.reader import Reader

Make = Callable[..., tuple[ShardReader, Dataset]]


@pytest.fixture
def make(tmp_path: Path, tiny: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    monkeypatch.setattr(shard_reader, "back_off", lambda *_: 0.0)
    made = list[ShardReader]()

    def make_reader(source: Any, results: tuple[str, ...] = ()) -> tuple[ShardReader, Dataset]:
        if not isinstance(source, str):
            monkeypatch.setattr(shard_reader, "open_source", lambda _text: source)
        job = Job(str(source), str(tmp_path / "out"), {"bundle": tiny, "allow_outside_range": True}, results)
        dataset = Dataset(job.dataset)
        opened = open_source(source) if isinstance(source, str) else source
        dataset.write_plan(shards_of(opened.locations(), 100), {})
        made.append(ShardReader(job))
        return made[-1], dataset

    yield make_reader
    for reader in made:
        reader.close()


def rows_of(dataset: Dataset) -> dict[str, dict[str, Any]]:
    return {row["location"]: row for table in dataset.readings() for row in table.to_pylist()}


class Objects:
    """A source in memory; what is an error is raised, and `away` says that nothing can be had at all."""

    named = True

    def __init__(self, objects: dict[str, Any], away: bool = False) -> None:
        self.objects, self.away, self.asked = objects, away, Counter[str]()
        self.skipped = Counter[str]()

    def locations(self) -> Iterator[Location]:
        yield from (Location(name) for name in self.objects)

    def fetch(self, location: str) -> bytes:
        self.asked[location] += 1
        found = self.objects[location]
        if isinstance(found, list):
            found = found.pop(0)
        if isinstance(found, Exception):
            raise found
        return bytes(found)

    def size(self, location: str) -> int | None:
        return MAX_FILE_BYTES + 1 if location == "huge" else None

    def require_reachable(self) -> None:
        if self.away:
            raise OSError("access denied: the token has expired")


def test_rows_are_what_the_reader_says_of_the_same_files(
    make: Make, tmp_path: Path, films: list[Path], tiny: str
) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for film in films[:6]:
        shutil.copy(film, source)
    (source / "empty.png").touch()
    (source / "broken.jpeg").write_bytes(films[0].read_bytes()[:300])
    (source / "notes.txt").write_text("no image")
    reader, dataset = make(str(source))
    counts = reader.read(0)
    rows = rows_of(dataset)
    direct = Reader(tiny, allow_outside_range=True, threads=1)
    for name, row in rows.items():
        expected = direct.read((source / name).read_bytes())
        stored = Reading.from_json(json.loads(row["reading"]))
        assert (stored.answer, stored.status, stored.reasons) == (
            expected.answer, expected.status, expected.reasons,
        )  # fmt: skip
        assert row["sha256"] == expected.sha256
        assert row["verdict"] == (expected.answer and expected.answer.verdict.value)
    assert set(rows) == {film.name for film in films[:6]} | {"empty.png", "broken.jpeg"}
    assert counts.skipped == {"no_image": 1}
    assert sum(counts.statuses.values()) == 8
    assert counts.statuses["failed"] == 2
    assert reader.read(0).statuses == {}, "a shard that is done is not read again"


def test_what_cannot_be_had_of_one_object_is_its_own_reason(make: Make, films: list[Path]) -> None:
    good = films[0].read_bytes()
    source = Objects(
        {
            "good": good,
            "huge": good,
            "gone": FileNotFoundError(),
            "forbidden": PermissionError(errno.EPERM, "no"),
            "throttled": [OSError("SLOW_DOWN"), ConnectionResetError(), good],
            "lost": OSError("INTERNAL_ERROR"),
        }
    )
    reader, dataset = make(source)
    reader.read(0)
    rows = rows_of(dataset)
    assert {name: (row["status"], row["reasons"]) for name, row in rows.items()} == {
        "good": (rows["good"]["status"], rows["good"]["reasons"]),
        "huge": ("failed", ["too_large"]),
        "gone": ("failed", ["unreadable_file"]),
        "forbidden": ("failed", ["unreadable_file"]),
        "throttled": (rows["good"]["status"], rows["good"]["reasons"]),
        "lost": ("failed", ["unreadable_file"]),
    }
    assert rows["good"]["status"] != "failed"
    assert source.asked["throttled"] == 3
    assert source.asked["huge"] == 0


@pytest.mark.parametrize("error", [OSError("ACCESS_DENIED"), TimeoutError(), ConnectionRefusedError()])
def test_a_source_that_gives_nothing_ends_the_run_and_blames_no_object(make: Make, error: Exception) -> None:
    reader, dataset = make(Objects({"a": error}, away=True))
    with pytest.raises(ClusterError, match=r"source cannot be reached .*token has expired.*go on"):
        reader.read(0)
    assert not dataset.done()


@pytest.mark.parametrize("key", ["bundle", "neumo"])
def test_a_machine_with_another_bundle_or_version_writes_nothing(
    make: Make, films: list[Path], key: str
) -> None:
    reader, dataset = make(Objects({"a": films[0].read_bytes()}))
    dataset.begin({key: "0.0"})
    with pytest.raises(ClusterError, match=f"has another {key}"):
        reader.read(0)
    assert not dataset.done()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EMFILE, errno.EIO])
def test_a_fault_of_this_machine_ends_the_run_and_blames_no_object(make: Make, number: int) -> None:
    reader, dataset = make(Objects({"a": OSError(number, "x")}))
    with pytest.raises(ClusterError, match="this machine"):
        reader.read(0)
    assert not dataset.done()


def test_a_full_disk_leaves_no_half_shard(
    make: Make, films: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, dataset = make(Objects({"a": films[0].read_bytes()}))

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("neumo.cluster.dataset.pq.write_table", full)
        with pytest.raises(ClusterError, match=r"No space left.*go on"):
            reader.read(0)
    assert not dataset.done()
    reader.read(0)
    assert dataset.done() == {0}


def test_an_object_that_ends_or_fails_its_process_costs_itself_alone(
    make: Make, films: list[Path], tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = str(Path(__file__).parents[2])
    monkeypatch.setenv("PYTHONPATH", root, prepend=":")
    monkeypatch.setattr(shard_reader, "_OPENER", "tests.support.reader_handlers:open_poisonable")
    objects = {f"{number:02}": films[number % 3].read_bytes() for number in range(12)}
    poisonous = {"02": POISON, "07": SURPRISE, "10": POISON}
    reader, dataset = make(Objects({**objects, **poisonous}))
    counts = reader.read(0)
    rows = rows_of(dataset)
    assert list(rows) == sorted(objects), "each once, in order, whether read alone or in a batch that died"
    failed = {name: row["reasons"] for name, row in rows.items() if row["status"] == "failed"}
    assert failed == {"02": ["crash"], "07": ["unexpected_error"], "10": ["crash"]}
    assert counts.statuses["failed"] == len(poisonous)
    direct = Reader(tiny, allow_outside_range=True, threads=1)
    for name in objects.keys() - poisonous.keys():
        expected = {**direct.read(objects[name]).to_json(), "file": name}
        assert json.loads(rows[name]["reading"]) == expected


def test_small_objects_are_fetched_further_ahead_than_large_ones(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is fetched and not yet read lies in memory."""
    for size, most in ((10, shard_reader._MOST_AHEAD), (shard_reader._AHEAD_BYTES, shard_reader._FETCHERS)):
        source = Objects({f"{number:02}": bytes(size) for number in range(60)})
        reader, _ = make(source)
        unread = []
        for number, _ in enumerate(
            reader._fetched([{"location": name, "size": size} for name in source.objects]), 1
        ):
            unread.append(source.asked.total() - number)
        assert number == 60 and max(unread) <= most, "beside the one that is read"


def test_results_lie_beside_the_readings_and_are_named_by_their_rows(
    make: Make, tmp_path: Path, films: list[Path]
) -> None:
    from tests.support.node_samples import radiograph

    source = tmp_path / "in"
    source.mkdir()
    radiograph(films[0]).save_as(source / "1.dcm", enforce_file_format=True)
    shutil.copy(films[1], source)
    reader, dataset = make(str(source), ("sr", "sc", "fhir"))
    counts = reader.read(0)
    row = rows_of(dataset)["1.dcm"]
    assert sorted(path.split("/")[1] for path in row["results"]) == ["fhir", "sc", "sr"]
    for path in row["results"]:
        assert dataset.place.read(path)
    assert counts.results_failed == 1, "a JPEG has no header, which the DICOM results need"
    assert rows_of(dataset)[films[1].name]["results_failure"]


def test_a_reader_that_the_system_kills_is_held_against_the_machine_and_no_file(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(*_: Any) -> Any:
        raise ChildError("killed", "was killed by somebody else")

    monkeypatch.setattr(ChildProcess, "ask", ask)
    reader, dataset = make(Objects({"a.png": b"film"}))
    with pytest.raises(ClusterError, match="this machine: killed"):
        reader.read(0)
    assert rows_of(dataset) == {}
