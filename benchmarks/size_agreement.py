"""Whether a full-size radiograph and its small copy get the same answer.

    python benchmarks/size_agreement.py --originals DIR --copies DIR [--bundle DIR]

Originals and copies are paired by file name. Prints the share of pairs with the same finding (goal: 98 %), the mean
absolute difference of the probabilities (goal: 0.02), and how many were refused. The limit is 100 % and 0.
"""

import argparse
from pathlib import Path

import numpy as np

from neumo import Reader
from neumo.core.findings import FINDINGS
from neumo.core.reading import Reading

_IMAGES = {".jpg", ".jpeg", ".png"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--originals", type=Path, required=True)
    parser.add_argument("--copies", type=Path, required=True)
    parser.add_argument("--bundle", type=Path)
    arguments = parser.parse_args()
    copies = {file.name: file for file in files(arguments.copies)}
    originals = [file for file in files(arguments.originals) if file.name in copies]
    reader = Reader(arguments.bundle)
    large = list(reader.read_many(originals))
    small = list(reader.read_many(copies[file.name] for file in originals))
    pairs = [
        (a, b) for a, b in zip(large, small, strict=True) if a.answer is not None and b.answer is not None
    ]
    differences = np.array([np.abs(chances(a) - chances(b)) for a, b in pairs])
    same = np.mean([a.answer.finding is b.answer.finding for a, b in pairs if a.answer and b.answer])
    print(f"pairs                      {len(originals)}")
    print(f"refused, original          {sum(a.answer is None for a in large)}")
    print(f"refused, copy              {sum(b.answer is None for b in small)}")
    print(f"same finding               {same:.3f} of {len(pairs)} (goal 0.98, limit 1)")
    print(f"mean |difference of p|     {differences.mean():.4f} (goal 0.02, limit 0)")
    print(f"largest |difference of p|  {differences.max():.3f}")


def files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.suffix.lower() in _IMAGES)


def chances(reading: Reading) -> np.ndarray:
    assert reading.answer is not None
    return np.array([reading.answer.probabilities[finding] for finding in FINDINGS])


if __name__ == "__main__":
    main()
