"""Sentences of a report that depend on its numbers."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from neumo.evaluation.report.texts import counted, percent, report_texts
from neumo.evaluation.values import Evaluation, OperatingPoint, PneumoniaDecision

_TARGETS: Mapping[str, Callable[[float], str]] = MappingProxyType(
    {"target-sensitivity": percent, "cost-ratio": "{:g}".format}
)


def operating_sentences(evaluation: Evaluation, lang: str) -> tuple[str, ...]:
    """Say what the default operating point does, and what the chosen one buys and costs against it.

    Raises
    ------
    EvaluationError
        Another language than "en" or "es".
    """
    words: Mapping[str, Any] = report_texts(lang)["report"]["operating"]
    default, chosen = evaluation.decisions[0], evaluation.decisions[1:]
    sick, well = _sick(default), _well(default)
    counts = words["default_counts"].format(
        threshold=default.operating_point.threshold,
        tp=default.true_positives,
        fn=default.false_negatives,
        fp=default.false_positives,
        sick=sick,
        well=well,
    )
    sentences = [counts]
    if chosen:
        sentences += [
            _how_chosen(chosen[0].operating_point, words),
            _bought_and_paid(default, chosen[0], words),
        ]
    else:
        sentences.append(words["default_only"].format(threshold=default.operating_point.threshold))
    if sick + well:
        sentences.append(words["prevalence"].format(share=percent(sick / (sick + well))))
    return tuple(sentences)


def missed_sentence(evaluation: Evaluation, lang: str) -> str:
    """Say how many pneumonias the operating point in force misses. Raises EvaluationError."""
    words = report_texts(lang)["report"]
    decision = evaluation.decisions[-1]
    threshold, missed = decision.operating_point.threshold, decision.false_negatives
    if missed == 0:
        none: str = words["missed_none"].format(threshold=threshold)
        return none
    return counted(words["missed_some"], missed, total=_sick(decision), threshold=threshold)


def _sick(decision: PneumoniaDecision) -> int:
    return decision.true_positives + decision.false_negatives


def _well(decision: PneumoniaDecision) -> int:
    return decision.true_negatives + decision.false_positives


def _how_chosen(point: OperatingPoint, words: Mapping[str, Any]) -> str:
    template = {"target-sensitivity": "chosen_sensitivity", "cost-ratio": "chosen_cost"}.get(
        point.rule, "chosen_other"
    )
    target = "" if point.target is None else _TARGETS.get(point.rule, str)(point.target)
    chosen_on = words["chosen_on"].get(point.chosen_on, point.chosen_on)
    sentence: str = words[template].format(threshold=point.threshold, target=target, chosen_on=chosen_on)
    return sentence


def _bought_and_paid(default: PneumoniaDecision, chosen: PneumoniaDecision, words: Mapping[str, Any]) -> str:
    totals = {"sick": _sick(default), "well": _well(default)}
    found = _change("found", chosen.true_positives - default.true_positives, words, totals)
    alarms = _change("alarms", chosen.false_positives - default.false_positives, words, totals)
    return f"{words['compared']} {found}; {alarms}."


def _change(name: str, change: int, words: Mapping[str, Any], totals: Mapping[str, int]) -> str:
    if change == 0:
        same: str = words[f"{name}_same"].format(**totals)
        return same
    forms: Mapping[str, str] = words[f"{name}_more" if change > 0 else f"{name}_fewer"]
    return counted(forms, abs(change), **totals)
