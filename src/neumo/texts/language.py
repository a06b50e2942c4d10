"""The languages that neumo speaks, and how one is chosen: by name, option, NEUMO_LANG, locale or Accept-Language."""

import os
import re
from collections.abc import Mapping
from typing import Final, Literal, get_args

from neumo.core.errors import ConfigError

Language = Literal["en", "es"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
DEFAULT: Final[Language] = "en"
VARIABLE: Final = "NEUMO_LANG"
_LOCALE_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
"""In the order in which POSIX asks them; the first that is set decides."""
_HEADER_PARTS: Final = 20
_chosen: Final[list[Language]] = []
"""Language set by `use_language`; empty before."""


def as_language(name: str) -> Language:
    """Return the language of that name. Raises ConfigError where there is none."""
    language = known_language(name)
    if language is None:
        raise ConfigError(
            "language: {name!r} is not known; use one of {languages}",
            name=name,
            languages=", ".join(LANGUAGES),
        )
    return language


def known_language(name: str) -> Language | None:
    """Return the language of that name; None where there is none."""
    return next((language for language in LANGUAGES if language == name), None)


def locale_language(environment: Mapping[str, str] = os.environ) -> Language:
    """Return the language of the process's locale; English where that is neither known nor set."""
    locale = next(filter(None, map(environment.get, _LOCALE_VARIABLES)), "")
    return known_language(re.split("[_.@]", locale)[0]) or DEFAULT


def environment_language(environment: Mapping[str, str] = os.environ) -> Language:
    """Return the language of NEUMO_LANG, else of the locale. Raises ConfigError where NEUMO_LANG names none."""
    named = environment.get(VARIABLE, "")
    if not named:
        return locale_language(environment)
    language = known_language(named)
    if language is None:
        raise ConfigError(
            "{variable}: {name!r} is not known; use one of {languages}",
            variable=VARIABLE,
            name=named,
            languages=", ".join(LANGUAGES),
        )
    return language


def use_language(language: Language | None) -> None:
    """Set the language of this process's command line; None is that of the environment."""
    _chosen.clear()
    if language is not None:
        _chosen.append(language)


def chosen_language(option: Language | None = None) -> Language:
    """Return the language of a command's option --lang; else that of the command line, else of the environment."""
    return option or (_chosen[0] if _chosen else environment_language())


def accepted_language(header: str) -> Language | None:
    """Return the known language that an Accept-Language header (RFC 9110 section 12.5.4) prefers."""
    preferred: list[tuple[float, int, Language]] = []
    for position, part in enumerate(header.split(",")[:_HEADER_PARTS]):
        tag, _, parameters = part.strip().partition(";")
        language, quality = known_language(tag.split("-")[0].lower()), _quality(parameters)
        if language is not None and quality > 0:
            preferred.append((-quality, position, language))
    return min(preferred)[2] if preferred else None


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0
