"""How often the gate refuses.

    python benchmarks/gate_rates.py FOLDER... [--bundle DIR]

For each folder: images, refused, and by which reason. Goals: at least 98 % of what is no chest radiograph, at most 2 %
of chest radiographs. The limits are 100 % and 0 %.
"""

import argparse
from collections import Counter
from pathlib import Path

from neumo import Reader
from neumo.core.reading import Status

_IMAGES = {".jpg", ".jpeg", ".png", ".dcm"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--bundle", type=Path)
    arguments = parser.parse_args()
    reader = Reader(arguments.bundle)
    for folder in arguments.folders:
        files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in _IMAGES)
        readings = list(reader.read_many(files))
        refused = [reading for reading in readings if reading.status is Status.REFUSED]
        failed = sum(reading.status is Status.FAILED for reading in readings)
        reasons = Counter(reading.reasons[0].code for reading in refused)
        print(
            f"{folder.name:24} {len(readings):5} images  {len(refused):5} refused ({len(refused) / len(readings):.3f})  "
            f"{failed} failed  {dict(reasons)}"
        )


if __name__ == "__main__":
    main()
