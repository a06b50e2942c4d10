"""Acceptance record of a site bundle, as far as monitoring and reviews need it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neumo.bundle.folder import Bundle
from neumo.bundle.site import ACCEPTANCE
from neumo.core.errors import BundleError


@dataclass(frozen=True)
class AcceptanceRecord:
    """A site bundle's acceptance record in short.

    Attributes
    ----------
    limits : mapping of str to float
        Of the acceptance criteria, by metric.
    met : mapping of str to bool
        Whether the bundle as it is shipped met each of them.
    images, refused : int
        That it was examined on, and how many of those were refused.
    sha256 : frozenset of str
        Of their files.
    criteria : tuple of mapping
        Each criterion, plain values: metric, limit, value (with its interval), outcome, images.
    """

    limits: Mapping[str, float]
    met: Mapping[str, bool]
    images: int
    refused: int
    sha256: frozenset[str]
    criteria: tuple[Mapping[str, Any], ...] = ()


def acceptance_record(bundle: Bundle) -> AcceptanceRecord | None:
    """Return the record of a site bundle, None of one that was not commissioned.

    Raises
    ------
    BundleError
        It cannot be read, or lacks what it should hold.
    """
    if bundle.site is None:
        return None
    file = bundle.path / ACCEPTANCE
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
        criteria = value["criteria"].get("site") or value["criteria"]["base"]
        metrics = value["metrics"].get("site") or value["metrics"]["base"]
        return AcceptanceRecord(
            limits={one["metric"]: float(one["limit"]) for one in criteria},
            met={one["metric"]: one["outcome"] == "met" for one in criteria},
            images=int(metrics["images"]),
            refused=sum(metrics["refused"].values()),
            sha256=frozenset(value["images"]["sha256"]),
            criteria=tuple(
                {name: one[name] for name in ("metric", "limit", "value", "outcome", "images")}
                for one in criteria
            ),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleError(
            "{file}: is no acceptance record ({error}); install the bundle again",
            file=file,
            error=repr(error),
        ) from error
