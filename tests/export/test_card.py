import re
from dataclasses import replace

from neumo.bundle.folder import CARD, load_bundle
from neumo.core.evidence import HELD_OUT_FOLDS, select
from neumo.export.card import model_card


def test_the_card_of_the_bundle_that_comes_along_is_made_of_its_evidence() -> None:
    bundle = load_bundle()
    assert (bundle.path / CARD).read_text(encoding="utf-8") == model_card(bundle.config, bundle.evidence)


def test_the_card_states_no_python_and_no_accuracy_of_a_handful_of_images() -> None:
    bundle = load_bundle()
    card = model_card(bundle.config, bundle.evidence)
    assert "efficientnet_lite (variant lite0, dropout 0.2, smoothing 1.5), input 192 x 192 grey" in card
    assert not re.search(r"[{\[]'|None|True|False", card) and "1.00 (1.00)" not in card
    rows = [line for line in card.splitlines() if line.startswith("| rotation |")]
    assert rows and rows[0].count(" | ") == 5
    noise = next(line for line in card.splitlines() if line.startswith("| gaussian noise |"))
    assert noise.endswith("| - (1.00) |")


def test_the_evidence_that_comes_along_is_whole() -> None:
    bundle = load_bundle()
    folds, test = select(bundle.evidence, "accuracy")
    assert (folds.data, folds.n, folds.patients, str(folds)) == (
        f"Kermany chest radiographs, {HELD_OUT_FOLDS}",
        1744,
        954,
        "0.787 (0.760-0.811)",
    )
    assert (test.n, test.patients, str(test)) == (624, 427, "0.891 (0.859-0.924)")
    assert all(entry.command and entry.measured_on for entry in bundle.evidence)
    for entry in bundle.evidence:
        if entry.value is not None and entry.low is not None and entry.high is not None:
            assert entry.low <= entry.value <= entry.high
    for name in bundle.config.operating_points:
        found = select(bundle.evidence, operating_point=name)
        assert {entry.data for entry in found} == {"Kermany chest radiographs, test", "nih, all", "siim, all"}
        assert {entry.metric for entry in found} == {"sensitivity", "specificity"} and len(found) == 6
    checks = {entry.conditions["check"] for entry in select(bundle.evidence, check=..., rule=...)}
    assert checks == set(bundle.config.explanation_checks)


def test_the_card_says_so_where_folds_are_missing() -> None:
    bundle = load_bundle()
    held_out = bundle.config.provenance["held_out"]
    for given in ([0, 1, 2], [0, 2], [1]):
        runs = [{"kind": "fold", "folds": 3, "fold": fold} for fold in given]
        provenance = {**bundle.config.provenance, "held_out": {**held_out, "runs": runs}}
        card = model_card(replace(bundle.config, provenance=provenance), bundle.evidence)
        named = ", ".join(map(str, given))
        assert ("folds (" in card) is (len(given) < 3), given
        assert (f"Only {len(given)} of 3 folds ({named}): the patients" in card) is (len(given) < 3)


def test_the_card_names_ages_and_hospitals_of_its_training_images() -> None:
    bundle = load_bundle()
    gate = replace(bundle.config.gate, age_years=(1.0, 87.0))
    provenance = {**bundle.config.provenance, "sources": {"kermany": 5232, "nih": 1067}}
    card = model_card(replace(bundle.config, gate=gate, provenance=provenance), bundle.evidence)
    assert "radiographs of children and adults aged 1 to 87" in card
    assert "told apart at ages 1 to 5 only; at other ages the etiology is not assessed" in card
    assert "Trained on 2 hospitals (images: kermany 5232, nih 1067)" in card and "One hospital" not in card
