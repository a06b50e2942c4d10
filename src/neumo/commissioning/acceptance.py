"""A person accepts what was examined at a site: the site bundle, and the record with who, when and until when."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

from neumo.bundle.folder import Bundle
from neumo.bundle.site import ACCEPTANCE, Acceptance
from neumo.commissioning.commission import ACCEPTED, PROPOSAL, all_met
from neumo.commissioning.record_page import write_record
from neumo.commissioning.site_bundle import accept
from neumo.core.errors import CommissioningError

MAX_TEXT = 200
"""Characters of a name, a role or a reason."""


def accept_site(
    folder: Path, *, by: str, role: str, review_by: str | None = None, despite: str = ""
) -> Bundle:
    """Write the accepted site bundle of a site's folder, and its record anew.

    Parameters
    ----------
    folder : Path
        Where `neumo commission` wrote.
    by, role : str
    review_by : str, optional
        Day, ISO 8601, later than today; a year from now when left out.
    despite : str
        Needed where criteria are not met.

    Raises
    ------
    CommissioningError
        There is nothing to accept, criteria are not met and no reason is given, the record was changed, or a value is
        empty or no date.
    BundleError
        The proposal is not sound.
    OutputError
        It cannot be written.
    """
    record = folder / ACCEPTANCE
    if not record.is_file() or not (folder / PROPOSAL).is_dir():
        raise CommissioningError(
            "{folder}: holds nothing to accept; run neumo commission LOCAL.csv --out {folder}", folder=folder
        )
    today = datetime.now(UTC).date()
    acceptance = Acceptance(
        by=_line("--by", by),
        role=_line("--role", role),
        on=today.isoformat(),
        review_by=_later(review_by, today),
        despite=_line("--despite", despite) if despite else "",
    )
    try:
        value = json.loads(record.read_text(encoding="utf-8"))
        met = all_met(value)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CommissioningError(
            "{record}: was changed since it was made; run neumo commission again", record=record
        ) from error
    if not met and not despite:
        raise CommissioningError(
            "{record}: not every criterion is met; give the reason for accepting it all the same with --despite",
            record=record,
        )
    accepted = accept(folder / PROPOSAL, folder / ACCEPTED, record, acceptance)
    write_record(value, folder, acceptance)
    return accepted


def _line(option: str, text: str) -> str:
    line = " ".join(text.split())
    if not line or len(line) > MAX_TEXT or not line.isprintable():
        raise CommissioningError(
            "{option}: give 1 to {most} printable characters", option=option, most=MAX_TEXT
        )
    return line


def _later(text: str | None, today: date) -> str:
    if text is None:
        year = today.year + 1
        return (
            today.replace(year=year, day=28)
            if (today.month, today.day) == (2, 29)
            else today.replace(year=year)
        ).isoformat()
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise CommissioningError("--review-by: {text!r} is no date such as 2027-06-30", text=text) from error
    if day <= today:
        raise CommissioningError("--review-by: {text} is not later than today", text=text)
    return day.isoformat()
