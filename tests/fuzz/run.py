"""Fuzzing: many mutated inputs, in processes with limits of time and memory; inputs that fail are saved.

`make fuzz` runs `python -m tests.fuzz.run`. The input of a number is always the same, so that --first and --count
repeat a run, and one number a failure.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fuzz.worker import TARGETS, load_target

ROOT = Path(__file__).parents[2]
ADDRESS_SPACE = 3 * 2**30
SECONDS_EACH = 60
"""Time limit of one input, which takes some milliseconds: so long that no busy machine comes near."""
BATCH = 1000
"""Inputs in one process."""
_SHARES = {"images": 0.6, "multipart": 0.25, "pdus": 0.15}
_TOLD = 3000


@dataclass
class Failure:
    """An input that ended its process."""

    target: str
    index: int
    said: str

    def save(self, folder: Path) -> Path:
        """Write the input, and what was said, to files."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{self.target}-{self.index}.bin"
        file.write_bytes(load_target(self.target).mutated(self.index))
        file.with_suffix(".txt").write_text(self.said)
        return file


@dataclass
class Tried:
    """Numbers of a target's inputs, and how they ended."""

    outcomes: Counter[str] = field(default_factory=Counter)
    sound: int = 0
    slowest: tuple[float, int] = (0.0, -1)
    peak_mib: int = 0
    failures: list[Failure] = field(default_factory=list)

    @property
    def inputs(self) -> int:
        """Number of inputs that ended in an answer or a clear refusal."""
        return sum(self.outcomes.values())


def shares_of(count: int) -> dict[str, int]:
    """Return the number of inputs of each target that together make `count`."""
    shares = {target: int(count * _SHARES[target]) for target in TARGETS}
    shares["images"] += count - sum(shares.values())
    return shares


def try_target(target: str, first: int, count: int, *, seconds: int = SECONDS_EACH) -> Tried:
    """Try inputs of a target in batches; one that fails is noted, and the rest goes on in a new process."""
    tried, end = Tried(), first + count
    while first < end:
        size = min(BATCH, end - first)
        result = _batch(target, first, size, seconds)
        if isinstance(result, Failure):
            tried.failures.append(result)
            if result.index > first:  # what came before it was not counted
                _add(tried, _batch(target, first, result.index - first, seconds))
            first = result.index + 1
            continue
        _add(tried, result)
        first += size
    return tried


def _add(tried: Tried, result: dict[str, Any] | Failure) -> None:
    if isinstance(result, Failure):
        tried.failures.append(result)
        return
    tried.outcomes.update(result["outcomes"])
    tried.sound += result["sound"]
    tried.slowest = max(tried.slowest, (result["slowest"], result["slowest_index"]))
    tried.peak_mib = max(tried.peak_mib, result["peak_mib"])


def _batch(target: str, first: int, count: int, seconds: int) -> dict[str, Any] | Failure:
    with tempfile.TemporaryDirectory() as folder:
        progress = Path(folder) / "index"
        progress.touch()
        numbers = (str(first), str(count), str(progress), str(ADDRESS_SPACE), str(seconds))
        path = os.pathsep.join([str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")])
        ran = subprocess.run(
            [sys.executable, "-m", "tests.fuzz.worker", target, *numbers],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": path},
        )
        if ran.returncode or ran.stderr:
            begun = progress.read_text()
            if not begun:
                raise RuntimeError(f"the process does not start: {ran.stderr[-_TOLD:]}")
            return Failure(target, int(begun), f"status {ran.returncode}\n{ran.stderr[-_TOLD:]}")
        result: dict[str, Any] = json.loads(ran.stdout)
        return result


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(prog="python -m tests.fuzz.run", description=__doc__.partition("\n")[0])
    made.add_argument("--count", type=int, default=20_000, help="inputs of all targets together")
    made.add_argument("--first", type=int, default=0, help="number of the first input of each target")
    made.add_argument("--target", choices=TARGETS, help="this one alone")
    made.add_argument("--save", type=Path, default=Path("fuzz-failures"), help="folder for inputs that fail")
    return made


def main() -> int:
    """Run, say how it went, and return 1 where an input failed."""
    options = parser().parse_args()
    shares = shares_of(options.count) if options.target is None else {options.target: options.count}
    failed = 0
    for line, failures in _told(shares, options.first, options.save):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        failed += failures
    return 1 if failed else 0


def _told(shares: dict[str, int], first: int, folder: Path) -> Iterator[tuple[str, int]]:
    for target, count in shares.items():
        tried = try_target(target, first, count)
        outcomes = ", ".join(f"{name} {number:,}" for name, number in tried.outcomes.most_common())
        seconds, slowest = tried.slowest
        yield (
            f"{target}: {tried.inputs:,} inputs from {first} on ({outcomes}); slowest {seconds:g} s (input {slowest}), "
            f"{tried.peak_mib:,} MiB at most; {len(tried.failures)} failed",
            len(tried.failures),
        )
        for failure in tried.failures:
            again = f"python -m tests.fuzz.run --target {target} --first {failure.index} --count 1"
            yield f"  {failure.save(folder)}: {failure.said.strip().splitlines()[-1]}\n  again: {again}", 0


if __name__ == "__main__":
    sys.exit(main())
