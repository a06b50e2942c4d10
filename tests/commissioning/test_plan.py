import csv
import re
from bisect import bisect_left
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from tests.support.commands import call_neumo

from neumo.cli.show import require_extra
from neumo.commissioning.plan import ASSURANCE, make_plan, patients_needed
from neumo.commissioning.template import COLUMNS
from neumo.core.errors import ConfigError, MissingExtraError
from neumo.evaluation.uncertainty.exact import clopper_pearson


@given(least=st.floats(0.5, 0.9), gap=st.floats(0.05, 0.09))
@settings(max_examples=12)
def test_the_planned_number_shows_what_it_should_with_the_stated_probability(
    least: float, gap: float
) -> None:
    expected, number = least + gap, patients_needed(least + gap, least)
    assert binom.sf(_fewest_that_show(least, number) - 1, number, expected) >= ASSURANCE
    assert binom.sf(_fewest_that_show(least, number - 1) - 1, number - 1, expected) < ASSURANCE


def _fewest_that_show(least: float, number: int) -> int:
    """Return the first count of successes whose exact interval lies above `least`; `number` + 1 where there is none."""
    return bisect_left(range(number + 1), least, key=lambda count: clopper_pearson(count, number).low)


def test_a_plan_counts_both_outcomes_and_images_of_the_same_patients() -> None:
    plain = make_plan(prevalence=0.15)
    sick, well = plain.needs
    assert plain.enriched == sick.images + well.images
    assert plain.consecutive >= sick.images / 0.15 > plain.consecutive - 1
    several = make_plan(prevalence=0.15, images_per_patient=2, correlation=0.5)
    assert several.design_effect == 1.5
    assert several.needs[0].images == -(-sick.images * 3 // 2) and several.needs[0].patients < sick.patients
    rare = make_plan(prevalence=0.95)
    assert rare.consecutive >= well.images / 0.05


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"prevalence": 0.0}, "prevalence"),
        ({"prevalence": float("nan")}, "prevalence"),
        ({"prevalence": 0.2, "sensitivity": 0.7}, "must exceed"),
        ({"prevalence": 0.2, "specificity": 1.0}, "specificity"),
        ({"prevalence": 0.2, "images_per_patient": 0.5}, "images per patient"),
        ({"prevalence": 0.2, "correlation": 2}, "correlation"),
        ({"prevalence": 0.2, "least_sensitivity": 0.8999}, "more than 20,000"),
    ],
)
def test_what_cannot_be_planned_is_an_error(wrong: dict[str, float], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        make_plan(**wrong)


def test_the_command_says_the_numbers_and_writes_a_table_that_it_never_replaces(
    capsys: pytest.CaptureFixture[str], phantoms: Path, tmp_path: Path
) -> None:
    table = tmp_path / "local.csv"
    command = ["commission", "plan", "--prevalence", ".15", "--sensitivity", ".90"]
    said = call_neumo(capsys, *command, "--template", table, "--images", phantoms / "test")
    assert re.search(r"113 .*113", said) and "754" in said
    with table.open() as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == COLUMNS and all((tmp_path / row["path"]).is_file() for row in rows)
    assert len(rows) == len(list((phantoms / "test").rglob("*.jpeg")))
    before = table.read_bytes()
    again = call_neumo(capsys, *command, "--template", table, status=2)
    assert "exists already" in again and table.read_bytes() == before
    assert "754 radiografías" in call_neumo(capsys, *command, "--lang", "es")


def test_without_its_extra_the_line_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r'pip install "neumo\[site\]"'):
        require_extra("site", "neumo commission")
