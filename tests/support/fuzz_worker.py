"""Opens mutated inputs within a memory limit and a time limit; `test_fuzz` runs it as a program.

Arguments: first index, count, file for the index in progress, bytes of address space, seconds for one input.
"""

import json
import resource
import signal
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
from tests.support.fuzz_inputs import mutated, valid_files

from neumo.core.errors import NeumoError
from neumo.core.radiograph import Radiograph
from neumo.imaging import open_radiograph


def outcome_of(content: bytes) -> tuple[str, np.ndarray | None]:
    try:
        radiograph = open_radiograph(content)
    except NeumoError as error:
        return type(error).__name__, None
    assert isinstance(radiograph, Radiograph)
    pixels = radiograph.pixels
    assert pixels.dtype == np.uint8 and pixels.ndim == 2 and pixels.size > 0
    json.dumps([dict(step) for step in radiograph.steps], allow_nan=False)
    return "Radiograph", pixels


def main() -> None:
    first, count, progress = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    warnings.simplefilter("error")
    files = valid_files()
    outcomes: Counter[str] = Counter()
    slowest, slowest_index = 0.0, -1
    for content in files.values():
        assert outcome_of(content)[0] == "Radiograph"
    resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[4]),) * 2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with progress.open("r+b", buffering=0) as mark:
        for index in range(first, first + count):
            mark.seek(0)
            mark.write(f"{index:12d}".encode())
            _, content = mutated(index, files)
            signal.alarm(int(sys.argv[5]))  # its default action ends the process, even inside foreign code
            started = time.perf_counter()
            outcome, pixels = outcome_of(content)
            seconds = time.perf_counter() - started
            signal.alarm(0)
            outcomes[outcome] += 1
            if seconds > slowest:
                slowest, slowest_index = seconds, index
            if pixels is not None and index % 5 == 0:
                again = outcome_of(content)[1]
                assert again is not None and np.array_equal(pixels, again), "the same bytes gave other pixels"
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(
        json.dumps(
            {
                "outcomes": outcomes,
                "slowest": round(slowest, 3),
                "slowest_index": slowest_index,
                "peak_mib": used // 1024,
                "peak_before_mib": before // 1024,
            }
        )
    )


if __name__ == "__main__":
    main()
