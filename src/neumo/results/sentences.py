"""Sentences about a reading, for pages, PDF files, pictures and FHIR notes."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from neumo.core.answer import Answer
from neumo.core.evidence import Evidence, leading
from neumo.core.findings import FINDINGS, Finding
from neumo.core.labels import without_kinds
from neumo.core.reading import Notice
from neumo.results.unnamed import HIDDEN
from neumo.texts.catalogue import percent, texts
from neumo.texts.data_names import data_name
from neumo.texts.language import Language
from neumo.texts.metric_words import point_in_words

_CACHE_SIZE: Final = 256
"""Size of the cache of `_data_sentences`: every answer of a bundle repeats the same sentences."""


def notice_text(notice: Notice, language: Language) -> str:
    """Return a notice's sentence; its English one where its code or one of its values is not known."""
    if language == "en":
        return notice.text
    if notice.values == HIDDEN:
        return texts(language)("readings.age_hidden")
    unit = notice.values.get("unit")
    key = f"notices.{notice.code}" if unit is None else f"notices.{notice.code}.{unit}"
    try:
        return texts(language)(key, **notice.values)
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
    assumed: Mapping[Any, float] = answer.prevalence
    if answer.outcomes is not FINDINGS:
        assumed = without_kinds(answer.prevalence)
    shares = ", ".join(f"{t(f'terms.findings.{o}')} {percent(assumed[o])}" for o in answer.outcomes)
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
        point=point_in_words(point, language),
        threshold=percent(answer.threshold),
    )


def performance_sentences(answer: Answer, language: Language) -> tuple[str, ...]:
    """Say how well an answer holds wherever that was measured, each metric with its interval, and whether here.

    The data that the answer is weighed by (see `leading`) come first.
    """
    t = texts(language)
    if not answer.evidence:
        return t("readings.evidence.none"), t("readings.evidence.not_commissioned")
    by_data: dict[str, list[Evidence]] = {entry.data: [] for entry in leading(answer.evidence)}
    for entry in answer.evidence:
        if entry.value is not None:
            by_data.setdefault(entry.data, []).append(entry)
    sentences = [
        sentence
        for found in by_data.values()
        for sentence in _data_sentences(tuple(found), answer.operating_point, answer.coverage, language)
    ]
    here = any(entry.local for entry in answer.evidence)
    elsewhere = "" if here else t("readings.evidence.not_commissioned")
    return tuple(filter(None, (*sentences, _predictive_sentence(answer, language), elsewhere)))


def with_interval(entry: Evidence) -> str:
    """Return a share with its 95 % interval: "82.5 % (76.8-87.9 %)"."""
    assert entry.value is not None
    if entry.low is None or entry.high is None:
        return percent(entry.value)
    return f"{percent(entry.value)} ({percent(entry.low).split()[0]}-{percent(entry.high)})"


@lru_cache(_CACHE_SIZE)
def _data_sentences(
    measured: tuple[Evidence, ...], point: str, coverage: float, language: Language
) -> tuple[str, ...]:
    """Return the sentences on performance, calibration and coverage from the metrics of one data set."""
    return (
        _decision_sentence(measured, point, language),
        _calibration_sentence(measured, language),
        _coverage_sentence(measured, coverage, language),
    )


def _decision_sentence(measured: Sequence[Evidence], point: str, language: Language) -> str:
    found = {entry.metric: entry for entry in measured}
    if not {"sensitivity", "specificity"} <= found.keys():
        return ""
    sensitivity, specificity = found["sensitivity"], found["specificity"]
    return texts(language)(
        "readings.evidence.decision",
        data=data_name(sensitivity, language),
        when=sensitivity.measured_on or "-",
        point=point_in_words(point, language),
        sensitivity=with_interval(sensitivity),
        sick=sensitivity.n,
        specificity=with_interval(specificity),
        well=specificity.n,
    )


def _calibration_sentence(measured: Sequence[Evidence], language: Language) -> str:
    found = [entry for entry in measured if entry.metric == "expected_calibration_error"]
    if not found:
        return ""
    last = found[-1]
    return texts(language)(
        "readings.evidence.calibration",
        data=data_name(last, language),
        error=with_interval(last),
        images=last.n,
    )


def _coverage_sentence(measured: Sequence[Evidence], coverage: float, language: Language) -> str:
    t, found = texts(language), [entry for entry in measured if entry.metric == "coverage"]
    if not found:
        return ""
    findings = ", ".join(
        f"{t('terms.findings.' + entry.conditions['finding'])} {with_interval(entry)}" for entry in found
    )
    return t(
        "readings.evidence.coverage",
        data=data_name(found[-1], language),
        coverage=percent(coverage, 0),
        findings=findings,
    )


def _predictive_sentence(answer: Answer, language: Language) -> str:
    t = texts(language)
    found = {entry.metric: entry for entry in answer.evidence if entry.value is not None}
    if answer.prevalence is None or not answer.prevalence_given:
        return t("readings.evidence.no_prevalence")
    if not {"ppv", "npv"} <= found.keys():
        return ""
    return t(
        "readings.evidence.predictive",
        pneumonia=percent(1 - answer.prevalence[Finding.NORMAL]),
        data=data_name(found["ppv"], language),
        ppv=with_interval(found["ppv"]),
        npv=with_interval(found["npv"]),
    )


def prediction_set_sentence(answer: Answer, language: Language) -> str:
    """Say which outcomes the prediction set holds, and its nominal coverage."""
    t = texts(language)
    size = len(answer.prediction_set)
    kind = "single" if size == 1 else "all" if size == len(answer.outcomes) else "some"
    return t(
        f"readings.set.{kind}",
        coverage=percent(answer.coverage, 0),
        findings=", ".join(t(f"terms.findings.{finding}") for finding in answer.prediction_set),
    )
