import os
from pathlib import Path

import pytest

from neumo.core.cores import usable_cores

V1 = "3:cpu,cpuacct:/docker/abc\n2:memory:/docker/abc\n1:name=systemd:/docker/abc\n"


@pytest.fixture(autouse=True)
def sixteen_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(16)), raising=False)


def tree(root: Path, groups: str, **files: str) -> Path:
    """Files of a machine, as `cpu_max__a__b` for sys/fs/cgroup/a/b/cpu.max and so on."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(groups)
    for name, text in files.items():
        what, *folders = name.split("__")
        file = (root / "sys/fs/cgroup").joinpath(*folders, what.replace("_", ".", 1))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")
    return root


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("max 100000", 16),
        ("200000 100000", 2),
        ("150000 100000", 2),
        ("10000 100000", 1),
        ("6400000 100000", 16),
        ("", 16),
        ("rubbish", 16),
        ("200000 0", 16),
        ("-1 100000", 16),
    ],
)
def test_a_quota_of_version_2_is_kept(tmp_path: Path, limit: str, expected: int) -> None:
    assert usable_cores(tree(tmp_path, "0::/\n", cpu_max=limit)) == expected


def test_the_tightest_of_the_groups_around_counts(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        "0::/pod/app\n",
        cpu_max__pod__app="max 100000",
        cpu_max__pod="300000 100000",
        cpu_max="800000 100000",
    )
    assert usable_cores(root) == 3


def test_a_path_of_the_host_that_is_not_mounted_here_still_finds_the_quota(tmp_path: Path) -> None:
    assert usable_cores(tree(tmp_path, "0::/kubepods/abc\n", cpu_max="400000 100000")) == 4


def test_a_path_leads_nowhere_else(tmp_path: Path) -> None:
    root = tree(tmp_path / "machine", "0::/../../../outside\n", cpu_max="max 100000")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "cpu.max").write_text("100000 100000")
    assert usable_cores(root) == 16


@pytest.mark.parametrize(("quota", "expected"), [("250000", 3), ("-1", 16), ("", 16)])
@pytest.mark.parametrize("mounted", [("cpu,cpuacct", "docker", "abc"), ("cpu", "docker", "abc"), ("cpu",)])
def test_a_quota_of_version_1_is_kept(
    tmp_path: Path, mounted: tuple[str, ...], quota: str, expected: int
) -> None:
    files = {"cpu_cfs_quota_us": quota, "cpu_cfs_period_us": "100000"}
    root = tree(tmp_path, V1, **{"__".join([name, *mounted]): text for name, text in files.items()})
    assert usable_cores(root) == expected


def test_where_nothing_is_known_the_affinity_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert usable_cores(tmp_path) == 16
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_cores(tmp_path) == 1


def test_this_machine_has_a_core() -> None:
    assert 1 <= usable_cores() <= 16
