from neumo.bundle.folder import CARD, load_bundle
from neumo.core.evidence import select
from neumo.export.card import model_card
from neumo.export.evidence import FOLDS


def test_the_card_of_the_bundle_that_comes_along_is_made_of_its_evidence() -> None:
    bundle = load_bundle()
    assert model_card(bundle.config, bundle.evidence) == (bundle.path / CARD).read_text(encoding="utf-8")


def test_the_evidence_that_comes_along_is_whole() -> None:
    bundle = load_bundle()
    folds, test = select(bundle.evidence, "accuracy")
    assert (folds.data, folds.n, folds.patients, str(folds)) == (FOLDS, 5232, 2861, "0.790 (0.775-0.804)")
    assert (test.n, test.patients, str(test)) == (618, 422, "0.909 (0.877-0.939)")
    assert all(entry.command and entry.measured_on for entry in bundle.evidence)
    for entry in bundle.evidence:
        if entry.value is not None and entry.low is not None and entry.high is not None:
            assert entry.low <= entry.value <= entry.high
    for name in bundle.config.operating_points:
        assert len(select(bundle.evidence, operating_point=name)) == 2
    checks = {entry.conditions["check"] for entry in select(bundle.evidence, check=..., rule=...)}
    assert checks == set(bundle.config.explanation_checks)
