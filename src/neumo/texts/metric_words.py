"""Names of measured metrics in a language, with the conditions that they hold for."""

from collections.abc import Mapping
from typing import Any, Final

from neumo.core.evidence import Evidence
from neumo.texts.catalogue import percent, texts
from neumo.texts.language import Language

_FINDINGS: Final = frozenset({"called", "finding"})
"""Conditions whose value is an outcome."""


def metric_words(entry: Evidence, language: Language) -> str:
    """Return the name of a metric with what it holds for, such as "coverage (90 % sets, normal)", in a language.

    Metrics and conditions that neumo has no words for are called as the evidence calls them.
    """
    t = texts(language)
    name = t.find(f"terms.metrics.{entry.metric}", entry.metric.replace("_", " "))
    held = ", ".join(_conditions(entry.conditions, language))
    return f"{name} ({held})" if held else name


def point_name(point: str, language: Language) -> str:
    """Return the name of an operating point as a label within a line: "high sensitivity"; a bundle's own as it is."""
    label = texts(language).find(f"workbench.points.{point}", "")
    return f"{label[:1].lower()}{label[1:]}" or point


def point_in_words(point: str, language: Language) -> str:
    """Return an operating point as a part of a sentence: "the high-sensitivity operating point"."""
    t = texts(language)
    return t.find(f"workbench.points_in_words.{point}", "") or t(
        "workbench.points_in_words.named", name=point
    )


def _conditions(conditions: Mapping[str, Any], language: Language) -> list[str]:
    t = texts(language)
    words = []
    for key, value in conditions.items():
        if value is None or value == "":
            continue
        if key == "coverage":
            words.append(t("terms.sets_of", level=percent(value, 0)))
        elif key == "operating_point":
            words.append(point_name(str(value), language))
        elif key in _FINDINGS:
            words.append(t.find(f"terms.findings.{value}", str(value)))
        else:
            words.append(str(value).replace("_", " "))
    return words
