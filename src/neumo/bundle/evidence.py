"""evidence.json of a bundle: every published metric with its interval, sample, data and command."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from neumo.core.errors import BundleError
from neumo.core.files import write_text

EVIDENCE: Final = "evidence.json"
"""In a bundle; one without it states no metrics."""
SCHEMA: Final = 1


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

    def __str__(self) -> str:
        """Three decimals with the interval, for people."""
        if self.value is None:
            return "not measurable"
        return f"{self.value:.3f}" + ("" if self.low is None else f" ({self.low:.3f}-{self.high:.3f})")


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


def write_evidence(target: Path, evidence: Sequence[Evidence]) -> None:
    """Write evidence.json of a bundle that is being made, an entry a line. Raises OutputError."""
    entries = (json.dumps(asdict(entry), ensure_ascii=False, allow_nan=False) for entry in evidence)
    write_text(target, f'{{"schema": {SCHEMA}, "evidence": [\n' + ",\n".join(entries) + "\n]}\n")


def read_evidence(data: bytes, source: Path) -> tuple[Evidence, ...]:
    """Parse evidence.json. Raises BundleError where it is no such thing."""
    try:
        value = json.loads(data)
        if value["schema"] != SCHEMA:
            raise BundleError(
                f"{source}: has schema {value['schema']}, this neumo reads {SCHEMA}; use the matching version"
            )
        return tuple(_checked(Evidence(**entry)) for entry in value["evidence"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, BundleError):
            raise
        raise BundleError(
            f"{source}: is not a bundle's evidence ({error!r}); install the bundle again"
        ) from error


def _checked(entry: Evidence) -> Evidence:
    for name in ("value", "low", "high"):
        number = getattr(entry, name)
        if number is not None and (isinstance(number, bool) or not isinstance(number, int | float)):
            raise ValueError(f"{entry.metric}: {name} is {number!r}, not a number")
    if not isinstance(entry.n, int) or not isinstance(entry.conditions, Mapping):
        raise ValueError(f"{entry.metric}: n or conditions are not what they should be")
    return entry
