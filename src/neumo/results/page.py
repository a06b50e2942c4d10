"""Readings as one self-contained HTML page: pictures, styles and texts are embedded."""

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import neumo
from neumo.core.errors import OutputError
from neumo.core.files import replacing, require_replaceable
from neumo.core.patient import PatientStudy
from neumo.core.reading import Reading
from neumo.results.decision import decision_sentences
from neumo.results.overlays import overlay_of, shown_pixels
from neumo.results.patient_lines import patient_lines
from neumo.results.sentences import (
    notice_text,
    operating_point_sentence,
    performance_sentences,
    prediction_set_sentence,
    prevalence_sentence,
    verdict_text,
)
from neumo.texts.catalogue import texts
from neumo.texts.language import Language
from neumo.texts.pages import picture_uri, render

_MAX_SIDE = 640


@contextmanager
def open_page(target: Path, lang: Language = "en") -> Iterator[Callable[..., None]]:
    """Yield a function that adds a reading, and its patient where the page shall say so; it is written at the end.

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
        The page cannot be written, or would replace a file that holds something else.
    """
    require_replaceable(target)
    statuses = texts(lang).group("readings.status")
    counts: Counter[str] = Counter()
    bundles: set[str] = set()
    with _pieces(target) as pieces:

        def add(reading: Reading, patient: PatientStudy | None = None) -> None:
            counts[reading.status.value] += 1
            if reading.answer is not None:
                counts[reading.answer.verdict.value] += 1
            if reading.receipt is not None:
                bundles.add("{name} {version}".format(**reading.receipt["bundle"]))
            number = sum(counts[s] for s in statuses)
            shown = {**_shown(reading, lang), "patient": patient_lines(patient, lang)}
            piece = render("reading.html.j2", lang, number=number, **shown)
            try:
                pieces.write(piece)
            except OSError as error:
                raise _unwritable(target, error) from error

        try:
            yield add
        except KeyboardInterrupt:
            _write(target, pieces, lang, counts=counts, bundles=bundles)
            raise
        _write(target, pieces, lang, counts=counts, bundles=bundles)


@contextmanager
def _pieces(target: Path) -> Iterator[IO[str]]:
    try:
        pieces = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed below
    except OSError as error:
        raise _unwritable(target, error) from error
    try:
        yield pieces
    finally:
        with suppress(OSError):
            pieces.close()


def _unwritable(target: Path, error: OSError) -> OutputError:
    return OutputError(
        "{target}: could not be written ({reason} in {folder}); free space there",
        target=target,
        reason=error.strerror or error,
        folder=tempfile.gettempdir(),
    )


def _write(target: Path, pieces: IO[str], lang: Language, *, counts: Counter[str], bundles: set[str]) -> None:
    made = texts(lang)(
        "readings.made",
        when=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        version=neumo.__version__,
        bundle=", ".join(sorted(bundles)) or "-",
    )
    frame = render("readings.html.j2", lang, counts=counts, made=made)
    before, after = frame.split("<!-- readings -->")
    pieces.seek(0)
    with replacing(target) as temporary, temporary.open("w", encoding="utf-8") as page:
        page.write(before)
        shutil.copyfileobj(pieces, page)
        page.write(after)


def _shown(reading: Reading, lang: Language) -> dict[str, Any]:
    t, answer = texts(lang), reading.answer
    pixels = shown_pixels(reading, _MAX_SIDE)
    heat = overlay_of(reading, pixels)
    return {
        "reading": reading,
        "picture": None if pixels is None else picture_uri(pixels),
        "heat": None if heat is None else picture_uri(heat),
        "verdict": verdict_text(answer, lang) if answer else "",
        "finding": t(f"terms.findings.{answer.finding}") if answer else "",
        "bars": [(t(f"terms.findings.{o}"), p) for o, p in answer.probabilities.items()] if answer else [],
        "prediction_set": prediction_set_sentence(answer, lang) if answer else "",
        "prevalence": prevalence_sentence(answer, lang) if answer else "",
        "operating_point": operating_point_sentence(answer, lang) if answer else "",
        "performance": performance_sentences(answer, lang) if answer else (),
        "warnings": [notice_text(notice, lang) for notice in reading.warnings],
        "reasons": [notice_text(notice, lang) for notice in reading.reasons],
        "decision": decision_sentences(reading.decision, lang),
        "receipt": json.dumps(reading.receipt, indent=2, ensure_ascii=False) if reading.receipt else None,
    }
