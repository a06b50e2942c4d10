"""Fonts of PDF files and pictures, and transliteration of characters that they lack.

Source Sans has the letters of European languages, Cyrillic, Greek and Vietnamese, and none of other scripts: those are
spelt by Latin letters in square brackets, and whoever shows such a text says so (`lacks`).
"""

import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Final, Literal

from PIL import ImageFont

from neumo.core.errors import MissingExtraError

Weight = Literal["Regular", "Semibold"]
REGULAR, BOLD = "SourceSansPro-Regular", "SourceSansPro-Semibold"
"""Names of the fonts in ReportLab, once they are registered."""
_WEIGHTS: Final[Mapping[str, Weight]] = {REGULAR: "Regular", BOLD: "Semibold"}
_PACKAGE: Final = "font_source_sans_pro"
_NO_CHARACTER: Final = "\U0010ffff"
_UNKNOWN: Final = "?"
"""Placeholder that anyascii gives for some characters without a transliteration."""


@cache
def typeface(weight: Weight = "Semibold") -> str:
    """Return the path of the font file (TrueType) of a weight. Raises MissingExtraError where it is not installed."""
    # Pillow's and ReportLab's own typefaces lack most accents, and system typefaces differ from machine to machine.
    found = find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise MissingExtraError(
            "PDF files and pictures need the package font-source-sans-pro, which is not installed; "
            "run: pip install 'neumo[dicom]' or 'neumo[web]'"
        )
    return str(Path(found.submodule_search_locations[0]) / "files" / f"SourceSansPro-{weight}.ttf")


def register_typefaces() -> None:
    """Make the fonts known to ReportLab, bold text in paragraphs included. Raises MissingExtraError as `typeface`."""
    from reportlab.lib.fonts import addMapping
    from reportlab.pdfbase.pdfmetrics import getRegisteredFontNames, registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    for name, weight in _WEIGHTS.items():
        if name not in getRegisteredFontNames():
            registerFont(TTFont(name, typeface(weight)))
    addMapping(REGULAR, 0, 0, REGULAR)
    addMapping(REGULAR, 1, 0, BOLD)


def lacks(text: str) -> bool:
    """Whether the font lacks characters of a text, so that `shown` transliterates them."""
    return any(map(_is_foreign, unicodedata.normalize("NFC", text)))


def shown(text: str) -> str:
    """Return a text in characters that the font has: without accents that it lacks, other scripts as [Latin]."""
    runs = groupby(unicodedata.normalize("NFC", text), _is_foreign)
    return "".join(
        f"[{_latin(''.join(run))}]" if foreign else "".join(c if _is_known(c) else _bare(c) for c in run)
        for foreign, run in runs
    )


def _is_foreign(letter: str) -> bool:
    return not _is_known(letter) and not _bare(letter)


@cache
def _is_known(letter: str) -> bool:
    """Whether the font has a glyph for a character; one that it lacks is drawn as the glyph of no character."""
    return letter == "\n" or _drawn(letter) != _drawn(_NO_CHARACTER)


def _drawn(letter: str) -> tuple[tuple[int, int], bytes]:
    mask = _font().getmask(letter)
    return mask.size, bytes(mask)


@cache
def _font() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(typeface(), 20, layout_engine=ImageFont.Layout.BASIC)


@cache
def _bare(letter: str) -> str:
    """Return a character without its accents; empty where the font lacks that, too."""
    left = [c for c in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(c)]
    return "".join(left) if all(_is_known(c) for c in left) else ""


def _latin(letters: str) -> str:
    from anyascii import anyascii  # of the extras that make PDF files and pictures

    spelt = anyascii(letters).strip()
    return spelt if spelt and _UNKNOWN not in spelt else " ".join(f"U+{ord(c):04X}" for c in letters)
