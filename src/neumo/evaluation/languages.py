"""The languages in which an evaluation speaks to people."""

from collections.abc import Mapping
from types import MappingProxyType

from neumo.core.errors import EvaluationError
from neumo.core.findings import Finding

LANGUAGES = ("en", "es")

FINDING_NAMES: Mapping[str, Mapping[Finding, str]] = MappingProxyType(
    {
        "en": MappingProxyType(
            {
                Finding.NORMAL: "normal",
                Finding.BACTERIAL_PNEUMONIA: "bacterial pneumonia",
                Finding.VIRAL_PNEUMONIA: "viral pneumonia",
            }
        ),
        "es": MappingProxyType(
            {
                Finding.NORMAL: "normal",
                Finding.BACTERIAL_PNEUMONIA: "neumonía bacteriana",
                Finding.VIRAL_PNEUMONIA: "neumonía viral",
            }
        ),
    }
)


def check_language(lang: str) -> str:
    """Return `lang` if neumo speaks it. Raises EvaluationError otherwise."""
    if lang not in LANGUAGES:
        raise EvaluationError(f"language: {lang!r} is unknown; use one of {', '.join(LANGUAGES)}")
    return lang
