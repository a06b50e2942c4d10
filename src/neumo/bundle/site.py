"""site.json of a bundle that was commissioned: at which site, from which bundle, what was set, and who accepted it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from neumo.core.errors import BundleError
from neumo.core.files import write_json

SITE: Final = "site.json"
"""In a bundle; one without it was not commissioned."""
ACCEPTANCE: Final = "acceptance.json"
"""In a commissioned bundle: the acceptance record, with every metric."""
SCHEMA: Final = 1


@dataclass(frozen=True)
class Acceptance:
    """Acceptance of a site bundle by a person.

    Attributes
    ----------
    by, role : str
    on, review_by : str
        Days, ISO 8601.
    despite : str
        Why, although criteria were not met; empty where all were.
    """

    by: str
    role: str
    on: str
    review_by: str
    despite: str = ""


@dataclass(frozen=True)
class SiteStatement:
    """Commissioning statement of a site bundle.

    Attributes
    ----------
    site : str
        Name of the hospital, or of its department.
    base : mapping of str to str
        Name, version and digest of the bundle that was commissioned.
    changed : tuple of str
        What differs from it: "recalibration" or "head", "operating_points", "prediction_sets", "gate".
    images, patients : int
        That it was commissioned on; the record lists their digests.
    made_on : str
        Day, ISO 8601.
    files : mapping of str to str
        SHA-256 of model.onnx, config.json, evidence.json and acceptance.json, to which the statement belongs.
    acceptance : Acceptance or None
        None where nobody has accepted it yet.
    """

    site: str
    base: Mapping[str, str]
    changed: tuple[str, ...]
    images: int
    patients: int
    made_on: str
    files: Mapping[str, str]
    acceptance: Acceptance | None = None

    def review_lapsed(self, today: date | None = None) -> bool:
        """Whether the day by which it had to be reviewed has passed."""
        if self.acceptance is None:
            return False
        return (today or datetime.now(UTC).date()).isoformat() > self.acceptance.review_by

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"schema": SCHEMA, **asdict(self), "changed": list(self.changed)}


def write_site(target: Path, statement: SiteStatement) -> None:
    """Write site.json of a bundle that is being made. Raises OutputError."""
    write_json(target, statement.to_json())


def read_site(contents: Mapping[str, bytes], folder: Path) -> SiteStatement | None:
    """Read the commissioning statement in a bundle's files; None where there is none.

    Raises
    ------
    BundleError
        It is no such statement, or one of another bundle.
    """
    if SITE not in contents:
        return None
    source = folder / SITE
    try:
        value = json.loads(contents[SITE])
        if value["schema"] != SCHEMA:
            raise BundleError(
                "{source}: has schema {schema}, this neumo reads {own}; use the matching version",
                source=source,
                schema=value["schema"],
                own=SCHEMA,
            )
        known = {one.name: value[one.name] for one in fields(SiteStatement)}
        accepted = None if value["acceptance"] is None else Acceptance(**value["acceptance"])
        statement = SiteStatement(**{**known, "changed": tuple(value["changed"]), "acceptance": accepted})
        texts = (statement.site, statement.made_on, *statement.base.values(), *statement.files.values())
        if not all(isinstance(text, str) for text in texts) or not statement.base["digest"]:
            raise ValueError("a value is no text")
        for day in () if accepted is None else (accepted.on, accepted.review_by):
            date.fromisoformat(day)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, BundleError):
            raise
        raise BundleError(
            "{source}: is no statement of a commissioned bundle ({error}); install the bundle again",
            source=source,
            error=repr(error),
        ) from error
    for name, digest in statement.files.items():
        if name not in contents or hashlib.sha256(contents[name]).hexdigest() != digest:
            raise BundleError(
                "{source}: belongs to another {name}, so this bundle is not the one that was commissioned; commission "
                "it, or install the site's bundle again",
                source=source,
                name=name,
            )
    return statement
