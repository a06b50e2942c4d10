"""A comparison in sentences that claim no more than its intervals show."""

from collections.abc import Sequence

import numpy as np

from neumo.evaluation.comparison.values import COMPARED, CellChange, Comparison, Pair, differs
from neumo.evaluation.values import Estimate
from neumo.texts.catalogue import Texts, texts
from neumo.texts.language import Language

SIGNIFICANT = 0.05
"""Adjusted p value from which McNemar's test is said not to confirm a difference."""


def conclusion(comparison: Comparison, lang: Language) -> str:
    """Say in "en" or "es" what a comparison shows: one paragraph a pair, then how to read them.

    Raises
    ------
    ConfigError
        Another language.
    """
    t = texts(lang)
    note = t(
        "evaluation.comparison.said.note",
        resamples=comparison.resamples,
        patients=comparison.patients,
        images=comparison.images,
    )
    closing = [t("evaluation.comparison.said.synthetic"), note] if comparison.synthetic else [note]
    paragraphs = [pair_conclusion(pair, lang, pairs=len(comparison.pairs)) for pair in comparison.pairs]
    return "\n\n".join([*paragraphs, " ".join(closing)])


def pair_conclusion(pair: Pair, lang: Language, *, pairs: int = 1) -> str:
    """Say in "en" or "es" how a later run differs from an earlier one; `pairs` were tested together.

    Raises
    ------
    ConfigError
        Another language.
    """
    t = texts(lang)
    sentences = [*_about_accuracy(pair, t, pairs), *_about_other_metrics(pair, t), *_about_errors(pair, t)]
    return " ".join(sentences)


def _about_accuracy(pair: Pair, t: Texts, pairs: int) -> list[str]:
    difference = pair.differences["accuracy"]
    kind = f"evaluation.comparison.said.{_kind(difference)}"
    claim = t(kind, later=pair.later, earlier=pair.earlier, **_numbers(difference))
    test = "evaluation.comparison.said.test_corrected" if pairs > 1 else "evaluation.comparison.said.test"
    sentences = [claim, t(test, p=_p_value(pair.mcnemar.p_adjusted), pairs=pairs)]
    if differs(difference) and pair.mcnemar.p_adjusted >= SIGNIFICANT:
        sentences.append(t("evaluation.comparison.said.unconfirmed"))
    return sentences


def _kind(difference: Estimate) -> str:
    if np.isnan(difference.low):
        return "unknown"
    if not differs(difference):
        return "same"
    return "better" if difference.value > 0 else "worse"


def _about_other_metrics(pair: Pair, t: Texts) -> list[str]:
    others = {name: pair.differences[name] for name in COMPARED if name != "accuracy"}
    rest = [name for name, difference in others.items() if not differs(difference)]
    if len(rest) == len(others):
        return [t("evaluation.comparison.said.none")]
    sentences = []
    for kind, sign in (("higher", 1), ("lower", -1)):
        items = [
            t(
                "evaluation.comparison.said.metric",
                name=t(f"terms.metrics.{name}"),
                **_numbers(difference),
            )
            for name, difference in others.items()
            if name not in rest and difference.value * sign > 0
        ]
        sentences += _sentence(t, kind, items, later=pair.later)
    return sentences + _sentence(t, "rest", [t(f"terms.metrics.{name}") for name in rest])


def _about_errors(pair: Pair, t: Texts) -> list[str]:
    errors = [cell for cell in pair.cells if cell.is_error]
    fewer = [_error(cell, t) for cell in errors if cell.change.high < 0]
    more = [_error(cell, t) for cell in errors if cell.change.low > 0]
    none = t("evaluation.comparison.said.no_errors")
    return _sentence(t, "fewer", fewer) + _sentence(t, "more", more) or [none]


def _error(cell: CellChange, t: Texts) -> str:
    return t(
        "evaluation.comparison.said.error",
        truth=t(f"evaluation.comparison.said.image_of.{cell.truth}"),
        decision=t(f"terms.findings.{cell.decision}"),
        earlier=cell.earlier,
        later=cell.later,
    )


def _sentence(t: Texts, kind: str, items: Sequence[str], **fields: str) -> list[str]:
    return [t(f"evaluation.comparison.said.{kind}", items="; ".join(items), **fields)] if items else []


def _numbers(difference: Estimate) -> dict[str, str]:
    """Size of a claimed difference with its bounds; an unclaimed one keeps its sign, and so do its bounds."""
    if not differs(difference):
        value, low, high = difference.value, difference.low, difference.high
        return {"value": f"{value:+.3f}", "low": f"{low:+.3f}", "high": f"{high:+.3f}"}
    near, far = sorted((abs(difference.low), abs(difference.high)))
    return {"value": f"{abs(difference.value):.3f}", "low": f"{near:.3f}", "high": f"{far:.3f}"}


def _p_value(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"
