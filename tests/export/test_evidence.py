"""Evidence from the results of `neumo evaluate BUNDLE`."""

import json
from pathlib import Path
from typing import Any

import pytest

from neumo.core.errors import ExportError
from neumo.core.evidence import select
from neumo.export.evidence import measured_evidence, read_explanation_checks, sources_evidence

ESTIMATE = {"value": 0.9, "low": 0.8, "high": 0.95}
UNKNOWN = {"value": None, "low": None, "high": None}
FIGURES: dict[str, Any] = {
    "bundle": {"model": "m"},
    "command": "neumo evaluate B",
    "measured_on": "2026-11-23",
    "data_set": "Kermany chest radiographs",
    "part": "test",
    "images": 20,
    "refused": 2,
    "evaluation": {"images": 18, "patients": 11, "overall": {"accuracy": ESTIMATE, "macro_auroc": UNKNOWN}},
    "operating_points": {
        "balanced": {
            **dict.fromkeys(("sensitivity", "specificity", "ppv", "npv"), ESTIMATE),
            "true_positives": 9,
            "false_positives": 3,
            "true_negatives": 5,
            "false_negatives": 1,
        }
    },
    "coverage": [
        {
            "nominal": 0.9,
            "measured": 0.8,
            "low": 0.7,
            "high": 0.9,
            "finding": None,
            "mean_size": 1.5,
            "images": 18,
        }
    ],
}
CORRUPTIONS: dict[str, Any] = {
    "bundle": "digest",
    "cells": [
        {"kind": "clean", "strength": 0, "images": 20, "refused": 0.1, "accuracy": ESTIMATE},
        {"kind": "blur", "strength": 1, "images": 20, "refused": 1.0, "accuracy": UNKNOWN},
    ],
}
EXPLANATIONS: dict[str, Any] = {
    "bundle": {"model": "m"},
    "images": 8,
    "patients": 5,
    "figures": {"deletion_gain": ESTIMATE},
    "by_finding": {"NORMAL": {"deletion_gain": {"value": -0.2, "low": -0.3, "high": -0.1}}},
    "verdicts": [{"name": "deletion", "passed": True, "rule": "above 0"}],
    "worse_than_random": [{"finding": "NORMAL", "check": "deletion"}],
}


def written(folder: Path, name: str, value: object) -> Path:
    target = folder / f"{name}.json"
    target.write_text(json.dumps(value))
    return target


def test_every_metric_has_its_sample_data_and_command(tmp_path: Path) -> None:
    evidence = measured_evidence(
        written(tmp_path, "figures", FIGURES),
        "m",
        "digest",
        corruptions=written(tmp_path, "corruptions", CORRUPTIONS),
        explanations=written(tmp_path, "explanations", EXPLANATIONS),
    )
    assert {(e.data, e.command, e.measured_on) for e in evidence} == {
        ("Kermany chest radiographs, test", "neumo evaluate B", "2026-11-23")
    }
    assert {entry.ages for entry in evidence} == {None}, "as of a file of an earlier version"
    refused, accuracy, auroc = select(evidence)
    assert (refused.metric, refused.value, refused.n) == ("refused", 0.1, 20)
    assert (accuracy.value, accuracy.low, accuracy.high, accuracy.n, accuracy.patients) == (
        0.9,
        0.8,
        0.95,
        18,
        11,
    )
    assert auroc.value is None
    at_point = {entry.metric: entry.n for entry in select(evidence, operating_point="balanced")}
    assert at_point == {"sensitivity": 10, "specificity": 8}, "predictive values hold at a prevalence only"
    (held,) = select(evidence, "coverage", coverage=0.9, finding=None)
    assert (held.value, held.n) == (0.8, 18)
    assert [entry.n for entry in select(evidence, "accuracy", damage=..., strength=...)] == [18, 0]
    (check,) = select(evidence, check="deletion", rule="above 0")
    assert (check.metric, check.value, check.n, check.patients) == ("deletion_gain", 0.9, 8, 5)
    (worse,) = select(evidence, called="NORMAL")
    assert (worse.metric, worse.value) == ("deletion_gain", -0.2)


def test_data_and_ages_are_those_of_the_evaluation(tmp_path: Path) -> None:
    stated = written(tmp_path, "figures", {**FIGURES, "data_set": "phantoms", "ages": [1, 5]})
    evidence = measured_evidence(
        stated, "m", "digest", corruptions=written(tmp_path, "corruptions", CORRUPTIONS)
    )
    assert {(entry.data, entry.ages) for entry in evidence} == {("phantoms, test", (1, 5))}


@pytest.mark.parametrize("name", ["figures", "corruptions", "explanations"])
def test_a_file_of_another_kind_or_model_is_refused(name: str, tmp_path: Path) -> None:
    values = {"figures": FIGURES, "corruptions": CORRUPTIONS, "explanations": EXPLANATIONS}
    files = {key: written(tmp_path, key, value) for key, value in values.items()}

    def evidence() -> object:
        return measured_evidence(
            files["figures"],
            "m",
            "digest",
            corruptions=files["corruptions"],
            explanations=files["explanations"],
        )

    assert evidence()
    other: object = "other" if name == "corruptions" else {"model": "other"}
    written(tmp_path, name, {**values[name], "bundle": other})
    with pytest.raises(ExportError, match=rf"{name}\.json: was measured with another (model|bundle)"):
        evidence()
    written(tmp_path, name, [])
    with pytest.raises(ExportError, match=rf"is not the {name}\.json of an evaluated bundle"):
        evidence()
    files[name].unlink()
    with pytest.raises(ExportError, match=rf"{name}\.json"):
        evidence()


def test_checks_are_read_with_their_outcome(tmp_path: Path) -> None:
    assert read_explanation_checks(written(tmp_path, "explanations", EXPLANATIONS)) == {"deletion": True}


def test_each_source_states_its_own_metrics(tmp_path: Path) -> None:
    one: dict[str, Any] = {
        "images": 50,
        "patients": 40,
        "refused": {"not_chest": 5},
        "share_refused": {"value": 0.1, "low": 0.03, "high": 0.2},
        "figures": {"auroc_normal_vs_pneumonia": ESTIMATE},
        "by_view": {"AP": {"sensitivity": ESTIMATE}},
    }
    value = {
        "bundle": "digest",
        "command": "neumo evaluate B --by source",
        "measured_on": "2026-11-28",
        "part": "all",
        "sources": [
            {**one, "source": "a", "data_set": "a"},
            {**one, "source": "b", "data_set": "b", "figures": {}, "by_view": {}},
        ],
    }
    source = written(tmp_path, "sources", value)
    refused, auroc, of_view, elsewhere = sources_evidence(source, "digest")
    assert (refused.metric, refused.n, refused.data) == ("refused", 50, "a, all")
    assert (auroc.metric, auroc.n, auroc.patients, auroc.low) == ("auroc_normal_vs_pneumonia", 45, 40, 0.8)
    assert (of_view.metric, of_view.conditions) == ("sensitivity", {"view": "AP"})
    assert (elsewhere.metric, elsewhere.data) == ("refused", "b, all")
    with pytest.raises(ExportError, match=r"sources\.json: was measured with another bundle"):
        sources_evidence(source, "other")
