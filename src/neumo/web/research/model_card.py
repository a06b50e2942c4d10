"""A bundle's card cut into its sections and tables, and its evidence on damaged images."""

import re
from collections.abc import Sequence
from typing import Any

from neumo.core.evidence import MIN_READ, Evidence, select

_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_RULE = re.compile(r"\|[\s:|-]+\|")


def without_metadata(card: str) -> str:
    """Return a card's Markdown without the YAML before it."""
    if card.startswith("---\n"):
        _, _, card = card[4:].partition("\n---\n")
    return card.strip() + "\n"


def sections(card: str) -> list[dict[str, Any]]:
    """Return the sections of a card: level, title, text, and the tables in it."""
    found: list[dict[str, Any]] = []
    lines: list[str] = []
    for line in without_metadata(card).splitlines():
        heading = _HEADING.fullmatch(line)
        if heading is None:
            lines.append(line)
            continue
        if found:
            found[-1] |= _content(lines)
        found.append({"level": len(heading[1]), "title": heading[2].strip()})
        lines = []
    if found:
        found[-1] |= _content(lines)
    return found


def section(found: Sequence[dict[str, Any]], title: str) -> dict[str, Any] | None:
    """Return the section of a title; None where there is none."""
    return next((one for one in found if one["title"].lower() == title.lower()), None)


def damage_grid(evidence: Sequence[Evidence]) -> dict[str, Any] | None:
    """Return accuracy and refusals by image corruption and strength, from a bundle's evidence; None without it.

    Returns
    -------
    dict or None
        `strengths` (str) and `rows`, each with `damage` (str) and, by strength, `cells` of `accuracy` (None where
        fewer than 20 images were read) and `refused`, both in 0-1.
    """
    cells: dict[str, dict[str, dict[str, float | None]]] = {}
    for entry in select(evidence, "accuracy", "refused", damage=..., strength=...):
        damage, strength = entry.conditions["damage"].replace("_", " "), str(entry.conditions["strength"])
        if entry.conditions["strength"]:
            few = entry.metric == "accuracy" and entry.n < MIN_READ
            value = None if few else entry.value
            cells.setdefault(damage, {}).setdefault(strength, {})[entry.metric] = value
    if not cells:
        return None
    rows = [{"damage": damage, "cells": list(by_strength.values())} for damage, by_strength in cells.items()]
    return {"strengths": max((list(row) for row in cells.values()), key=len), "rows": rows}


def _content(lines: Sequence[str]) -> dict[str, Any]:
    text, tables = [], []
    table: list[list[str]] = []
    for line in [*lines, ""]:
        if line.startswith("|"):
            if not _RULE.fullmatch(line.strip()):
                table.append([cell.strip() for cell in line.strip().strip("|").split("|")])
            continue
        if table:
            tables.append({"header": table[0], "rows": table[1:]})
            table = []
        text.append(line)
    return {"text": "\n".join(text).strip(), "tables": tables}
