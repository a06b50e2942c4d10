"""Review of a bundle in use by people's decisions, and whether it has to be commissioned anew."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Final

import numpy as np

from neumo.bundle.criteria import Criteria
from neumo.bundle.folder import Bundle
from neumo.commissioning.criteria import Criterion, Outcome, compared_values
from neumo.commissioning.local_images import MIN_PATIENTS
from neumo.commissioning.review.double_reading import ReaderPair
from neumo.commissioning.review.population import Decided, Population
from neumo.commissioning.review.selection import Stratum, strata_of
from neumo.commissioning.settings import MIN_SITE_PATIENTS
from neumo.core.answer import Verdict
from neumo.core.decision import Conclusion
from neumo.core.errors import CommissioningError
from neumo.core.findings import FINDINGS
from neumo.core.labels import LABELS, PartialLabel, parse_label
from neumo.evaluation.metrics.weighted import FloatArray, weighted_mean
from neumo.evaluation.sources.evaluate import source_metrics
from neumo.evaluation.sources.values import Images
from neumo.evaluation.uncertainty.bootstrap import estimates
from neumo.evaluation.uncertainty.exact import clopper_pearson, exact_at_the_ends
from neumo.evaluation.values import Estimate, without_nan

SCHEMA: Final = 1
SOON_DAYS: Final = 60
"""Before the day of review from which it is announced."""
LABELLED: Final = tuple(each for each in Conclusion if parse_label(each.value) is not None)
"""Conclusions that are labels of a data set; images that allow none have no label."""


@dataclass(frozen=True)
class Reason:
    """Why a bundle is to be commissioned anew, or may be: the name of its message, and what that states."""

    name: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Review:
    """Result of a review of the decisions on record.

    Attributes
    ----------
    bundle : mapping of str to str
        Name, version and digest.
    site : str
        Where it was commissioned; empty where it was not.
    answers, refused, purged, known : int
        As `Population` has them.
    decided, blinded, verified : int
        Answers that a person decided on; how many of the decisions were blinded, and verified.
    unnamed : int
        Decided answers without a Patient ID, each of which counts as a patient of its own.
    conclusions : mapping of str to int
        The decisions that stand.
    undetermined : mapping of str to int
        Those on undetermined answers.
    undetermined_answers : int
        Undetermined answers in all.
    strata : tuple of Stratum
    represented : float
        Share of all answers that lie in a stratum with a decision, in 0-1.
    effective : float
        Number of equally weighted decisions that say as much (Kish, Survey Sampling, 1965).
    plain, weighted : mapping of str to Estimate
        Metrics over the decided answers as they are, and weighted so that they stand for all answers; "agreement" is
        over answers that state something to agree with.
    criteria : tuple of Criterion
        Compared with the weighted metrics.
    patients : mapping of str to int
        Patients of the decided answers whose Patient ID is known, by outcome: "normal" and "pneumonia".
    readers : tuple of ReaderPair
        Of radiographs that several people decided on, blinded.
    needed, possible : tuple of Reason
        What asks for commissioning it anew, and what else is to be known of that.
    """

    bundle: Mapping[str, str]
    site: str
    answers: int
    refused: int
    purged: int
    known: int
    decided: int
    blinded: int
    verified: int
    unnamed: int
    conclusions: Mapping[str, int]
    undetermined: Mapping[str, int]
    undetermined_answers: int
    strata: tuple[Stratum, ...]
    represented: float
    effective: float
    plain: Mapping[str, Estimate]
    weighted: Mapping[str, Estimate]
    criteria: tuple[Criterion, ...]
    patients: Mapping[str, int]
    readers: tuple[ReaderPair, ...]
    needed: tuple[Reason, ...]
    possible: tuple[Reason, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; what could not be measured is null."""
        plain: dict[str, Any] = without_nan(
            {"schema": SCHEMA, "recommission": bool(self.needed), **asdict(self)}
        )
        return plain


def review(
    bundle: Bundle,
    population: Population,
    criteria: Criteria,
    *,
    readers: Sequence[ReaderPair] = (),
    today: date | None = None,
    resamples: int = 1000,
) -> Review:
    """Review a bundle.

    Parameters
    ----------
    bundle : Bundle
        That answered.
    population : Population
        Its answers, some of them decided on.
    criteria : Criteria
        Of acceptance.
    readers : sequence of ReaderPair
    today : date, optional
    resamples : int
        Of patients, 40 or more.

    Raises
    ------
    CommissioningError
        It answered nothing in this period, or nobody decided on an answer.
    EvaluationError
        Too few resamples.
    """
    if not population.verdicts:
        raise CommissioningError(
            "{name} {version}: has no answer on record in this period; give the bundle that reads with --bundle",
            name=bundle.config.name,
            version=bundle.config.version,
        )
    decided = population.decided
    if not decided:
        raise CommissioningError(
            "{name} {version}: nobody decided on one of its {count} answers in this period, so there is nothing to "
            "review",
            name=bundle.config.name,
            version=bundle.config.version,
            count=len(population.verdicts),
        )
    strata, weights = strata_of(population)
    plain = _metrics(decided, np.ones(len(decided)), resamples)
    weighted = _metrics(decided, weights, resamples)
    given = len(population.verdicts) + population.refused
    weighted["refused"] = clopper_pearson(population.refused, given)
    sick = sum(each.conclusion.pneumonia is True for each in decided)
    well = sum(each.conclusion is Conclusion.NORMAL for each in decided)
    found = compared_values(criteria, weighted, well, sick, given)
    patients, day = _patients(decided), today or datetime.now(UTC).date()
    undetermined = [
        each for each in decided if population.verdicts[each.position] == Verdict.UNDETERMINED.value
    ]
    return Review(
        bundle={"name": bundle.config.name, "version": bundle.config.version, "digest": bundle.digest},
        site="" if bundle.site is None else bundle.site.site,
        answers=len(population.verdicts),
        refused=population.refused,
        purged=population.purged,
        known=population.known,
        decided=len(decided),
        blinded=sum(each.blinded for each in decided),
        verified=sum(each.verified for each in decided),
        unnamed=sum(not each.patient for each in decided),
        conclusions=_counted(decided),
        undetermined=_counted(undetermined),
        undetermined_answers=population.verdicts.count(Verdict.UNDETERMINED.value),
        strata=strata,
        represented=sum(each.answers for each in strata if each.decided) / len(population.verdicts),
        effective=float(weights.sum() ** 2 / (weights**2).sum()),
        plain=plain,
        weighted=weighted,
        criteria=found,
        patients=patients,
        readers=tuple(readers),
        needed=_needed(bundle, found, day),
        possible=_possible(bundle, patients, day),
    )


