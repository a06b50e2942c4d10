"""A bundle's evidence on damaged images, as the workbench shows it."""

from neumo.bundle.folder import load_bundle
from neumo.core.evidence import Evidence
from neumo.web.research.model_card import damage_grid


def entry(metric: str, value: float | None, damage: str, strength: int, read: int = 90) -> Evidence:
    return Evidence(
        metric,
        value,
        None,
        None,
        read,
        "set, test",
        "neumo evaluate",
        None,
        conditions={"damage": damage, "strength": strength},
    )


def test_damage_becomes_accuracy_and_refusals_by_strength() -> None:
    evidence = [
        Evidence("accuracy", 0.95, 0.9, 0.99, 9, "set, test", "neumo evaluate", None),
        entry("accuracy", 0.95, "clean", 0),
        entry("refused", 0.0, "clean", 0),
        entry("accuracy", 0.91, "gaussian_noise", 1),
        entry("refused", 0.0, "gaussian_noise", 1),
        entry("accuracy", None, "gaussian_noise", 2),
        entry("refused", 1.0, "gaussian_noise", 2),
    ]
    assert damage_grid(evidence) == {
        "strengths": ["1", "2"],
        "rows": [
            {
                "damage": "gaussian noise",
                "cells": [{"accuracy": 0.91, "refused": 0.0}, {"accuracy": None, "refused": 1.0}],
            }
        ],
    }
    assert damage_grid(evidence[:3]) is None and damage_grid([]) is None


def test_the_accuracy_of_a_handful_of_images_is_not_stated() -> None:
    """Of 624 turned images all but three were refused; 100 % of those three says nothing."""
    grid = damage_grid(
        [entry("accuracy", 1.0, "rotation", 5, read=3), entry("refused", 0.995, "rotation", 5, read=624)]
    )
    assert grid is not None
    assert grid["rows"][0]["cells"] == [{"accuracy": None, "refused": 0.995}]


def test_the_model_that_comes_along_has_a_grid() -> None:
    grid = damage_grid(load_bundle().evidence)
    assert grid is not None and len(grid["rows"]) == 12 and len(grid["rows"][0]["cells"]) == 5
