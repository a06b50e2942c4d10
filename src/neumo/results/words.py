"""The words of readings in the languages of people who read them."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from neumo.core.errors import ConfigError
from neumo.core.reading import Notice

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
