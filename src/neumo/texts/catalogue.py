"""Messages by key and language: loads an area's YAML file when it is first asked for, and fills placeholders."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from neumo.core.message import FORMATTER
from neumo.texts.language import LANGUAGES, Language, as_language

AREAS: Final = (
    "terms", "files", "readings", "notices", "evaluation", "dataset_check", "monitoring", "commissioning", "workbench",
    "errors", "cluster", "papers",
)  # fmt: skip
"""Areas: one YAML file each in every language's folder, and the first part of every message key. English notices are
written where they are raised, so that reading a file loads no catalogue."""
SENTENCE_AREAS: Final = (
    "sentences_reading", "sentences_clinic", "sentences_learning", "sentences_commands", "sentences_cluster",
)  # fmt: skip
"""Areas of messages and errors by their English pattern; see `neumo.texts.translation`."""
WORD_AREAS: Final = (*SENTENCE_AREAS, "system", "typer", "dicom_codes")
"""Areas that English has not, since its words stand where they are said."""


class Texts:
    """Messages of one language; see `texts`.

    A key names area, groups and message: "readings.status.refused". Messages are patterns of `str.format`; one that
    depends on a count has a form for 1 ("one") and one for every other count ("other").
    """

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, key: str, /, **values: Any) -> str:
        """Return a message with its placeholders filled. Raises KeyError for an unknown key or a missing value."""
        found = self._at(key)
        if isinstance(found, Mapping) and "count" in values:
            found = found["one" if values["count"] == 1 else "other"]
        if not isinstance(found, str):
            raise KeyError(f"{key}: is a group of messages or has forms by count")
        # Most messages are words without placeholders, and the formatter parses each in Python.
        return FORMATTER.vformat(found, (), values) if "{" in found or "}" in found else found

    def find(self, key: str, default: str) -> str:
        """Return a message without placeholders; `default` where there is none, as of names that a user chose."""
        try:
            return self(key)
        except KeyError:
            return default

    def label(self, key: str, /, **values: Any) -> str:
        """Return a message that begins with a capital, as labels and headings do."""
        return capital(self(key, **values))

    def group(self, key: str) -> Mapping[str, Any]:
        """Return the messages of a group by their names, placeholders unfilled. Raises KeyError."""
        found = self._at(key)
        if not isinstance(found, Mapping):
            raise KeyError(f"{key}: is one message, not a group")
        return found

    def _at(self, key: str) -> Any:
        area, *path = key.split(".")
        found: Any = load_area(area, self.language)
        for name in path:
            if not isinstance(found, Mapping) or name not in found:
                raise KeyError(f"{key}: no such message in {self.language!r}")
            found = found[name]
        return found


_TEXTS: Final = {language: Texts(language) for language in LANGUAGES}


def texts(language: Language) -> Texts:
    """Return the messages of a language. Raises ConfigError where neumo does not speak it."""
    return _TEXTS[as_language(language)]


@cache
def load_area(area: str, language: Language) -> Mapping[str, Any]:
    """Return all messages of an area, nested. Raises KeyError for an unknown area."""
    if area not in (*AREAS, *WORD_AREAS):
        raise KeyError(f"{area}: no such area of messages")
    # Reading a radiograph needs no messages; importing PyYAML takes longer than parsing one.
    from importlib.resources import files

    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    source = files("neumo.texts") / language / f"{area}.yaml"
    messages: Mapping[str, Any] = _with_hard_spaces(yaml.load(source.read_text(encoding="utf-8"), loader))
    return messages


def _with_hard_spaces(found: Any) -> Any:
    """Return messages whose numbers no line break parts from their percent sign."""
    if isinstance(found, Mapping):
        return {name: _with_hard_spaces(value) for name, value in found.items()}
    return re.sub(r"(?<=[\d}]) %", "\N{NO-BREAK SPACE}%", found) if isinstance(found, str) else found


def capital(text: str) -> str:
    """Return a text with a capital first letter; `str.capitalize` would turn "AUROC" into "Auroc"."""
    return text[:1].upper() + text[1:]


_MAX_DECIMALS: Final = 3


def percent(share: float, digits: int = 1) -> str:
    """Return a share in 0-1 as a percentage that no line break parts from its sign.

    What is neither none nor all is not rounded to that, but gets up to three decimals.
    """
    decimals = range(digits, max(digits, _MAX_DECIMALS) + 1)
    if 0 < share < 1:
        digits = next((n for n in decimals if 0 < round(100 * share, n) < 100), decimals[-1])
    return f"{100 * share:.{digits}f}\N{NO-BREAK SPACE}%"
