"""A whole archive on a Ray cluster: killed again and again, and in the end every file is read exactly once."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.support.commands import run_neumo
from tests.support.ray_cluster import kill_one_reader, ray_cluster
from tests.support.tiny_bundle import make_bundle
from tests.support.waiting import wait_until

from neumo.core.reading import Reading
from neumo.datasets.phantoms.dataset import make_phantoms
from neumo.inference.reader import Reader

FILES = 2_000
"""With an empty, a broken and a huge one."""
SHARD = 50


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hundreds of different files of forty phantoms, and some that are none."""
    folder = tmp_path_factory.mktemp("archive")
    make_phantoms(folder / "set", per_class=20, seed=3, size=64)
    films = sorted((folder / "set").rglob("*.jpeg"))
    source = folder / "source"
    for number in range(FILES - 3):
        target = source / f"{number % 7}" / f"{number:05d}.jpeg"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(films[number % len(films)].read_bytes() + number.to_bytes(4, "big"))
    (source / "empty.png").touch()
    (source / "broken.jpeg").write_bytes(films[0].read_bytes()[:200])
    (source / "0/huge.dcm").touch()
    with (source / "0/huge.dcm").open("r+b") as stream:
        stream.truncate(5 * 2**30)  # five gigabytes that take no space
    (source / "notes.txt").write_text("no image")
    (source / ".DS_Store").write_text("litter")
    return source


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with ray_cluster(2) as where:
        yield where


def command(archive: Path, out: Path, bundle: Path, address: str) -> list[str]:
    words = ["read-archive", archive, "--out", out, "--bundle", bundle, "--ray", address]
    return [*map(str, words), "--shard-size", str(SHARD), "--allow-outside-range"]


