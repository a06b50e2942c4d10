"""What the audit says to people, in English and Spanish; the terminal and the page share it."""

from neumo.core.errors import NeumoError
from neumo.datasets.check.check import Audit
from neumo.datasets.check.shortcuts import Control, Score
from neumo.datasets.check.texts import TEXTS

LANGUAGES = tuple(TEXTS)
"""Languages the audit speaks."""


def texts(lang: str) -> dict[str, str]:
    """Return all texts of a language by key.

    Raises
    ------
    NeumoError
        The language is not one of LANGUAGES.
    """
    if lang not in TEXTS:
        raise NeumoError(f"language: {lang!r} is unknown; use one of {', '.join(LANGUAGES)}")
    return TEXTS[lang]


def verdict(audit: Audit, lang: str) -> str:
    """Say in one sentence whether a leak was found."""
    said = texts(lang)
    if audit.leaks:
        return said["verdict-leak"].format(n=len(audit.leaks))
    return said[f"verdict-{audit.patient_check}"]


def patient_note(audit: Audit, lang: str) -> str:
    """Say what the search for patients on both sides is worth."""
    return texts(lang)[f"patients-{audit.patient_check}"]


def score(value: Score) -> str:
    """Three decimals with the interval."""
    return f"{value.value:.3f} ({value.low:.3f}–{value.high:.3f})"


def control_meaning(control: Control, lang: str) -> str:
    """Say what a control saw and what its score means."""
    said = texts(lang)
    if control.same_size:
        seen = said["size-same"].format(value=f"{control.macro.value:.3f}")
    else:
        seen = said[f"view-{control.view}"]
    meaning = f"{seen} {said[f'strength-{control.strength}']}"
    return (
        f"{meaning} {said[f'advice-{control.view}']}"
        if control.strength in {"moderate", "strong"}
        else meaning
    )


def shortcut_basis(audit: Audit, lang: str) -> str:
    """Say what the controls were measured on, or why there are none."""
    said, shortcuts = texts(lang), audit.shortcuts
    if shortcuts is None:
        return said["shortcuts-off"]
    if shortcuts.skipped:
        return said[f"shortcuts-{shortcuts.skipped}"]
    return said["shortcuts-basis"].format(
        images=shortcuts.images,
        patients=shortcuts.patients,
        folds=shortcuts.folds,
        resamples=shortcuts.resamples,
    )
