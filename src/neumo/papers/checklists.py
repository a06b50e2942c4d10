"""CLAIM 2024 and TRIPOD+AI: where each item is answered, or by whom it has to be."""

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from neumo.bundle.site import ACCEPTANCE
from neumo.papers.subject import Subject, left_open, provenance_lines
from neumo.results.paper import Section
from neumo.texts.catalogue import Texts

Guide = Literal["claim", "tripod"]

DOCS: Final[Mapping[str, str]] = {
    "methods": "docs/results/recipe.md",
    "reader": "docs/results/reader.md",
    "data": "docs/results/data.md",
    "register": "docs/results/test-register.md",
    "explanations": "docs/reference/explanations.md",
    "intended_use": "docs/intended-use.md",
    "readings": "docs/reference/readings.md",
    "make": "docs/how-to/make-a-bundle.md",
    "commissioning": "docs/how-to/commission.md",
    "deidentify": "docs/how-to/deidentify.md",
    "workbench": "docs/how-to/workbench.md",
}
"""Pointers to documents of the project, which are in English."""
OWN: Final = frozenset({"methods", "reader", "data", "register"})
"""Pointers to what was written of the shipped network alone."""
POINTERS: Final[Mapping[Guide, Mapping[str, tuple[str, ...]]]] = {
    "claim": {
        "1": (), "2": (), "3": ("intended_use",), "4": (), "5": (), "6": ("intended_use",),
        "7": ("data_sheet", "data"), "8": ("data", "config"), "9": ("recipe", "readings"), "10": ("recipe", "data"),
        "11": ("deidentify",), "12": ("readings",), "13": (), "14": ("data_sheet",), "15": (), "16": ("data_sheet",),
        "17": (), "18": (), "19": ("recipe", "methods"), "20": ("recipe", "make"), "21": ("commissioning",),
        "22": ("recipe", "card"), "23": ("environment",), "24": ("recipe",), "25": ("recipe", "methods"),
        "26": ("methods", "register"), "27": ("recipe", "methods"), "28": ("evidence",), "29": ("evidence",),
        "30": ("card", "reader"), "31": ("explanations", "card"), "32": ("evidence",), "33": ("external", "acceptance"),
        "34": (), "35": ("card", "acceptance"), "36": ("acceptance",), "37": ("evidence", "acceptance"),
        "38": ("evidence", "acceptance"), "39": ("reader",), "40": ("intended_use", "card"), "41": ("intended_use",),
        "42": ("source", "methods"), "43": ("source", "card"), "44": (),
    },
    "tripod": {
        "1": (), "2": (), "3a": (), "3b": ("intended_use",), "3c": (), "4": (), "5a": ("data_sheet", "data"), "5b": (),
        "6a": ("data_sheet",), "6b": ("config",), "6c": (), "7": ("data", "readings"), "8a": ("data_sheet",), "8b": (),
        "8c": ("workbench",), "9a": ("recipe",), "9b": ("readings",), "9c": (), "10": ("commissioning",),
        "11": ("readings",), "12a": ("recipe", "methods"), "12b": ("recipe",), "12c": ("recipe", "make"),
        "12d": ("external",), "12e": ("evidence",), "12f": ("commissioning", "acceptance"), "12g": ("evidence",),
        "13": ("recipe",), "14": ("acceptance",), "15": ("config", "readings"), "16": ("reader",), "17": (), "18a": (),
        "18b": (), "18c": (), "18d": (), "18e": ("data_sheet",), "18f": ("source",), "19": (), "20a": ("card",),
        "20b": ("acceptance",), "20c": ("reader",), "21": ("evidence",), "22": ("recipe", "card"),
        "23a": ("evidence", "acceptance"), "23b": ("external",), "24": ("acceptance",), "25": (),
        "26": ("intended_use", "card"), "27a": ("readings",), "27b": ("workbench",), "27c": (),
    },
}  # fmt: skip
"""Pointers of each checklist item, by its number: keys of papers.pointers or DOCS; none where only people know."""
_OWNERS: Final = frozenset({"5b", "8b", "13", "17", "18"})
"""Items, of either guide, about the data, which the network's owner knows where it is not neumo's."""


def checklist(guide: Guide, subject: Subject, t: Texts) -> Iterator[Section]:
    """Return a checklist with a pointer for each item; what nothing answers is open."""
    items = t.group(f"papers.{guide}")
    rows, answered = [], 0
    for number, pointers in POINTERS[guide].items():
        held = [_words(pointer, t) for pointer in pointers if is_there(pointer, subject)]
        answered += bool(held)
        by = "authors" if subject.ours or number not in _OWNERS else "owner"
        rows.append((number, items[number], "; ".join(held) or left_open(t, by)))
    said = (
        *provenance_lines(subject, t),
        t("papers.checklist.note"),
        t("papers.checklist.source_claim" if guide == "claim" else "papers.checklist.source_tripod"),
        t("papers.checklist.counted", found=answered, all=len(rows)),
    )
    heads = tuple(t(f"papers.columns.{name}") for name in ("item", "asks", "where"))
    yield Section(t("papers.checklist.items"), said, heads, tuple(rows))


def _words(pointer: str, t: Texts) -> str:
    if pointer in DOCS:
        return t("papers.checklist.in_english", file=DOCS[pointer])
    return t(f"papers.pointers.{pointer}")


def is_there(pointer: str, subject: Subject) -> bool:
    """Whether what a pointer names exists for a bundle, and says something."""
    bundle = subject.bundle
    there = {
        "recipe": "experiment" in subject.provenance,
        "evidence": bool(bundle.evidence),
        "external": len({entry.data.rpartition(", ")[0] for entry in bundle.evidence}) > 1,
        "acceptance": bundle.site is not None and (bundle.path / ACCEPTANCE).is_file(),
        **dict.fromkeys(OWN, subject.ours),
    }
    return there.get(pointer, True)
