"""A report as one HTML page that needs nothing else."""

from datetime import UTC, datetime
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

import neumo
from neumo.core.files import write_text
from neumo.monitoring import words
from neumo.monitoring.report import Report


def write_page(report: Report, target: Path) -> None:
    """Write the report as a page, all of it or nothing. Raises OutputError."""
    environment = Environment(
        # The second holds the style of all pages.
        loader=ChoiceLoader([PackageLoader("neumo.monitoring"), PackageLoader("neumo.results")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("monitor.html.j2").render(
        report=report,
        verdict=words.verdict(report),
        counted=words.counted(report),
        notes=words.notes(report),
        tables=[
            ("People beside the reader", words.AGREEMENT_HEADINGS, words.agreement_rows(report)),
            ("Drift", words.DRIFT_HEADINGS, words.drift_rows(report)),
        ],
        made=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, neumo {neumo.__version__}",
    )
    write_text(target, page)
