"""A bundle's card, cut into its sections and tables."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_RULE = re.compile(r"\|[\s:|-]+\|")
_DAMAGED = re.compile(r"(-|\d+(?:\.\d+)?) \((\d+(?:\.\d+)?)\)")


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


def damage_grid(table: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the numbers of a card's table of damaged images.

    Parameters
    ----------
    table : mapping
        Its `header` and `rows`; each cell states accuracy and, in brackets, the share refused, both in 0-1.

    Returns
    -------
    dict or None
        `strengths` (str) and `rows`, each with `damage` (str) and, by strength, `cells` of `accuracy` (None where
        nothing was read) and `refused`; None where the table states anything else.
    """
    rows = []
    for damage, *cells in table["rows"]:
        found = [_DAMAGED.fullmatch(cell) for cell in cells]
        if len(cells) != len(table["header"]) - 1:
            return None
        pairs = [match.groups() for match in found if match is not None]
        if len(pairs) < len(cells):
            return None
        numbers = [{"accuracy": None if a == "-" else float(a), "refused": float(r)} for a, r in pairs]
        rows.append({"damage": damage, "cells": numbers})
    return {"strengths": table["header"][1:], "rows": rows} if rows else None


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
