"""Sensitivity of the check for burnt-in text to print that is drawn into the corners of radiographs.

Takes radiographs that hold no print (a folder of images), enlarges them to one size, draws lines in several sizes,
contrasts and typefaces into a corner chosen at random, and counts. The first line is the rate of false alarms, or of print
that was there before: look at the files that it names.
"""

import argparse
import random
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from neumo.deidentification.burned_in import text_in_rim
from neumo.results.typefaces import typeface

LINES = ("DOE JANE", "Müller, Änne 12.03.1950", "ERECT")
SHARES = (1 / 100, 1 / 64, 1 / 40, 1 / 25, 1 / 16)
"""Size of the typeface as a share of the longer side."""
CONTRASTS = (60, 100, 160)
"""Grey levels to the 90th percentile of what lies beneath."""
TYPEFACES = tuple(Path(typeface()).with_name(f"SourceSansPro-{face}.ttf") for face in ("Regular", "Semibold"))
MARGIN = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--films", type=int, default=30)
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--seed", type=int, default=2)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    files = sorted(file for file in options.folder.rglob("*") if file.suffix in {".png", ".jpeg", ".jpg"})
    chosen = rng.sample(files, min(options.films, len(files)))
    films = [enlarged(file, options.side) for file in chosen]
    as_they_are = [file for file, film in zip(chosen, films, strict=True) if found(film)]
    print(f"as they are: {len(as_they_are)} of {len(films)}", *as_they_are)
    for line in LINES:
        for share in SHARES:
            size = round(options.side * share)
            counts = [
                sum(found(printed(film, line, size, contrast, rng)) for film in films)
                for contrast in CONTRASTS
            ]
            print(f"{line!r}, size {size} px, contrast {CONTRASTS}: {counts} of {len(films)}")


def enlarged(file: Path, side: int) -> Image.Image:
    film = Image.open(file).convert("L")
    scale = side / max(film.size)
    return film.resize((round(film.width * scale), round(film.height * scale)), Image.Resampling.BICUBIC)


def found(film: Image.Image) -> bool:
    return bool(text_in_rim(np.asarray(film)))


def printed(film: Image.Image, line: str, size: int, contrast: int, rng: random.Random) -> Image.Image:
    film = film.copy()
    pen, font = ImageDraw.Draw(film), ImageFont.truetype(rng.choice(TYPEFACES), size)
    width = pen.textlength(line, font=font)
    left = rng.choice((MARGIN, max(MARGIN, int(film.width - width - MARGIN))))
    top = rng.choice((MARGIN, film.height - 2 * size - MARGIN))
    beneath = np.asarray(film)[top : top + size, left : left + int(width)]
    ground = float(np.percentile(beneath, 90))
    ink = ground + contrast if ground + contrast <= 255 else ground - contrast
    pen.text((left, top), line, fill=int(np.clip(ink, 0, 255)), font=font)
    return film


if __name__ == "__main__":
    main()
