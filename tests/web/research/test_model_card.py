"""The table of damaged images in a card, as numbers."""

from importlib.resources import files

import pytest

from neumo.web.research.model_card import damage_grid, section, sections


def table(*rows: list[str]) -> dict[str, list[str] | list[list[str]]]:
    return {"header": ["damage, strength", "1", "2"], "rows": list(rows)}


def test_cells_become_accuracy_and_refusals() -> None:
    grid = damage_grid(table(["blur", "0.91 (0.00)", "- (1.00)"]))
    assert grid == {
        "strengths": ["1", "2"],
        "rows": [
            {
                "damage": "blur",
                "cells": [{"accuracy": 0.91, "refused": 0.0}, {"accuracy": None, "refused": 1.0}],
            }
        ],
    }


@pytest.mark.parametrize(
    "rows", [[], [["blur", "0.91 (0.00)"]], [["blur", "0.91", "0.90"]], [["blur", "good (0.1)", "0.9 (0.1)"]]]
)
def test_another_table_is_not_taken_for_one(rows: list[list[str]]) -> None:
    assert damage_grid(table(*rows)) is None


def test_the_card_of_the_model_that_comes_along_has_a_grid() -> None:
    card = next(file for file in files("neumo.bundle.default").iterdir() if file.name.endswith(".md"))
    damaged = section(sections(card.read_text(encoding="utf-8")), "Damaged images")
    assert damaged is not None
    grid = damage_grid(damaged["tables"][0])
    assert grid is not None and len(grid["rows"]) == 12 and len(grid["rows"][0]["cells"]) == 5