def rows_of(out: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(out / "readings").to_pylist()
    return rows


def done(out: Path) -> int:
    return len(list(out.glob("readings/batch=*/shard-*.parquet")))


def test_every_file_is_read_exactly_once_through_kills_of_readers_and_driver(
    archive: Path, phantoms: Path, tmp_path: Path, address: str
) -> None:
    bundle, out = make_bundle(tmp_path / "bundle", phantoms), tmp_path / "out"
    words = [sys.executable, "-m", "neumo.cli.main", *command(archive, out, bundle, address)]
    driver = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    wait_until(lambda: done(out) >= 2, seconds=200)
    assert kill_one_reader()
    after = done(out)
    wait_until(lambda: done(out) >= after + 3, seconds=200)
    driver.send_signal(signal.SIGKILL)
    driver.communicate()
    assert done(out) < FILES // SHARD, "the driver was killed in the middle"
    wait_until(lambda: not kill_one_reader(), seconds=60)
    before = {file: file.stat().st_mtime_ns for file in out.glob("readings/batch=*/*.parquet")}
    told = run_neumo(*command(archive, out, bundle, address), status=1)
    assert re.search(r"\b[23] failed", told), (
        "the broken and the empty one come last; the huge one in the first shards"
    )
    assert all(file.stat().st_mtime_ns == written for file, written in before.items()), "none was read twice"
    again = run_neumo(*command(archive, out, bundle, address))
    assert "nothing left" in again
    rows = {row["location"]: row for row in rows_of(out)}
    assert len(rows_of(out)) == len(rows) == FILES
    reader = Reader(str(bundle), threads=1, allow_outside_range=True)
    files = sorted(file for file in archive.rglob("*") if file.is_file() and file.suffix in {".jpeg", ".png"})
    for file, expected in zip(files, reader.read_many(files), strict=True):
        row = rows.pop(file.relative_to(archive).as_posix())
        stored = Reading.from_json(json.loads(row["reading"]))
        assert (stored.sha256, stored.status, stored.answer, stored.reasons, stored.receipt) == (
            expected.sha256, expected.status, expected.answer, expected.reasons, expected.receipt,
        ), file  # fmt: skip
    assert {name: row["reasons"] for name, row in rows.items()} == {"0/huge.dcm": ["too_large"]}
    _reports(archive, out, bundle, tmp_path)


def _reports(archive: Path, out: Path, bundle: Path, folder: Path) -> None:
    with (folder / "labels.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["location", "label"])
        writer.writerows([row["location"], "NORMAL"] for row in rows_of(out)[:100])
    told = run_neumo(
        "report", out, "--bundle", bundle, "--labels", folder / "labels.csv", "--json", folder / "report.json"
    )
    assert f"{FILES - 3:,}" in told.replace("\n", "")
    summary = json.loads((folder / "report.json").read_text())
    assert sum(summary["statuses"].values()) == summary["readings"] == FILES
    assert summary["labels"][0]["n"] == 100
    assert summary["plan"]["skipped"] == {"litter": 1}
    assert "estado" in run_neumo("report", out, "--bundle", bundle, "--lang", "es")


def test_a_run_is_refused_where_it_would_mix_bundles_or_cannot_begin(
    archive: Path, phantoms: Path, tmp_path: Path, address: str
) -> None:
    bundle, other = (
        make_bundle(tmp_path / "bundle", phantoms),
        make_bundle(tmp_path / "other", phantoms, seed=9),
    )
    few = tmp_path / "few"
    few.mkdir()
    (few / "1.jpeg").write_bytes((archive / "1/00001.jpeg").read_bytes())
    words = ["read-archive", few, "--out", tmp_path / "out", "--ray", address, "--allow-outside-range"]
    told = run_neumo(*words, "--bundle", bundle, "--lang", "es")
    assert "1 ubicación en 1 lotes" in told
    assert "another bundle" in run_neumo(*words, "--bundle", other, status=2)
    assert "another where" in run_neumo(*words, "--bundle", bundle, "--where", "size < 9", status=2)
    assert "not known" in run_neumo(*words, "--bundle", bundle, "--results", "pdf", status=2)
    new = ["read-archive", few, "--out", tmp_path / "new", "--bundle", bundle]
    assert "--where" in run_neumo(*new, "--where", "size <", status=2)
    assert not (tmp_path / "new").exists()
    assert "no cluster answers" in run_neumo(*new, "--ray", "127.0.0.1:1", status=2)


CALLS = """
import os, pathlib, sys
from functools import partial
from neumo.cluster.tasks import on_ray
from neumo.core.errors import ClusterError

address, killed = sys.argv[1], pathlib.Path(sys.argv[2])

def doubled(number, killed):
    if number == 2 and not killed.exists():
        killed.touch()
        os.kill(os.getpid(), 9)
    if number == 3:
        raise ValueError(number)
    return 2 * number

answers = on_ray(partial(doubled, killed=killed), [1, 2, 3], address=address)
print(sorted((given, str(answer)) for given, answer in answers))
try:
    next(on_ray(doubled, [1], address=address, gpus=99))
except ClusterError as error:
    print(error)
"""


def test_a_call_that_is_lost_is_made_again_and_one_that_fails_costs_itself(
    tmp_path: Path, address: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CALLS, address, tmp_path / "killed"],
        capture_output=True, text=True, timeout=200, check=True,
    )  # fmt: skip
    assert "[(1, '2'), (2, '4'), (3, 'Ray: RayTaskError" in done.stdout, done.stdout + done.stderr
    assert "has 0 GPU, and each run wants 99" in done.stdout


def test_ray_on_one_machine_takes_no_orders_without_its_token(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    environment["HOME"] = str(tmp_path)
    hold = (
        "from neumo.cluster.ray_connection import connected\n"
        "with connected(None) as ray:\n"
        "    print(ray.get_runtime_context().gcs_address, flush=True)\n"
        "    input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as host:
        assert host.stdout is not None
        address = host.stdout.readline().strip()
        told = _told_a_stranger(
            address, {**environment, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0" * 64}
        )
        host.communicate("\n")
    assert "InvalidAuthToken" in told
    assert "connected" not in told
    assert not (tmp_path / ".ray").exists(), "the token is kept nowhere"


def _told_a_stranger(address: str, environment: dict[str, str]) -> str:
    """Return what a program of another token is told, until it is refused or connected; it would try for minutes."""
    order = f"import ray; ray.init({address!r}); print('connected')"
    lines = list[str]()
    with subprocess.Popen(
        [sys.executable, "-u", "-c", order],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as stranger:
        assert stranger.stdout is not None
        for line in stranger.stdout:
            lines.append(line)
            if "InvalidAuthToken" in line:
                break
        stranger.kill()
    return "".join(lines)


def test_one_core_is_enough(phantoms: Path, tmp_path: Path) -> None:
    bundle, out = make_bundle(tmp_path / "bundle", phantoms), tmp_path / "out"
    with ray_cluster(1) as where:
        run_neumo(*command(phantoms / "test", out, bundle, where))
    assert len(rows_of(out)) == len(list((phantoms / "test").rglob("*.jpeg"))) > 0
