"""The words of reports and figures, one file a language, with the same keys."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from neumo.core.findings import Finding
from neumo.evaluation.languages import FINDING_NAMES, check_language


@cache
def report_texts(lang: str) -> Mapping[str, Any]:
    """Return the words in "en" or "es", as nested mappings. Raises EvaluationError for another language."""
    source = files("neumo.evaluation.report") / "texts" / f"{check_language(lang)}.yaml"
    words: Mapping[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))
    return words


def figure_texts(lang: str) -> Mapping[str, str]:
    """Return the labels of figures in "en" or "es". Raises EvaluationError for another language."""
    labels: Mapping[str, str] = report_texts(lang)["figures"]
    return labels


def finding_name(finding: Finding, lang: str) -> str:
    """Name of a finding with a capital, for labels and tables. Raises EvaluationError for another language."""
    name = FINDING_NAMES[check_language(lang)][finding]
    return name[0].upper() + name[1:]


def percent(share: float, digits: int = 1) -> str:
    """Write a share in 0-1 as a percentage that no line break parts from its sign."""
    return f"{100 * share:.{digits}f}\N{NO-BREAK SPACE}%"


def counted(forms: Mapping[str, str], count: int, **values: Any) -> str:
    """Fill the singular form ("one") for 1 and the plural ("other") for every other count."""
    return forms["one" if count == 1 else "other"].format(n=count, count=count, **values)