def _metrics(decided: Sequence[Decided], weights: FloatArray, resamples: int) -> dict[str, Estimate]:
    """Return metrics of decided answers, each standing for as many as its weight says."""
    usable = np.array([each.conclusion in LABELLED for each in decided])
    asked = np.array([each.agrees is not None for each in decided])
    agrees = np.array([float(each.agrees is True) for each in decided])
    people = tuple(each.patient or f"reading {each.reading}" for each in decided)
    labelled = [each for each in decided if each.conclusion in LABELLED]
    images = Images(
        sources=("",) * len(labelled),
        views=("",) * len(labelled),
        patients=tuple(person for person, use in zip(people, usable, strict=True) if use),
        codes=np.array([_code(each) for each in labelled], dtype=np.int64),
        refused=("",) * len(labelled),
        probabilities=np.array([each.probabilities for each in labelled]).reshape(-1, len(FINDINGS)),
        sets=np.array([[finding in each.held for finding in FINDINGS] for each in labelled]).reshape(
            -1, len(FINDINGS)
        ),
        flagged=np.array([each.flagged for each in labelled], dtype=np.bool_),
    )

    def measure(drawn: FloatArray) -> Mapping[str, FloatArray]:
        standing = drawn * weights
        found = {"agreement": weighted_mean(agrees, standing * asked)} if asked.any() else {}
        return found | dict(source_metrics(images, 0.5, standing[:, usable]))

    sick = np.array([each.conclusion.pneumonia is True for each in decided])
    normal = np.array([each.conclusion is Conclusion.NORMAL for each in decided])
    among = {
        "agreement": asked,
        "sensitivity": sick,
        "coverage_pneumonia": sick,
        "specificity": normal,
        "coverage_normal": normal,
    }
    everybody = np.array(people)
    found = estimates(measure, people, resamples=resamples)
    for name, members in among.items():
        if name in found:
            # Weights leave rounding in a share of all or none.
            share = replace(found[name], value=round(found[name].value, 12))
            found[name] = exact_at_the_ends(share, len(set(everybody[members].tolist())))
    return found


def _code(each: Decided) -> int:
    """Return the position of a decision's label in LABELS; its kind is left open where the answer states none."""
    if each.conclusion.pneumonia and not each.assessed:
        return LABELS.index(PartialLabel.PNEUMONIA)
    label = parse_label(each.conclusion.value)
    assert label is not None, "others have no label"
    return LABELS.index(label)


def _counted(decided: Sequence[Decided]) -> dict[str, int]:
    counts = Counter(each.conclusion for each in decided)
    return {each.value: counts[each] for each in Conclusion if counts[each]}


def _patients(decided: Sequence[Decided]) -> dict[str, int]:
    return {
        "normal": len({each.patient for each in decided if each.conclusion is Conclusion.NORMAL} - {""}),
        "pneumonia": len({each.patient for each in decided if each.conclusion.pneumonia} - {""}),
    }


def _needed(bundle: Bundle, criteria: tuple[Criterion, ...], today: date) -> tuple[Reason, ...]:
    site, found = bundle.site, list[Reason]()
    if site is None:
        found.append(Reason("not_commissioned", {}))
    elif site.acceptance is None:
        found.append(Reason("not_accepted", {"site": site.site}))
    elif site.review_lapsed(today):
        found.append(Reason("lapsed", {"review_by": site.acceptance.review_by}))
    failed = [each.metric for each in criteria if each.outcome is Outcome.FAILED]
    return (*found, *(Reason("failed", {"metric": metric}) for metric in failed))


def _possible(bundle: Bundle, patients: Mapping[str, int], today: date) -> tuple[Reason, ...]:
    found = list[Reason]()
    accepted = None if bundle.site is None else bundle.site.acceptance
    if accepted is not None:
        left = (date.fromisoformat(accepted.review_by) - today).days
        if 0 <= left <= SOON_DAYS:
            found.append(Reason("soon", {"review_by": accepted.review_by}))
    fewest = min(patients.values())
    enough = "examine" if fewest >= MIN_PATIENTS else "nothing"
    if fewest >= MIN_SITE_PATIENTS:
        enough = "set"
    least = {"nothing": MIN_PATIENTS, "examine": MIN_SITE_PATIENTS, "set": MIN_SITE_PATIENTS}[enough]
    return (*found, Reason(enough, {**patients, "least": least}))
