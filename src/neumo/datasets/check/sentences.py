"""Sentences on the check of a data set; the terminal and the page share them."""

from neumo.datasets.check.check import Audit
from neumo.datasets.check.context import ACROSS, ContextControl
from neumo.datasets.check.shortcuts import Control, Score
from neumo.texts.catalogue import texts
from neumo.texts.language import Language


def verdict(audit: Audit, lang: Language) -> str:
    """Say in one sentence whether a leak was found."""
    t = texts(lang)
    if audit.leaks:
        return t("dataset_check.verdict.leak", leaks=len(audit.leaks))
    return t(f"dataset_check.verdict.{audit.patient_check}")


def patient_note(audit: Audit, lang: Language) -> str:
    """Say what the search for patients on both sides is worth."""
    return texts(lang)(f"dataset_check.patients.{audit.patient_check}")


def label_name(label: str, lang: Language) -> str:
    """Return the name of a reference label, which may be less than a finding."""
    t = texts(lang)
    return t.find(f"terms.findings.{label}", "") or t(f"dataset_check.labels.{label}")


def score(value: Score) -> str:
    """Three decimals with the interval."""
    return f"{value.value:.3f} ({value.low:.3f}–{value.high:.3f})"


def control_meaning(control: Control, lang: Language) -> str:
    """Say what a control saw and what its score means."""
    t = texts(lang)
    said = [
        t("dataset_check.shortcuts.same_size", value=f"{control.macro.value:.3f}")
        if control.same_size
        else t(f"dataset_check.shortcuts.sees.{control.view}"),
        t(f"dataset_check.shortcuts.strengths.{control.strength}"),
    ]
    if control.strength in {"moderate", "strong"}:
        said.append(t(f"dataset_check.shortcuts.advice.{control.view}"))
    return " ".join(said)


_CHANGED = frozenset({"size", "border"})
"""Shortcuts that augmentation and preparation can change; the others can only be balanced."""
_BALANCED = "dataset_check.context.balance"


def context_sentence(control: ContextControl, lang: Language) -> str:
    """Say what one control found: "across the sources, the source alone: AUROC 0.86 (...)"."""
    t = texts(lang)
    where = (
        t("dataset_check.context.across")
        if control.group == ACROSS
        else t("dataset_check.context.within", source=control.group)
    )
    said = t(
        "dataset_check.context.found",
        where=where,
        sees=t(f"dataset_check.context.sees.{control.sees}"),
        score=score(control.score),
        strength=t(f"dataset_check.shortcuts.strengths.{control.score.strength}"),
    )
    if not control.alarming:
        return said
    change = f"dataset_check.shortcuts.advice.{control.sees}" if control.sees in _CHANGED else _BALANCED
    return " ".join([said, t("dataset_check.context.warning"), t(change)])


def shortcut_basis(audit: Audit, lang: Language) -> str:
    """Say what the controls were measured on, or why there are none."""
    t, shortcuts = texts(lang), audit.shortcuts
    if shortcuts is None:
        return t("dataset_check.shortcuts.not_measured")
    if shortcuts.skipped:
        return t(f"dataset_check.shortcuts.{shortcuts.skipped}")
    return t(
        "dataset_check.shortcuts.basis",
        images=shortcuts.images,
        patients=shortcuts.patients,
        folds=shortcuts.folds,
        resamples=shortcuts.resamples,
    )
