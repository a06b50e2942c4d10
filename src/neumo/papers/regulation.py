"""EU AI Act and Medical Device Regulation: what neumo already gives, and what remains for whom."""

from collections.abc import Iterator
from typing import Final

from neumo.papers.subject import Subject, left_open, provenance_lines
from neumo.results.paper import Section
from neumo.texts.catalogue import Texts

AI_ACT: Final = ("a9", "a10", "a11", "a12", "a13", "a14", "a15", "a26")
DEVICES: Final = ("m1", "m2", "m8", "m14")
_DEPLOYERS: Final = frozenset({"a12", "a14", "a26"})


def regulation(subject: Subject, t: Texts) -> Iterator[Section]:
    """Return articles 9-15 and 26 of the AI Act, and annexes of the Medical Device Regulation."""
    heads = tuple(t(f"papers.columns.{name}") for name in ("article", "covers", "left"))
    said = (*provenance_lines(subject, t), t("papers.regulation.note"))
    yield Section(t("papers.regulation.articles"), said, heads, tuple(_row(name, t) for name in AI_ACT))
    yield Section(t("papers.regulation.mdr"), (), heads, tuple(_row(name, t) for name in DEVICES))


def _row(name: str, t: Texts) -> tuple[str, str, str]:
    remains = t(f"papers.regulation.items.{name}_left")
    by = left_open(t, "deployer" if name in _DEPLOYERS else "provider")
    return (
        t(f"papers.regulation.items.{name}"),
        t(f"papers.regulation.items.{name}_covers"),
        f"{remains} {by}",
    )
