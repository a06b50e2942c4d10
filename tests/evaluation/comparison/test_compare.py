import json
from dataclasses import replace

import numpy as np
import pytest
from tests.support.report_samples import Simulate

from neumo.core.errors import EvaluationError
from neumo.core.findings import FINDINGS, Finding
from neumo.core.statistics import holm
from neumo.evaluation.comparison.compare import compare, mcnemar_exact
from neumo.evaluation.comparison.sentences import conclusion, pair_conclusion
from neumo.evaluation.comparison.values import COMPARED, CellChange, Comparison, McNemar, Pair
from neumo.evaluation.evaluate import evaluate
from neumo.evaluation.values import Estimate

NO_CHANGE = Estimate(0.01, -0.02, 0.04)


def made_pair(
    p: float = 0.5,
    changes: dict[str, Estimate] | None = None,
    cells: dict[tuple[Finding, Finding], Estimate] | None = None,
) -> Pair:
    cell_changes = cells or {}
    return Pair(
        earlier="A",
        later="B",
        differences={name: (changes or {}).get(name, NO_CHANGE) for name in COMPARED},
        mcnemar=McNemar(10, 20, p, p),
        cells=tuple(
            CellChange(t, d, 30, 20, cell_changes.get((t, d), Estimate(-1.0, -5.0, 3.0)))
            for t in FINDINGS
            for d in FINDINGS
        ),
    )


def test_mcnemar_on_a_textbook_table() -> None:
    # 1 against 9 by hand: 2 · (1 + 10) / 1024. 59 against 121: chi-squared 21.4, p about 4e-6.
    assert mcnemar_exact(1, 9) == pytest.approx(22 / 1024)
    assert mcnemar_exact(9, 1) == pytest.approx(22 / 1024)
    assert mcnemar_exact(59, 121) == pytest.approx(4e-6, rel=0.25)
    assert mcnemar_exact(0, 0) == 1.0


def test_each_later_run_meets_each_earlier_one(simulate: Simulate) -> None:
    runs = [(name, simulate(150, seed=i)) for i, name in enumerate("ABC")]
    comparison = compare(runs, resamples=60)
    assert [(p.earlier, p.later) for p in comparison.pairs] == [("A", "B"), ("A", "C"), ("B", "C")]
    adjusted = [p.mcnemar.p_adjusted for p in comparison.pairs]
    assert adjusted == pytest.approx(holm([p.mcnemar.p_value for p in comparison.pairs]))
    assert comparison.correction == "holm"


def test_runs_and_differences_are_those_of_the_evaluations(simulate: Simulate) -> None:
    first, second = simulate(200, strength=1.0, seed=1), simulate(200, strength=2.0, seed=2)
    comparison = compare([("A", first), ("B", second)], resamples=200)
    evaluated = [evaluate(p, resamples=200) for p in (first, second)]
    for run, expected in zip(comparison.runs, evaluated, strict=True):
        assert run.figures["accuracy"] == expected.overall["accuracy"]
        assert run.figures["recall_NORMAL"] == expected.by_class[0].recall
        assert np.array(run.confusion).tolist() == expected.confusion.tolist()
    (pair,) = comparison.pairs
    before, after = (j.overall["macro_f1"].value for j in evaluated)
    assert pair.differences["macro_f1"].value == pytest.approx(after - before)
    right_first, right_second = first.decisions == first.truth, second.decisions == second.truth
    assert pair.mcnemar.only_earlier_right == int((right_first & ~right_second).sum())
    assert pair.mcnemar.only_later_right == int((~right_first & right_second).sum())


def test_cells_tell_which_errors_fell_and_rose(simulate: Simulate) -> None:
    first, second = simulate(200, seed=1), simulate(200, seed=2, strength=3.0)
    (pair,) = compare([("A", first), ("B", second)], resamples=100).pairs
    assert [(c.truth, c.decision) for c in pair.cells] == [(t, d) for t in FINDINGS for d in FINDINGS]
    assert sum(c.change.value for c in pair.cells) == pytest.approx(0.0)
    for cell in pair.cells:
        assert cell.earlier == int(
            ((first.truth == cell.truth.index) & (first.decisions == cell.decision.index)).sum()
        )
        assert cell.change.value == cell.later - cell.earlier
        assert cell.change.low <= cell.change.value <= cell.change.high


