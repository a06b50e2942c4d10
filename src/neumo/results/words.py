"""The words of readings in the languages of people who read them."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from neumo.core.errors import ConfigError
from neumo.core.findings import FINDINGS, Finding
from neumo.core.reading import Answer, Notice

LANGUAGES = ("en", "es")


@cache
def reading_texts(lang: str) -> Mapping[str, Any]:
    """Return the words in "en" or "es". Raises ConfigError for another language."""
    if lang not in LANGUAGES:
        raise ConfigError(f"language: {lang!r} is not known; use one of {', '.join(LANGUAGES)}")
    source = files("neumo.results") / "texts" / f"{lang}.yaml"
    words: Mapping[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))
    return words


def notice_text(notice: Notice, lang: str) -> str:
    """Sentence of a notice in a language; its English one where there is no translation of its code."""
    pattern = reading_texts(lang)["notices"].get(notice.code)
    try:
        return notice.text if pattern is None else str(pattern).format(**notice.values)
    except (KeyError, ValueError, IndexError):
        return notice.text


def prevalence_words(answer: Answer, lang: str) -> str:
    """Say how frequent the probabilities assume each finding to be, and whose assumption that is."""
    if answer.prevalence is None:
        return ""
    texts = reading_texts(lang)
    key = "prevalence_given" if answer.prevalence_given else "prevalence_of_bundle"
    shares = ", ".join(
        texts["share"].format(finding=texts["findings"][f], share=f"{answer.prevalence[f]:.1%}")
        for f in FINDINGS
    )
    pneumonia = 1 - answer.prevalence[Finding.NORMAL]
    return str(texts[key].format(shares=shares, pneumonia=f"{pneumonia:.1%}"))


def point_words(answer: Answer, lang: str) -> str:
    """Say in words what the operating point is, and where the decision was drawn."""
    texts = reading_texts(lang)
    name = answer.operating_point
    return str(
        texts["at_point"].format(
            name=texts["points"].get(name, name), key=name, threshold=f"{100 * answer.threshold:.1f} %"
        )
    )
