"""Performance on a site's images: metrics with intervals over patients, by subgroup, and as evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from neumo.commissioning.levels import Material
from neumo.commissioning.settings import Answers
from neumo.core.ages import age_span
from neumo.core.evidence import Evidence
from neumo.core.findings import FINDINGS, Finding
from neumo.core.labels import LABELS, PartialLabel
from neumo.evaluation.metrics.weighted import BoolArray, FloatArray, weighted_auroc, weighted_mean
from neumo.evaluation.sources.evaluate import evaluate_sources
from neumo.evaluation.sources.values import EvaluatedSource, Images
from neumo.evaluation.subgroups.age import age_band
from neumo.evaluation.uncertainty.bootstrap import estimates
from neumo.evaluation.uncertainty.calibration import expected_calibration_error, probability_calibration_error
from neumo.evaluation.uncertainty.exact import exact_at_the_ends

MIN_GROUP: Final = 20
"""Images of a subgroup below which its metrics are not shown."""
COLUMNS: Final = ("age", "sex", "view", "device")
COVERAGE: Final = 0.9
"""Nominal coverage of the prediction sets that criteria judge."""
_OTHER = LABELS.index(PartialLabel.OTHER_ABNORMAL)


@dataclass(frozen=True)
class Examined:
    """Metrics of one way of answering.

    Attributes
    ----------
    overall : EvaluatedSource
        Over all images of the site; intervals of shares that are 0 or 1 are exact.
    groups : mapping of (str, str) to EvaluatedSource
        By column and group; those of fewer than 20 images, or with one group only, are left out.
    normal, pneumonia : int
        Images with such a label that were read.
    """

    overall: EvaluatedSource
    groups: Mapping[tuple[str, str], EvaluatedSource]
    normal: int
    pneumonia: int


def examine(
    material: Material,
    answers: Answers,
    groups: Mapping[str, Sequence[str]],
    barred: Sequence[str] = (),
    resamples: int = 1000,
) -> Examined:
    """Measure answers.

    Parameters
    ----------
    material : Material
        N images that the network answered.
    answers : Answers
        To them; best by settings in which an image had no part.
    groups : mapping of str to sequence of str, length N
        The group of each image, by column; empty where unknown.
    barred : sequence of str
        Codes of the reasons why further images were refused, which none of these settings change.
    resamples : int
        Of patients.
    """
    images = Images(
        sources=("",) * len(material),
        views=("",) * len(material),
        patients=tuple(material.patients.tolist()),
        codes=material.codes,
        refused=answers.refused,
        probabilities=answers.probabilities,
        sets=answers.sets[COVERAGE],
        flagged=answers.flagged,
    )
    by_group: dict[tuple[str, str], EvaluatedSource] = {}
    for column, values in groups.items():
        found = np.array(values)
        names = [name for name in sorted(set(values) - {""}) if int((found == name).sum()) >= MIN_GROUP]
        if len(set(values) - {""}) < 2:
            continue
        for name in names:
            of_group = images.take(found == name)
            of_group = replace(of_group, sources=(name,) * len(of_group))
            (measured,) = evaluate_sources(of_group, resamples=resamples)
            by_group[column, name] = _ends_exact(measured, of_group)
    everything = _with_barred(images, barred)
    (overall,) = evaluate_sources(everything, resamples=resamples)
    answered = np.array(answers.refused) == ""
    well, sick = answered & material.normal, answered & material.labelled & ~material.normal
    return Examined(_ends_exact(overall, images), by_group, int(well.sum()), int(sick.sum()))


def groups_of(material: Material, attributes: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the group of each image by column: age band, sex, view, device; empty where it is not known."""
    bands = [age_band("" if np.isnan(age) else f"{age:.4f}") for age in material.ages]
    return {
        "age": ["" if band == "unknown" else band for band in bands],
        **{column: list(values) for column, values in attributes.items()},
    }


