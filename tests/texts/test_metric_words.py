"""Metrics with what they hold for, in words: one rule for cards, papers and commands."""

import re
from typing import Any

import pytest

from neumo.core.evidence import Evidence
from neumo.texts.catalogue import texts
from neumo.texts.language import LANGUAGES, Language
from neumo.texts.metric_words import metric_words, point_in_words, point_name

OF_90, OF_95 = "90\N{NO-BREAK SPACE}%", "95\N{NO-BREAK SPACE}%"


@pytest.mark.parametrize(
    ("metric", "conditions", "english", "spanish"),
    [
        ("npv", {"operating_point": "high_sensitivity"}, "NPV (high sensitivity)", "(alta sensibilidad)"),
        ("sensitivity", {"operating_point": "of_ours"}, "sensitivity (of_ours)", "(of_ours)"),
        ("coverage", {"coverage": 0.9, "finding": "NORMAL"}, f"coverage ({OF_90} sets, normal)", f"{OF_90}, normal)"),
        ("coverage", {"coverage": 0.95, "finding": None}, f"coverage ({OF_95} sets)", f"del {OF_95})"),
        ("accuracy", {"damage": "low_contrast", "strength": 0}, "accuracy (low contrast, 0)", "(low contrast, 0)"),
        ("never_heard_of", {}, "never heard of", "never heard of"),
    ],
)  # fmt: skip
def test_a_metric_says_what_it_holds_for(
    metric: str, conditions: dict[str, Any], english: str, spanish: str
) -> None:
    entry = Evidence(metric, 0.5, 0.4, 0.6, 10, "data", "command", None, conditions=conditions)
    said: dict[Language, str] = {"en": metric_words(entry, "en"), "es": metric_words(entry, "es")}
    assert said["en"] == english and said["es"].endswith(spanish)


@pytest.mark.parametrize("point", ["balanced", "high_sensitivity", "high_specificity", "site", "ICU"])
def test_an_operating_point_fits_into_a_sentence(point: str) -> None:
    english, spanish = (
        f"{texts(language)('workbench.reading.at_point_above', point=point_in_words(point, language))}"
        for language in LANGUAGES
    )
    assert re.match(r"At (the|this hospital's own) .*\boperating point\b.* the probability", english)
    assert re.match(r"En el punto de operación (equilibrado|de alta|propio de este hospital|ICU)", spanish)
    assert ("ICU" in english) == (point == "ICU"), "a bundle's own name stays as it is"
    assert point_name("ICU", "es") == "ICU" and point_name("high_sensitivity", "en") == "high sensitivity"
