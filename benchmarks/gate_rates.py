"""How often the gate refuses.

    python benchmarks/gate_rates.py FOLDER... [--bundle DIR] [--images N] [--changed]

For each folder: images, refused, and by which reason. Goals: at least 98 % of what is no chest radiograph, at most 2 %
of chest radiographs. The limits are 100 % and 0 %. --images takes so many of a folder, evenly spaced; --changed reads each of them
inverted and turned as well: what is refused should be named so.
"""

import argparse
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neumo import Reader
from neumo.core.reading import Reading, Status
from neumo.imaging import open_radiograph

_CHANGES: dict[str, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    "inverted": lambda pixels: 255 - pixels,
    "turned": np.rot90,
}
_IMAGES = {".jpg", ".jpeg", ".png", ".dcm"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--images", type=int)
    parser.add_argument("--changed", action="store_true")
    arguments = parser.parse_args()
    reader = Reader(arguments.bundle)
    for folder in arguments.folders:
        files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in _IMAGES)
        files = files[:: max(1, len(files) // (arguments.images or len(files)))][: arguments.images]
        tell(folder.name, list(reader.read_many(files)))
        for name, change in _CHANGES.items() if arguments.changed else ():
            changed = (np.ascontiguousarray(change(open_radiograph(file).pixels)) for file in files)
            tell(f"{folder.name}, {name}", list(reader.read_many(changed)))


def tell(name: str, readings: list[Reading]) -> None:
    """Print how many were refused, and why."""
    refused = [reading for reading in readings if reading.status is Status.REFUSED]
    failed = sum(reading.status is Status.FAILED for reading in readings)
    reasons = Counter(reading.reasons[0].code for reading in refused)
    print(
        f"{name:24} {len(readings):5} images  {len(refused):5} refused ({len(refused) / len(readings):.3f})  "
        f"{failed} failed  {dict(reasons)}"
    )


if __name__ == "__main__":
    main()
