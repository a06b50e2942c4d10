"""requirements/*.txt, constraints.txt and pyproject.toml name the same versions: `make lock` was not forgotten."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted(file for file in (ROOT / "requirements").glob("*.txt") if file.name != "torch.txt")


def versions(file: Path) -> dict[str, str]:
    """Normalised names of a requirements file by their versions."""
    pinned = re.finditer(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", found[1]).lower(): found[2] for found in pinned}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda file: file.stem)
def test_every_locked_version_is_the_pinned_one_and_has_hashes(lock: Path) -> None:
    locked, pinned = versions(lock), versions(ROOT / "constraints.txt")
    assert locked
    assert locked.items() <= pinned.items()
    entries = re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8"))[1:]
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def test_every_direct_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(line for lines in extras.values() for line in lines)]
    names = {re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!;\s~]", line)[0]).lower() for line in wanted}
    locked = {name for lock in LOCKS for name in versions(lock)} | versions(
        ROOT / "requirements/torch.txt"
    ).keys()
    assert names - {"neumo"} <= locked