def evidence_of(
    data: str, material: Material, answers: Answers, command: str, resamples: int = 1000
) -> tuple[Evidence, ...]:
    """Return the metrics as evidence of a bundle, over the images that are read; `data` says on what and how."""
    read = np.array([not code for code in answers.refused], dtype=np.bool_)
    codes, patients = material.codes[read], material.patients[read]
    chances = answers.probabilities[read]
    of_read = material.take(read)
    well: BoolArray = of_read.normal
    sick: BoolArray = of_read.labelled & ~well
    counted: dict[str, tuple[str, dict[str, Any], BoolArray, BoolArray]] = {}
    for point, flagged in answers.at_points.items():
        at = {"operating_point": point}
        counted[f"sensitivity {point}"] = ("sensitivity", at, sick, flagged[read])
        counted[f"specificity {point}"] = ("specificity", at, well, ~flagged[read])
    for coverage, members in answers.sets.items():
        for finding in FINDINGS:
            of_finding: BoolArray = np.equal(codes, finding.index)
            held = members[read][:, finding.index]
            counted[f"coverage {coverage} {finding}"] = (
                "coverage",
                {"coverage": coverage, "finding": finding.value},
                of_finding,
                held,
            )
        pneumonia: BoolArray = np.any(members[read][:, 1:], axis=1)
        counted[f"coverage {coverage} pneumonia"] = (
            "coverage_pneumonia",
            {"coverage": coverage},
            sick,
            pneumonia,
        )
    complete = codes < len(FINDINGS)
    known: BoolArray = sick | well
    pneumonia_shares = 1 - chances[:, Finding.NORMAL.index]
    calibrated = bool(complete[codes != _OTHER].all()) and bool(complete.any())

    def measure(weights: FloatArray) -> dict[str, FloatArray]:
        found = {
            key: weighted_mean(held.astype(np.float64), weights * among)
            for key, (_, _, among, held) in counted.items()
            if among.any()
        }
        if sick.any() and well.any():
            found["auroc_normal_vs_pneumonia"] = weighted_auroc(sick, pneumonia_shares, weights * known)
            found["calibration_error_pneumonia"] = probability_calibration_error(
                sick[known], pneumonia_shares[known], weights[:, known]
            )
        if calibrated:
            found["expected_calibration_error"] = expected_calibration_error(
                codes[complete], chances[complete], weights[:, complete]
            )
        return found

    if not read.any():
        return ()
    today = datetime.now(UTC).date().isoformat()
    ages = age_span(None if np.isnan(age) else (age, age) for age in of_read.ages.tolist())
    entries = []
    for key, estimate in estimates(measure, patients.tolist(), resamples=resamples).items():
        if key in counted:
            metric, conditions, among, _ = counted[key]
            people = len(set(patients[among].tolist()))
            value, n = exact_at_the_ends(estimate, people), int(among.sum())
        else:
            among = complete if key == "expected_calibration_error" else known
            people = len(set(patients[among].tolist()))
            metric, conditions, value, n = key, {}, estimate, int(among.sum())
        low, high = (None if np.isnan(end) else end for end in (value.low, value.high))
        number = None if np.isnan(value.value) else value.value
        entries.append(Evidence(metric, number, low, high, n, data, command, today, people, conditions, ages))
    return tuple(entries)


def _with_barred(images: Images, barred: Sequence[str]) -> Images:
    """Add images that were refused whatever is set, each of a patient of its own; they count as refused only."""
    more = len(barred)
    sets = images.sets
    assert sets is not None and images.flagged is not None, "examine gives both"
    return Images(
        sources=images.sources + ("",) * more,
        views=images.views + ("",) * more,
        patients=images.patients + tuple(f"refused {i}" for i in range(more)),
        codes=np.concatenate([images.codes, np.full(more, _OTHER)]),
        refused=images.refused + tuple(barred),
        probabilities=np.concatenate([images.probabilities, np.zeros((more, len(FINDINGS)))]),
        sets=np.concatenate([sets, np.zeros((more, len(FINDINGS)), dtype=np.bool_)]),
        flagged=np.concatenate([images.flagged, np.zeros(more, dtype=np.bool_)]),
    )


def _ends_exact(evaluated: EvaluatedSource, images: Images) -> EvaluatedSource:
    """Return metrics whose intervals are exact where every image agrees."""
    answered = np.array(images.refused) == ""
    normal = (images.codes == Finding.NORMAL.index) & answered
    sick = ~normal & (images.codes != _OTHER) & answered
    people = np.array(images.patients)
    among = {
        "sensitivity": sick,
        "coverage_pneumonia": sick,
        "specificity": normal,
        "coverage_normal": normal,
        "undetermined": normal | sick,
        "accuracy": answered,
        "other_disease_called_pneumonia": (images.codes == _OTHER) & answered,
    }
    return replace(
        evaluated,
        figures={
            name: exact_at_the_ends(value, len(set(people[among[name]].tolist()))) if name in among else value
            for name, value in evaluated.figures.items()
        },
    )
