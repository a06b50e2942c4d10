"""The monitoring report as one self-contained HTML page."""

from datetime import UTC, datetime
from pathlib import Path

import neumo
from neumo.core.files import write_text
from neumo.monitoring.report import Report
from neumo.monitoring.tables import counts_sentence, notes, reference_sentence, tables, verdict
from neumo.texts.catalogue import texts
from neumo.texts.language import Language
from neumo.texts.pages import render


def write_page(report: Report, target: Path, language: Language = "en") -> None:
    """Write the report as a page, all of it or nothing. Raises OutputError."""
    page = render(
        "monitor.html.j2",
        language,
        alarm=bool(report.alarms),
        verdict=verdict(report, language),
        period=_period(report, language),
        counts=counts_sentence(report, language),
        reference=reference_sentence(report, language),
        notes=notes(report, language),
        tables=tables(report, language),
        made=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, neumo {neumo.__version__}",
    )
    write_text(target, page)


def _period(report: Report, language: Language) -> str:
    t = texts(language)
    until = report.until or t("monitoring.period.now")
    if report.since:
        return t("monitoring.period.since", since=report.since, until=until)
    if report.reference_until:
        return t("monitoring.period.after_reference", reference_until=report.reference_until, until=until)
    return t("monitoring.period.from_first", until=until)
