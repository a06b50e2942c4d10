"""Data that metrics were measured on, in both languages."""

from pathlib import Path

import neumo.bundle
from neumo.bundle.folder import load_bundle
from neumo.core.evidence import AT_COMMISSIONING, HELD_OUT_FOLDS
from neumo.texts.catalogue import texts
from neumo.texts.data_names import data_name
from neumo.texts.language import LANGUAGES

BUILT_IN = load_bundle(Path(neumo.bundle.__file__).parent / "default")


def test_all_data_and_metrics_of_the_built_in_bundle_have_a_spanish_name() -> None:
    data = {entry.data for entry in BUILT_IN.evidence}
    assert len(data) > 1 and all(data_name(each, "en") == each for each in data)
    assert not {each for each in data if data_name(each, "es").partition(",")[0] in each}
    metrics = {
        entry.metric for entry in BUILT_IN.evidence if not {"check", "called"} & entry.conditions.keys()
    }
    assert {
        m for m in metrics for language in LANGUAGES if m not in texts(language).group("terms.metrics")
    } == set()


def test_a_hospital_keeps_its_name_and_what_was_done_there_is_translated() -> None:
    assert data_name(f"San Juan, Lima, {AT_COMMISSIONING}", "es").startswith(
        "San Juan, Lima, validación cruzada"
    )
    assert data_name(f"Kermany chest radiographs, {HELD_OUT_FOLDS}", "es").endswith(", pliegues reservados")
    assert data_name("Ward 4, 2024", "es") == "Ward 4, 2024"
    assert data_name("phantoms", "es") == "fantomas"
