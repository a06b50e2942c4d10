"""Refusal rates of the gate for chest radiographs, other images and changed radiographs, with the stated causes.

    python benchmarks/gate_rates.py [NAME=]FOLDER|MANIFEST.csv... [--bundle DIR] [--images N] [--changed] [--other NAME...]

For each set: images, refused with the exact 95 % interval, by which reason, and whether the goal is met: at most 2 % of
frontal chest radiographs, at least 98 % of the sets under --other, which are no chest radiographs. Of a manifest the
lateral views are left out. --images takes so many of a set, evenly spaced. --changed reads each image inverted, turned by
90, 180 and 270 degrees, cut to 40 % of its sides and with its quarters exchanged too: at least 98 % shall be refused,
and of those at least 98 % named rightly ("inverted", "turned", or "unlike the training images" for the last two).
There are no lateral radiographs among the data; a header that states the view is refused by that.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from neumo import Reader
from neumo.core.reading import Reading, Status
from neumo.datasets.csv_manifest import read_csv_rows
from neumo.datasets.merge import FRONTAL_VIEWS
from neumo.evaluation.uncertainty.exact import clopper_pearson
from neumo.evaluation.values import Estimate
from neumo.imaging import open_radiograph

Pixels = NDArray[np.uint8]
_IMAGES: Final = {".jpg", ".jpeg", ".png", ".dcm"}
_ACCEPTED, _REFUSED = 0.02, 0.98
_KEPT_SIDE: Final = 0.4


def cut(pixels: Pixels) -> Pixels:
    """Keep the middle 40 % of each side."""
    height, width = (round(side * (1 - _KEPT_SIDE) / 2) for side in pixels.shape)
    return pixels[height : pixels.shape[0] - height, width : pixels.shape[1] - width]


def quartered(pixels: Pixels) -> Pixels:
    """Exchange the quarters crosswise."""
    return np.roll(pixels, [side // 2 for side in pixels.shape], axis=(0, 1))


CHANGES: Final[dict[str, tuple[Callable[[Pixels], Pixels], str]]] = {
    "inverted": (lambda pixels: 255 - pixels, "inverted"),
    "turned by 90": (lambda pixels: np.rot90(pixels, 1), "turned"),
    "turned by 180": (lambda pixels: np.rot90(pixels, 2), "turned"),
    "turned by 270": (lambda pixels: np.rot90(pixels, 3), "turned"),
    "cut": (cut, "far_from_training"),
    "quartered": (quartered, "far_from_training"),
}
"""Changes of a radiograph by name, and the reason that a refusal should give."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--images", type=int)
    parser.add_argument("--changed", action="store_true")
    parser.add_argument("--other", nargs="+", default=[], help="names of sets that show no chest radiographs")
    arguments = parser.parse_args()
    reader = Reader(arguments.bundle)
    print(f"{'set':28} {'images':>6} {'refused (95 %)':>23}  {'goal':14} {'named rightly':>21}  reasons")
    for given in arguments.sets:
        name, files = images_of(given)
        files = spaced(files, arguments.images)
        tell(name, reader.read_many(files), chest=name not in arguments.other)
        for kind, (change, reason) in CHANGES.items() if arguments.changed else ():
            changed = (np.ascontiguousarray(change(open_radiograph(file).pixels)) for file in files)
            tell(f"{name}, {kind}", reader.read_many(changed), chest=False, reason=reason)


def images_of(given: str) -> tuple[str, list[Path]]:
    """Return name and files of a set: a folder's images, or the frontal ones of a manifest."""
    name, found, place = given.partition("=")
    path = Path(place if found else given)
    if path.suffix != ".csv":
        files = sorted(file for file in path.rglob("*") if file.suffix.lower() in _IMAGES)
    else:
        rows, faults = read_csv_rows(path)
        if faults:
            raise SystemExit(f"{path}: {faults[0]}")
        views = FRONTAL_VIEWS | {""}
        files = [path.parent / row.path for row in rows if row.attributes.get("view", "").upper() in views]
    if not files:
        raise SystemExit(f"{path}: holds no images")
    return name if found else path.stem, files


def spaced(files: list[Path], number: int | None) -> list[Path]:
    """Return so many of the files, evenly spaced; all of them without a number."""
    return files[:: max(1, len(files) // (number or len(files)))][:number]


def tell(name: str, readings: Iterable[Reading], *, chest: bool, reason: str | None = None) -> None:
    """Print how many were refused, whether that meets the goal, and how many of them by the right reason."""
    answered = list(readings)
    reasons = Counter(one.reasons[0].code for one in answered if one.status is Status.REFUSED)
    refused = clopper_pearson(reasons.total(), len(answered))
    met = refused.value <= _ACCEPTED if chest else refused.value >= _REFUSED
    goal = f"{'<= 2 %' if chest else '>= 98 %'} {'met' if met else 'MISSED'}"
    named = "-" if reason is None else share(clopper_pearson(reasons[reason], reasons.total()))
    print(
        f"{name:28} {len(answered):6} {share(refused):>23}  {goal:14} {named:>21}  {dict(reasons)}",
        flush=True,
    )


def share(found: Estimate) -> str:
    """Return a share with its interval."""
    return f"{found.value:.3f} ({found.low:.3f}-{found.high:.3f})"


if __name__ == "__main__":
    main()
