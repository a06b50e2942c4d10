"""Tables of the model card: one data set, several hospitals side by side, and the checks of heat maps."""

from collections.abc import Mapping, Sequence

from neumo.bundle.config import BundleConfig
from neumo.core.evidence import Evidence, select
from neumo.evaluation.sources.values import LOWER_IS_BETTER
from neumo.export.evidence import CHECKED

SHOWN = {
    "accuracy": "accuracy, three classes",
    "macro_f1": "macro F1",
    "macro_auroc": "macro AUROC",
    "auroc_normal_vs_pneumonia": "AUROC normal vs pneumonia",
    "auroc_bacterial_vs_viral": "AUROC bacterial vs viral",
    "expected_calibration_error": "expected calibration error",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "calibration_error_pneumonia": "calibration error of pneumonia",
    "coverage_normal": "90 % sets that hold normal",
    "coverage_pneumonia": "90 % sets that hold pneumonia",
    "undetermined": "undetermined",
    "other_disease_called_pneumonia": "other disease called pneumonia",
}
"""Metrics of a data set or hospital by their names on the card, in their order."""
_REFUSED = {"refused": "refused or failed"}


def overall_table(entries: Sequence[Evidence]) -> str:
    """Write metric and value of each entry of one data set."""
    rows = "\n".join(f"| {SHOWN[entry.metric]} | {entry} |" for entry in select(entries, *SHOWN))
    return f"| metric | value (95 % interval) |\n|---|---|\n{rows}"


def by_hospital(elsewhere: Sequence[Evidence]) -> str:
    """Write what was measured within each source, side by side."""
    parts = by_data(elsewhere)
    if not parts:
        return ""
    views = [
        f"{data}, {view}: " + ", ".join(f"{SHOWN[e.metric]} {e}" for e in select(entries, *SHOWN, view=view))
        for data, entries in parts.items()
        for view in dict.fromkeys(e.conditions["view"] for e in select(entries, view=...))
    ]
    return (
        "## Each hospital by itself\n\n"
        f"`{elsewhere[0].command}`. Nothing is pooled over hospitals; the worst of a row is bold. 95 % intervals over "
        f"patients, of the refused over images.\n\n{side_by_side(parts)}"
        + "".join(f"\n\n{line}." for line in views)
    )


def side_by_side(parts: Mapping[str, Sequence[Evidence]]) -> str:
    """Write a column a data set; the worst value of a row is bold."""
    found = {
        data: {entry.metric: entry for entry in select(entries, *_REFUSED, *SHOWN)}
        for data, entries in parts.items()
    }
    rows = [f"| metric | {' | '.join(found)} |", "|---" * (len(found) + 1) + "|"]
    spans = [ages_in_words(one) for one in parts.values()]
    if any(spans):
        rows.append(f"| ages | {' | '.join(span or '-' for span in spans)} |")
    for metric, words in {**_REFUSED, **SHOWN}.items():
        held = {data: one[metric] for data, one in found.items() if metric in one}
        values = {data: entry.value for data, entry in held.items() if entry.value is not None}
        worst = (
            (max if metric in LOWER_IS_BETTER else min)(values, key=lambda data: values[data])
            if values
            else ""
        )
        cells = [
            "-"
            if data not in held
            else f"**{held[data]}**"
            if data == worst and len(values) > 1
            else str(held[data])
            for data in found
        ]
        if held:
            rows.append(f"| {words} | {' | '.join(cells)} |")
    return "\n".join(rows)


def ages_in_words(entries: Sequence[Evidence]) -> str:
    """Return the ages that entries of one data set were measured on, such as "1 to 5"; empty where unknown."""
    ages = entries[0].ages
    return "" if ages is None else f"{ages[0]:g} to {ages[1]:g}"


def by_data(entries: Sequence[Evidence]) -> dict[str, list[Evidence]]:
    """Group entries by the data that they were measured on, in the order of appearance."""
    parts: dict[str, list[Evidence]] = {}
    for entry in entries:
        parts.setdefault(entry.data, []).append(entry)
    return parts


def heat_map_checks(config: BundleConfig, measured: Sequence[Evidence]) -> str:
    """Return the section on the checks of heat maps; "" where none was made."""
    checks = select(measured, check=..., rule=...)
    if not checks:
        return ""
    outcomes = "\n".join(
        f"| {entry.conditions['check'].replace('_', ' ')} "
        f"| {'passed' if config.explanation_checks[entry.conditions['check']] else '**failed**'} "
        f"| {entry.conditions['rule']} |"
        for entry in checks
    )
    names = {metric: check for check, metric in CHECKED.items()}
    worse = "".join(
        f"\nOf {entry.conditions['called']}: {names[entry.metric]} is worse than in random order."
        for entry in select(measured, called=...)
    )
    return (
        f"### Heat maps\n\n`neumo evaluate BUNDLE --explanations N`, {checks[0].n} images of {checks[0].patients} "
        f"patients.\n\n| check | outcome | rule |\n|---|---|---|\n{outcomes}\n{worse}"
    ).rstrip()
