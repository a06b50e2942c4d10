"""Sentences of a report that depend on its numbers."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from neumo.evaluation.values import Evaluation, OperatingPoint, PneumoniaDecision
from neumo.texts.catalogue import Texts, percent, texts
from neumo.texts.language import Language

_TARGETS: Mapping[str, Callable[[float], str]] = MappingProxyType(
    {"target-sensitivity": percent, "cost-ratio": "{:g}".format}
)


def operating_sentences(evaluation: Evaluation, lang: Language) -> tuple[str, ...]:
    """Say what the default operating point does, and what the chosen one buys and costs against it.

    Raises
    ------
    ConfigError
        Another language than "en" or "es".
    """
    t = texts(lang)
    default, chosen = evaluation.decisions[0], evaluation.decisions[1:]
    threshold, sick, well = default.operating_point.threshold, _sick(default), _well(default)
    counts = t(
        "evaluation.operating.default_counts",
        threshold=threshold,
        tp=default.true_positives,
        fn=default.false_negatives,
        fp=default.false_positives,
        sick=sick,
        well=well,
    )
    sentences = [counts]
    if chosen:
        sentences += [_how_chosen(chosen[0].operating_point, t), _bought_and_paid(default, chosen[0], t)]
    else:
        sentences.append(t("evaluation.operating.default_only", threshold=threshold))
    if sick + well:
        sentences.append(t("evaluation.operating.prevalence", share=percent(sick / (sick + well))))
    return tuple(sentences)


def missed_sentence(evaluation: Evaluation, lang: Language) -> str:
    """Say how many pneumonias the operating point in force misses. Raises ConfigError for another language."""
    decision, t = evaluation.decisions[-1], texts(lang)
    threshold, missed = decision.operating_point.threshold, decision.false_negatives
    if missed == 0:
        return t("evaluation.report.missed_none", threshold=threshold)
    return t("evaluation.report.missed_some", count=missed, total=_sick(decision), threshold=threshold)


def _sick(decision: PneumoniaDecision) -> int:
    return decision.true_positives + decision.false_negatives


def _well(decision: PneumoniaDecision) -> int:
    return decision.true_negatives + decision.false_positives


def _how_chosen(point: OperatingPoint, t: Texts) -> str:
    rule = {"target-sensitivity": "chosen_sensitivity", "cost-ratio": "chosen_cost"}.get(point.rule)
    if rule is None:
        return t("evaluation.operating.chosen_other", threshold=point.threshold)
    target = "" if point.target is None else _TARGETS[point.rule](point.target)
    chosen_on = t.find(f"evaluation.operating.chosen_on.{point.chosen_on}", point.chosen_on)
    return t(f"evaluation.operating.{rule}", threshold=point.threshold, target=target, chosen_on=chosen_on)


def _bought_and_paid(default: PneumoniaDecision, chosen: PneumoniaDecision, t: Texts) -> str:
    changes = {
        "found": chosen.true_positives - default.true_positives,
        "alarms": chosen.false_positives - default.false_positives,
    }
    said = {}
    for name, change in changes.items():
        kind = "more" if change > 0 else "fewer" if change < 0 else "same"
        said[name] = t(
            f"evaluation.operating.{name}_{kind}", count=abs(change), sick=_sick(default), well=_well(default)
        )
    return t("evaluation.operating.compared", **said)
