"""evidence.json of a bundle: every metric that it states, as `neumo.core.evidence.Evidence`."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from neumo.core.errors import BundleError
from neumo.core.evidence import Evidence
from neumo.core.files import write_text

EVIDENCE: Final = "evidence.json"
"""In a bundle; one without it states no metrics."""
SCHEMA: Final = 1


def write_evidence(target: Path, evidence: Sequence[Evidence]) -> None:
    """Write evidence.json of a bundle that is being made, an entry a line. Raises OutputError."""
    entries = (json.dumps(entry.to_json(), ensure_ascii=False, allow_nan=False) for entry in evidence)
    write_text(target, f'{{"schema": {SCHEMA}, "evidence": [\n' + ",\n".join(entries) + "\n]}\n")


def read_evidence(data: bytes, source: Path) -> tuple[Evidence, ...]:
    """Parse evidence.json. Raises BundleError where it is no such thing."""
    try:
        value = json.loads(data)
        if value["schema"] != SCHEMA:
            raise BundleError(
                "{source}: has schema {schema}, this neumo reads {own}; use the matching version",
                source=source,
                schema=value["schema"],
                own=SCHEMA,
            )
        return tuple(_checked(Evidence.from_json(entry)) for entry in value["evidence"])
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        if isinstance(error, BundleError):
            raise
        raise BundleError(
            "{source}: is not a bundle's evidence ({error}); install the bundle again",
            source=source,
            error=repr(error),
        ) from error


def _checked(entry: Evidence) -> Evidence:
    for name in ("value", "low", "high"):
        number = getattr(entry, name)
        if number is not None and (isinstance(number, bool) or not isinstance(number, int | float)):
            raise ValueError(f"{entry.metric}: {name} is {number!r}, not a number")
    if not isinstance(entry.n, int) or not isinstance(entry.conditions, Mapping):
        raise ValueError(f"{entry.metric}: n or conditions are not what they should be")
    if entry.ages is not None and not (
        len(entry.ages) == 2 and all(type(age) in (int, float) for age in entry.ages)
    ):
        raise ValueError(f"{entry.metric}: ages are {entry.ages!r}, not the youngest and the oldest")
    return entry