def test_a_paired_interval_is_narrower_than_the_runs_own_intervals(simulate: Simulate) -> None:
    first = simulate(300, seed=1, strength=1.0)
    nearly_same = first.probabilities.copy()
    nearly_same[:12] = np.eye(3)[first.truth[:12]] * 0.97 + 0.01
    second = replace(first, probabilities=nearly_same)
    comparison = compare([("A", first), ("B", second)], resamples=300)
    own = comparison.runs[0].figures["accuracy"]
    paired = comparison.pairs[0].differences["accuracy"]
    assert paired.high - paired.low < (own.high - own.low) / 2


def test_the_order_of_images_does_not_matter(simulate: Simulate) -> None:
    first, second = simulate(120, seed=1), simulate(120, seed=2)
    shuffled = second.take(np.random.default_rng(0).permutation(120))
    assert compare([("A", first), ("B", shuffled)], resamples=50) == compare(
        [("A", first), ("B", second)], resamples=50
    )


def test_an_equal_run_shows_no_difference(simulate: Simulate) -> None:
    predictions = simulate(100)
    comparison = compare([("A", predictions), ("B", predictions)], resamples=50)
    assert comparison.pairs[0].mcnemar.p_value == 1.0
    text = conclusion(comparison, "en")
    assert text.startswith("No difference in accuracy shown between B and A: +0.000 (+0.000 to +0.000).")
    assert "No difference shown in the other metrics. No kind of error is shown" in text


def test_comparison_is_valid_json(simulate: Simulate) -> None:
    comparison = compare(
        [("A", simulate(40, classes=(0, 1))), ("B", simulate(40, classes=(0, 1), seed=1))], resamples=50
    )
    plain = json.loads(json.dumps(comparison.to_json(), allow_nan=False))
    assert plain["pairs"][0]["differences"]["macro_f1"]["value"] is None
    assert plain["pairs"][0]["cells"][1]["truth"] == "NORMAL"
    assert plain["runs"][1]["confusion"] == [list(row) for row in comparison.runs[1].confusion]


def test_runs_on_different_images_are_refused_with_examples(simulate: Simulate) -> None:
    whole = simulate(30)
    part = whole.take(np.arange(25))
    with pytest.raises(
        EvaluationError, match=r"only 'A' answered image-0025\.jpeg, .*and 2 more; evaluate both"
    ):
        compare([("A", whole), ("B", part)])
    with pytest.raises(EvaluationError, match="only 'B' answered"):
        compare([("A", part), ("B", whole)])


def test_runs_that_know_other_truths_or_patients_are_refused(simulate: Simulate) -> None:
    first = simulate(30)
    relabelled = first.truth.copy()
    relabelled[4] = (relabelled[4] + 1) % 3
    with pytest.raises(EvaluationError, match=r"another truth of image-0004\.jpeg"):
        compare([("A", first), ("B", replace(first, truth=relabelled))])
    with pytest.raises(EvaluationError, match=r"another patient of image-0001\.jpeg"):
        compare(
            [
                ("A", simulate(30, images_per_patient=1)),
                ("B", replace(first, patients=("patient-0000", *first.patients[:1], *first.patients[2:]))),
            ]
        )


def test_images_answered_twice_and_names_given_twice_are_refused(simulate: Simulate) -> None:
    first = simulate(30)
    twice = first.take(np.array([0, 1, 1]))
    with pytest.raises(EvaluationError, match=r"run 'B': answered image-0001\.jpeg more than once"):
        compare([("A", first), ("B", twice)])
    with pytest.raises(EvaluationError, match="'A' is given more than once"):
        compare([("A", first), ("A", first)])
    with pytest.raises(EvaluationError, match="1 given; a comparison needs two"):
        compare([("A", first)])


