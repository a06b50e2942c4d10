"""Readings as one HTML page that needs nothing else: pictures, styles and words lie inside the file."""

import base64
import io
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from numpy.typing import NDArray
from PIL import Image

import neumo
from neumo.core.files import replacing
from neumo.core.findings import FINDINGS
from neumo.core.reading import Reading
from neumo.results.overlays import overlay_of, shown_pixels
from neumo.results.words import notice_text, point_words, prevalence_words, reading_texts

_LONGEST_SIDE = 640
_JPEG_QUALITY = 85


@contextmanager
def open_page(target: Path, lang: str = "en") -> Iterator[Callable[[Reading], None]]:
    """Yield a function that adds a reading; the page is written when the block ends.

    Readings are rendered as they come and kept on disk, so that memory does not grow with their number. When
    the block is interrupted, the page of what was done is written; nothing is written where it fails.

    Parameters
    ----------
    target : Path
    lang : str
        "en" or "es".

    Raises
    ------
    ConfigError
        Another language.
    OutputError
        The page cannot be written.
    """
    texts, environment = reading_texts(lang), _environment()
    article = environment.get_template("reading.html.j2")
    counts: Counter[str] = Counter()
    bundles: set[str] = set()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as pieces:

        def add(reading: Reading) -> None:
            counts[reading.status.value] += 1
            if reading.answer is not None:
                counts[reading.answer.finding.value] += 1
            if reading.receipt is not None:
                bundles.add("{name} {version}".format(**reading.receipt["bundle"]))
            pieces.write(
                article.render(number=sum(counts[s] for s in texts["status"]), **_shown(reading, lang))
            )

        try:
            yield add
        except KeyboardInterrupt:
            _write(target, environment, pieces, lang=lang, counts=counts, bundles=bundles)
            raise
        _write(target, environment, pieces, lang=lang, counts=counts, bundles=bundles)


def _write(
    target: Path,
    environment: Environment,
    pieces: IO[str],
    *,
    lang: str,
    counts: Counter[str],
    bundles: set[str],
) -> None:
    texts = reading_texts(lang)
    frame = environment.get_template("readings.html.j2").render(
        t=texts,
        lang=lang,
        counts=counts,
        made=texts["made"].format(
            when=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            version=neumo.__version__,
            bundle=", ".join(sorted(bundles)) or "-",
        ),
    )
    before, after = frame.split("<!-- readings -->")
    pieces.seek(0)
    with replacing(target) as temporary, temporary.open("w", encoding="utf-8") as page:
        page.write(before)
        shutil.copyfileobj(pieces, page)
        page.write(after)


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("neumo.results"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _shown(reading: Reading, lang: str) -> dict[str, Any]:
    texts, answer = reading_texts(lang), reading.answer
    pixels, heat = shown_pixels(reading, _LONGEST_SIDE), overlay_of(reading, _LONGEST_SIDE)
    return {
        "t": texts,
        "reading": reading,
        "picture": None if pixels is None else _data_uri(pixels),
        "heat": None if heat is None else _data_uri(heat),
        "bars": [(texts["findings"][f], answer.probabilities[f]) for f in FINDINGS] if answer else [],
        "set_words": _set_words(reading, lang),
        "prevalence_words": "" if answer is None else prevalence_words(answer, lang),
        "point_words": "" if answer is None else point_words(answer, lang),
        "warnings": [notice_text(notice, lang) for notice in reading.warnings],
        "reasons": [notice_text(notice, lang) for notice in reading.reasons],
        "receipt": json.dumps(reading.receipt, indent=2, ensure_ascii=False) if reading.receipt else None,
    }


def _set_words(reading: Reading, lang: str) -> str:
    texts, answer = reading_texts(lang), reading.answer
    if answer is None:
        return ""
    names = ", ".join(texts["findings"][finding] for finding in answer.prediction_set)
    key = {0: "set_empty", len(FINDINGS): "set_all"}.get(len(answer.prediction_set), "set_words")
    words: str = texts[key].format(coverage=f"{answer.coverage:.0%}", findings=names)
    return words


def _data_uri(pixels: NDArray[np.uint8]) -> str:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="JPEG", quality=_JPEG_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
