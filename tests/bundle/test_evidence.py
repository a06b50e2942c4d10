import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from neumo.bundle.evidence import EVIDENCE, read_evidence, write_evidence
from neumo.bundle.folder import load_bundle, write_sums
from neumo.core.errors import BundleError
from neumo.core.evidence import Evidence, select

OVERALL = Evidence("accuracy", 0.9094, 0.877, 0.939, 618, "set, test", "neumo evaluate B", "2026-11-23", 422)
AT_POINT = replace(OVERALL, metric="sensitivity", conditions={"operating_point": "balanced"})
UNDEFINED = replace(OVERALL, value=None, low=None, high=None, conditions={"damage": "blur", "strength": 5})


def test_what_was_written_is_read(tmp_path: Path) -> None:
    target = tmp_path / EVIDENCE
    written = (replace(OVERALL, ages=(1.0, 5.0)), AT_POINT, UNDEFINED)
    write_evidence(target, written)
    assert read_evidence(target.read_bytes(), target) == written


def test_entries_are_chosen_by_metric_and_just_the_conditions() -> None:
    evidence = (OVERALL, AT_POINT, UNDEFINED)
    assert select(evidence) == (OVERALL,)
    assert select(evidence, "accuracy", damage=..., strength=5) == (UNDEFINED,)
    assert select(evidence, "accuracy", damage=..., strength=1) == ()
    assert select(evidence, operating_point="balanced") == (AT_POINT,)


def test_words_state_the_interval_where_there_is_one() -> None:
    assert str(OVERALL) == "0.909 (0.877-0.939)"
    assert str(replace(OVERALL, low=None, high=None)) == "0.909"
    assert str(UNDEFINED) == "not measurable"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda value: value.update(schema=2), "schema 2"),
        (lambda value: value["evidence"][0].pop("n"), "evidence"),
        (lambda value: value["evidence"][0].update(value="0.9"), "not a number"),
        (lambda value: value["evidence"][0].update(n=None), "n or conditions"),
        (lambda value: value["evidence"][0].update(ages=[1]), "ages"),
        (lambda value: value["evidence"][0].update(ages=["1", "5"]), "ages"),
        (lambda value: value["evidence"][0].update(ages=5), "evidence"),
        (lambda value: value.pop("evidence"), "evidence"),
    ],
)
def test_other_files_are_refused(
    change: Callable[[dict[str, Any]], Any], message: str, tmp_path: Path
) -> None:
    target = tmp_path / EVIDENCE
    write_evidence(target, [OVERALL])
    value = json.loads(target.read_text())
    change(value)
    with pytest.raises(BundleError, match=message):
        read_evidence(json.dumps(value).encode(), target)
    with pytest.raises(BundleError, match=EVIDENCE):
        read_evidence(b"no json", target)


def test_a_bundle_carries_its_evidence_and_is_checked_for_it(folder: Path) -> None:
    (folder / EVIDENCE).unlink()
    write_sums(folder)
    assert load_bundle(folder).evidence == ()
    write_evidence(folder / EVIDENCE, [OVERALL])
    with pytest.raises(BundleError, match="does not belong"):
        load_bundle(folder)
    write_sums(folder)
    assert load_bundle(folder).evidence == (OVERALL,)
