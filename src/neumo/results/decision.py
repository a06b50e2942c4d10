"""The decision of a person as sentences, for pages, PDF files, pictures and FHIR conclusions."""

import re
from datetime import datetime
from typing import Final

from neumo.core.decision import Decision
from neumo.texts.catalogue import texts
from neumo.texts.language import Language

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def decision_sentences(decision: Decision | None, language: Language) -> list[str]:
    """Say what was decided, by whom and when, how it compares with the answer, and the note; or that nobody decided.

    Parameters
    ----------
    decision : Decision or None
    language : str
        "en" or "es".

    Raises
    ------
    ConfigError
        Another language.
    """
    t = texts(language)
    if decision is None:
        return [t("readings.decision.none")]
    stated = [
        t("readings.decision.conclusion", conclusion=conclusion_text(decision, language)),
        t(
            "readings.decision.verified" if decision.verified else "readings.decision.unverified",
            person=decision.person,
            verifier=readable_name(decision.verifier or ""),
            organization=decision.organization,
            when=moment_text(decision),
        ),
    ]
    if decision.agrees is not None:
        stated.append(t("readings.decision.agrees" if decision.agrees else "readings.decision.contradicts"))
    if decision.blinded:
        stated.append(t("readings.decision.blinded"))
    if decision.note:
        stated.append(t("readings.decision.note", note=printable(decision.note)))
    return stated


def conclusion_text(decision: Decision, language: Language) -> str:
    """Return the conclusion in words, with the abnormality that it names."""
    named = texts(language)(f"terms.conclusions.{decision.conclusion}")
    return f"{named}: {printable(decision.abnormality)}" if decision.abnormality else named


def moment_text(decision: Decision) -> str:
    """Return when it was decided, such as "2026-01-31 08:05 UTC"."""
    return datetime.fromisoformat(decision.at).strftime("%Y-%m-%d %H:%M UTC")


def printable(text: str) -> str:
    """Return a typed text without control characters, which neither XML nor DICOM texts may hold."""
    return _CONTROL.sub("\ufffd", text)


def readable_name(name: str) -> str:
    """Return a DICOM person name (PS3.5 section 6.2.1) in the order of speech: "Ana García" for "García^Ana"."""
    family, given, middle, prefix, suffix = (*name.split("^"), *[""] * 5)[:5]
    return " ".join(part.strip() for part in (prefix, given, middle, family, suffix) if part.strip())
