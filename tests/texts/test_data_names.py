"""Data that metrics were measured on, in both languages."""

from dataclasses import replace
from pathlib import Path

import pytest

import neumo.bundle
from neumo.bundle.folder import load_bundle
from neumo.core.evidence import AT_COMMISSIONING, AT_CONVERSION, HELD_OUT_FOLDS, PERHAPS_TRAINED
from neumo.texts.catalogue import texts
from neumo.texts.data_names import data_name
from neumo.texts.language import LANGUAGES

BUILT_IN = load_bundle(Path(neumo.bundle.__file__).parent / "default")


def test_all_data_and_metrics_of_the_built_in_bundle_have_a_spanish_name() -> None:
    data = {entry.data: entry for entry in BUILT_IN.evidence}
    assert len(data) > 1
    for name, entry in data.items():
        english, spanish, ages = (data_name(entry, "en"), data_name(entry, "es"), entry.ages)
        assert english == (name if ages is None else f"{name} (ages {ages[0]:g} to {ages[1]:g})")
        assert ages is None or spanish.endswith(f" (edades de {ages[0]:g} a {ages[1]:g} años)")
        assert spanish.partition(" (")[0] != name
    kermany = next(entry for name, entry in data.items() if name.startswith("Kermany"))
    assert data_name(kermany, "es").partition(",")[0] not in kermany.data
    metrics = {
        entry.metric for entry in BUILT_IN.evidence if not {"check", "called"} & entry.conditions.keys()
    }
    assert {
        m for m in metrics for language in LANGUAGES if m not in texts(language).group("terms.metrics")
    } == set()


def in_spanish(data: str) -> str:
    return data_name(replace(BUILT_IN.evidence[0], data=data, ages=None), "es")


def test_a_hospital_keeps_its_name_and_what_was_done_there_is_translated() -> None:
    assert in_spanish(f"San Juan, Lima, {AT_COMMISSIONING}").startswith("San Juan, Lima, validación cruzada")
    assert in_spanish(f"Kermany chest radiographs, {HELD_OUT_FOLDS}").endswith(", pliegues reservados")
    assert in_spanish("Ward 4, 2024") == "Ward 4, 2024"
    assert in_spanish("phantoms") == "fantomas"


@pytest.mark.parametrize(
    "part",
    [
        "train",
        "val",
        "test",
        "holdout",
        "all",
        HELD_OUT_FOLDS,
        AT_COMMISSIONING,
        AT_CONVERSION,
        PERHAPS_TRAINED,
    ],
)
def test_every_part_and_use_of_data_has_a_spanish_name(part: str) -> None:
    named = in_spanish(f"Ward 4, {part}")
    assert named.startswith("Ward 4, ") and named != f"Ward 4, {part}"


def test_two_uses_are_both_translated() -> None:
    named = in_spanish(f"Ward 4, {AT_CONVERSION}, {PERHAPS_TRAINED}")
    assert named == "Ward 4, validación cruzada anidada en la importación, quizá usadas en el entrenamiento"


def test_ages_stand_beside_the_name() -> None:
    grown = replace(BUILT_IN.evidence[0], data="Ward 4", ages=(18.0, 80.0))
    assert data_name(grown, "en") == "Ward 4 (ages 18 to 80)"
    assert data_name(replace(grown, ages=(4.0, 4.0)), "en") == "Ward 4 (age 4)"
    assert data_name(replace(grown, ages=None), "en") == "Ward 4"