def test_words_claim_a_difference_whose_interval_excludes_zero() -> None:
    pair = made_pair(0.004, {"accuracy": Estimate(0.041, 0.012, 0.070)})
    assert pair_conclusion(pair, "en") == (
        "B is more accurate than A by 0.041 (0.012 to 0.070). McNemar's exact test: p = 0.004. "
        "No difference shown in the other metrics. No kind of error is shown to have fallen or risen."
    )
    assert pair_conclusion(pair, "es", pairs=3) == (
        "B acierta más que A: la exactitud sube 0.041 (0.012 a 0.070). Prueba exacta de McNemar: p = 0.004 "
        "tras la corrección de Holm sobre 3 pares. No se muestra diferencia en las demás métricas. "
        "No se muestra que algún tipo de error haya bajado o subido."
    )


def test_words_claim_nothing_where_the_interval_touches_zero() -> None:
    for touching in (Estimate(0.041, 0.0, 0.08), Estimate(-0.03, -0.06, 0.0), NO_CHANGE):
        text = pair_conclusion(made_pair(0.01, {"accuracy": touching}), "en")
        assert text.startswith("No difference in accuracy shown between B and A")
        assert "more accurate" not in text and "less accurate" not in text


def test_words_of_a_loss_with_other_figures_and_errors() -> None:
    changes = {
        "accuracy": Estimate(-0.050, -0.080, -0.020),
        "macro_f1": Estimate(-0.040, -0.070, -0.010),
        "recall_VIRAL_PNEUMONIA": Estimate(0.10, 0.02, 0.18),
    }
    cells = {
        (Finding.NORMAL, Finding.VIRAL_PNEUMONIA): Estimate(12.0, 5.0, 20.0),
        (Finding.VIRAL_PNEUMONIA, Finding.BACTERIAL_PNEUMONIA): Estimate(-10.0, -18.0, -2.0),
        (Finding.NORMAL, Finding.NORMAL): Estimate(-12.0, -20.0, -5.0),
    }
    pair = made_pair(0.2, changes, cells)
    assert pair_conclusion(pair, "en") == (
        "B is less accurate than A by 0.050 (0.020 to 0.080). McNemar's exact test: p = 0.200. "
        "That test does not confirm the difference; take it with caution. "
        "Higher in B: recall of viral pneumonia by 0.100 (0.020 to 0.180). "
        "Lower in B: macro F1 by 0.040 (0.010 to 0.070). "
        "No difference shown in: balanced accuracy; macro AUROC; AUROC normal vs pneumonia; "
        "AUROC bacterial vs viral; recall of normal; recall of bacterial pneumonia. "
        "Fewer errors of the kind: viral pneumonia taken for bacterial pneumonia (30 → 20). "
        "More errors of the kind: normal taken for viral pneumonia (30 → 20)."
    )
    spanish = pair_conclusion(pair, "es")
    assert spanish.startswith("B acierta menos que A: la exactitud baja 0.050 (0.020 a 0.080).")
    assert "Sube con B: sensibilidad para neumonía viral en 0.100 (0.020 a 0.180)." in spanish
    assert "Más errores del tipo: imagen normal tomada por neumonía viral (30 → 20)." in spanish


def test_words_admit_what_cannot_be_measured() -> None:
    nothing = Estimate(0.1, float("nan"), float("nan"))
    text = pair_conclusion(made_pair(0.001, {"accuracy": nothing}), "en")
    assert text.startswith("Whether B and A differ in accuracy cannot be measured on these images.")


def test_conclusion_says_how_to_read_it_and_whether_images_are_synthetic() -> None:
    made = Comparison((), (made_pair(),), 624, 430, "holm", 1000, 42, synthetic=True)
    english, spanish = conclusion(made, "en"), conclusion(made, "es")
    assert "95\N{NO-BREAK SPACE}% intervals from 1,000 resamples of 430 patients (624 images)" in english
    assert "synthetic" in english
    assert "no se muestre una diferencia no significa que no exista" in spanish
    assert "sintéticas" in spanish
    assert "synthetic" not in conclusion(replace(made, synthetic=False), "en")
