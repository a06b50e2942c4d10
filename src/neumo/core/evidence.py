"""Evidence: a published metric with its interval, sample, data and command."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final, Self

from neumo.core.ages import within

HELD_OUT_FOLDS: Final = "held-out folds"
"""Part of a data set that thresholds, calibration and prediction sets were chosen on."""

MIN_READ: Final = 20
"""Images that must have been read for their accuracy to be stated: of fewer it says nothing."""

AT_COMMISSIONING: Final = "nested cross-validation at commissioning"
"""Use of a site's own images as evidence: each was answered by settings in which its patient had no part."""


AT_CONVERSION: Final = "nested cross-validation at import"
"""Use of the labelled images with which a network from elsewhere became a bundle."""

PERHAPS_TRAINED: Final = "perhaps trained on"
"""Ending of data of which nobody stated that the network was not trained on them."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One metric as it was measured.

    Attributes
    ----------
    metric : str
        Such as "accuracy", "sensitivity", "coverage"; docs/reference/readings.md lists them.
    value, low, high : float or None
        The metric and its 95 % interval; None where nothing could be measured, or no interval is known.
    n : int
        Images that it was measured on.
    data : str
        Data set and part, such as "Kermany chest radiographs, test".
    command : str
        What measures it again.
    measured_on : str or None
        Day, ISO 8601.
    patients : int or None
        Whose images they are, where the interval is over patients.
    conditions : mapping of str to plain values
        What the metric holds for: "operating_point", "coverage" and "finding", "damage" and "strength", "check"; empty
        where it holds for all images as they are.
    ages : (float, float) or None
        Youngest and oldest, in completed years, of those it was measured on (`neumo.core.ages.age_span`); None where
        they are not known.
    """

    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    data: str
    command: str
    measured_on: str | None
    patients: int | None = None
    conditions: Mapping[str, Any] = field(default_factory=dict)
    ages: tuple[float, float] | None = None

    def __hash__(self) -> int:
        """Hash what tells entries apart but for their conditions, which may be any mapping."""
        return hash((self.metric, self.value, self.low, self.high, self.n, self.data))

    def to_json(self) -> dict[str, Any]:
        """Return its fields as plain values."""
        return {**{name: getattr(self, name) for name in _FIELDS}, "conditions": dict(self.conditions)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the entry whose fields, as plain values, these are. Raises TypeError where a name is no field."""
        ages = value.get("ages")
        return cls(**{**value, "ages": None if ages is None else tuple(ages)})

    @property
    def chose(self) -> bool:
        """Whether its data chose thresholds and sets, or may have trained the network, so that it flatters."""
        return self.data.endswith((HELD_OUT_FOLDS, PERHAPS_TRAINED))

    @property
    def local(self) -> bool:
        """Whether it was measured at the site that a bundle was commissioned at."""
        return self.data.endswith(AT_COMMISSIONING)

    def of_age(self, years: float | None) -> bool | None:
        """Whether it was measured on patients of an age; None where that is not known."""
        return None if self.ages is None or years is None else within(years, self.ages)

    def __str__(self) -> str:
        """Three decimals with the interval, for people."""
        if self.value is None:
            return "not measurable"
        return f"{self.value:.3f}" + ("" if self.low is None else f" ({self.low:.3f}-{self.high:.3f})")


_FIELDS: Final = tuple(attribute.name for attribute in fields(Evidence))

DECISIVE: Final = ("sensitivity", "specificity", "ppv", "npv")
"""Metrics that people weigh an answer by: all of them are stated of one set of data, which `leading` chooses."""


def leading(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Return sensitivity, specificity, PPV and NPV of the one set of data that an answer is weighed by.

    That is the first that holds both sensitivity and specificity; `bearing_on` puts what bears most on a patient first.
    Values of different data are never combined.

    Parameters
    ----------
    evidence : sequence of Evidence
        Of one operating point; PPV and NPV, where there are any, rest on the data that is chosen.
    """
    known = [entry for entry in evidence if entry.value is not None and entry.metric in DECISIVE]
    of_data: dict[str, set[str]] = {}
    for entry in known:
        of_data.setdefault(entry.data, set()).add(entry.metric)
    both = [entry for entry in known if {"sensitivity", "specificity"} <= of_data[entry.data]]
    # Records from before this rule state predictive values of other data: what was stated stays together.
    stated = [entry for entry in both if entry.metric == "ppv"]
    chosen = next((entry.data for entry in stated or both), None)
    return tuple(entry for entry in known if entry.data == chosen)


def bearing_on(evidence: Sequence[Evidence], years: float | None) -> tuple[Evidence, ...]:
    """Return evidence in the order in which it bears on a patient of an age (None: unknown).

    What was measured on other ages comes last: how adults are read says nothing of a child. Of the rest, the site's own
    comes first, since it was measured on the very patients that are read; then what was measured on the patient's age,
    then what does not state its ages. What is alike stays in its order.
    """
    return tuple(
        sorted(
            evidence,
            key=lambda entry: (
                entry.of_age(years) is False,
                not entry.local,
                entry.of_age(years) is not True,
            ),
        )
    )


def select(evidence: Sequence[Evidence], *metrics: str, **conditions: Any) -> tuple[Evidence, ...]:
    """Return the entries of some metrics (all where none is named) with just these conditions, in their order.

    A condition of `...` stands for any value.
    """
    return tuple(
        entry
        for entry in evidence
        if (not metrics or entry.metric in metrics)
        and entry.conditions.keys() == conditions.keys()
        and all(wanted is ... or entry.conditions[name] == wanted for name, wanted in conditions.items())
    )
