"""Choice of the language by option, variable, locale and Accept-Language."""

import pytest

from neumo.core.errors import ConfigError
from neumo.texts.language import accepted_language, as_language, chosen_language, locale_language


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "es_MX.UTF-8"}, "es"),
        ({"LANG": "es"}, "es"),
        ({"LANG": "es.UTF-8"}, "es"),
        ({"LANG": "es_ES@euro"}, "es"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "es_ES.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "es_ES.UTF-8"}, "es"),
        ({"LANG": "es_ES.UTF-8", "LC_ALL": ""}, "es"),
    ],
)
def test_the_locale_chooses(environment: dict[str, str], language: str) -> None:
    assert locale_language(environment) == language


def test_an_option_goes_before_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    assert (chosen_language("en"), chosen_language(None)) == ("en", "es")


def test_a_name_is_a_language_or_refused() -> None:
    assert as_language("es") == "es"
    with pytest.raises(ConfigError, match="'ES' is not known; use one of en, es"):
        as_language("ES")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("es", "es"),
        ("de, es;q=0.4, en;q=0.8", "en"),
        ("en;q=0, es;q=0.1", "es"),
        ("fr", None),
        ("", None),
        ("*", None),
        ("es;q=x", None),
    ],
)
def test_accept_language_chooses_by_quality_then_order(header: str, language: str | None) -> None:
    assert accepted_language(header) == language
