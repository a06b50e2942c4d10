"""Sentences about a reading, for pages, PDF files, pictures and FHIR notes."""

from neumo.core.findings import FINDINGS, Finding
from neumo.core.reading import Answer, Notice
from neumo.results.unnamed import HIDDEN
from neumo.texts.catalogue import percent, texts
from neumo.texts.language import Language


def notice_text(notice: Notice, language: Language) -> str:
    """Return a notice's sentence; its English one where its code or one of its values is not known."""
    if language == "en":
        return notice.text
    if notice.values == HIDDEN:
        return texts(language)("readings.age_hidden")
    try:
        return texts(language)(f"notices.{notice.code}", **notice.values)
    except (KeyError, ValueError, IndexError):
        return notice.text


def verdict_text(answer: Answer, language: Language) -> str:
    """Return the verdict and, unless pneumonia is excluded, its etiology: "Pneumonia, bacterial"."""
    t = texts(language)
    return t(f"terms.verdict.{answer.verdict}.{answer.etiology or 'none'}")


def prevalence_sentence(answer: Answer, language: Language) -> str:
    """Say which prevalence of each finding the probabilities assume, and who stated it."""
    if answer.prevalence is None:
        return ""
    t = texts(language)
    shares = ", ".join(f"{t(f'terms.findings.{f}')} {percent(answer.prevalence[f])}" for f in FINDINGS)
    return t(
        "readings.prevalence_given" if answer.prevalence_given else "readings.prevalence_of_bundle",
        shares=shares,
        pneumonia=percent(1 - answer.prevalence[Finding.NORMAL]),
    )


def operating_point_sentence(answer: Answer, language: Language) -> str:
    """Say what the operating point favours, and at which threshold the decision was made."""
    t, point = texts(language), answer.operating_point
    return t(
        "readings.at_point",
        meaning=t.find(f"readings.points.{point}", point),
        point=point,
        threshold=percent(answer.threshold),
    )


def prediction_set_sentence(answer: Answer, language: Language) -> str:
    """Say which findings the prediction set holds, and its nominal coverage."""
    t = texts(language)
    kind = "all" if len(answer.prediction_set) == len(FINDINGS) else "some"
    return t(
        f"readings.set.{kind}",
        coverage=percent(answer.coverage, 0),
        findings=", ".join(t(f"terms.findings.{finding}") for finding in answer.prediction_set),
    )
