"""The banner of exported pictures: AI disclaimer, answer, probabilities, warnings, maker."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from neumo.core.answer import Answer
from neumo.core.reading import Reading
from neumo.results.decision import decision_sentences
from neumo.results.origin import origin_of
from neumo.results.sentences import (
    notice_text,
    performance_sentences,
    prediction_set_sentence,
    prevalence_sentence,
    verdict_text,
)
from neumo.results.typefaces import lacks, shown, typeface
from neumo.texts.catalogue import percent, texts
from neumo.texts.language import Language
from neumo.texts.metric_words import point_in_words

_WARNING, _TEXT, _DIM = (255, 214, 64), (255, 255, 255), (190, 190, 190)
_LINE = 1.3
"""Height of a line in sizes of its letters."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line before it is wrapped.

    Attributes
    ----------
    text : str
    size : float
        In sizes of ordinary letters.
    colour : (int, int, int)
        RGB, 0-255.
    """

    text: str
    size: float = 1.0
    colour: tuple[int, int, int] = _TEXT


def banner_lines(reading: Reading, language: Language) -> list[Line]:
    """Return the lines of the banner of a reading.

    Raises
    ------
    ConfigError
        The language is neither "en" nor "es".
    ResultError
        The reading has no receipt.
    """
    t, origin = texts(language), origin_of(reading)
    made_by = t("readings.banner.maker", neumo=origin.neumo, name=origin.name, version=origin.version)
    said = _unanswered(reading, language) if reading.answer is None else _said(reading.answer, language)
    verified = reading.decision is not None and reading.decision.verified
    return [
        Line(t("readings.banner.title_verified" if verified else "readings.banner.title"), 1.5, _WARNING),
        *said,
        *(Line(notice_text(warning, language), 1.0, _WARNING) for warning in reading.warnings),
        *(Line(sentence) for sentence in decision_sentences(reading.decision, language)),
        *(Line(sentence, 0.9, _DIM) for sentence in _performance(reading, language)),
        Line(t("terms.disclaimer"), 0.9, _DIM),
        Line(made_by, 0.9, _DIM),
    ]


def drawable(lines: list[Line], language: Language) -> list[Line]:
    """Return lines in characters that the font has, and a note where some had to be transliterated."""
    spelt = any(lacks(line.text) for line in lines)
    note = [Line(texts(language)("readings.spelt"), 0.9, _DIM)] if spelt else []
    return [*(replace(line, text=shown(line.text)) for line in lines), *note]


def draw_banner(lines: list[Line], width: int) -> NDArray[np.uint8]:
    """Draw lines in white and yellow on black, wrapped to the width.

    Parameters
    ----------
    lines : list of Line
        As `drawable` gives them.
    width : int
        In pixels, 200 or more.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        As high as the lines need.

    Raises
    ------
    MissingExtraError
        The typeface is not installed.
    """
    ordinary, margin = max(13, round(width / 52)), max(6, width // 80)
    edge = np.zeros((margin, width, 3), np.uint8)
    drawn = [_drawn(line.text, round(ordinary * line.size), line.colour, width, margin) for line in lines]
    return np.concatenate([edge, *drawn, edge])


@lru_cache(maxsize=48)
def _drawn(text: str, size: int, colour: tuple[int, int, int], width: int, margin: int) -> NDArray[np.uint8]:
    """Draw one wrapped line; most lines are the same for all readings of a bundle."""
    font = ImageFont.truetype(typeface(), size, layout_engine=ImageFont.Layout.BASIC)
    parts, step = list(_wrapped(text, font, width - 2 * margin)), round(size * _LINE)
    picture = Image.new("RGB", (width, step * len(parts)))
    drawing = ImageDraw.Draw(picture)
    for number, part in enumerate(parts):
        drawing.text((margin, number * step), part, fill=colour, font=font)
    strip = np.array(picture, dtype=np.uint8)
    strip.flags.writeable = False
    return strip


def _performance(reading: Reading, language: Language) -> tuple[str, ...]:
    return () if reading.answer is None else performance_sentences(reading.answer, language)


def _said(answer: Answer, language: Language) -> Iterator[Line]:
    t = texts(language)
    stated = {o: (t(f"terms.findings.{o}"), percent(p)) for o, p in answer.probabilities.items()}
    finding, probability = stated.pop(answer.finding)
    yield Line(verdict_text(answer, language), 1.25)
    yield Line(t("readings.banner.finding", finding=finding, probability=probability))
    yield Line(t("readings.banner.others", findings=", ".join(map(" ".join, stated.values()))))
    yield Line(prediction_set_sentence(answer, language))
    yield Line(
        t(
            "readings.banner.pneumonia",
            call=t("readings.pneumonia_yes" if answer.pneumonia else "readings.pneumonia_no"),
            name=point_in_words(answer.operating_point, language),
            threshold=percent(answer.threshold),
        )
    )
    assumed = prevalence_sentence(answer, language)
    if assumed:
        yield Line(assumed, 0.9, _DIM)


def _unanswered(reading: Reading, language: Language) -> Iterator[Line]:
    yield Line(texts(language)(f"readings.banner.{reading.status.value}"), 1.25)
    for reason in reading.reasons:
        yield Line(notice_text(reason, language))


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: int) -> Iterator[str]:
    line = ""
    for word in _short_words(text, font, width):
        longer = f"{line} {word}".strip()
        if line and font.getlength(longer) > width:
            yield line
            line = word
        else:
            line = longer
    yield line


def _short_words(text: str, font: ImageFont.FreeTypeFont, width: int) -> Iterator[str]:
    """Cut words that are longer than a line: a header may state anything."""
    for whole in text.split():
        word = whole
        while font.getlength(word) > width:
            kept = next(n for n in range(len(word) - 1, 0, -1) if n == 1 or font.getlength(word[:n]) <= width)
            yield word[:kept]
            word = word[kept:]
        yield word
