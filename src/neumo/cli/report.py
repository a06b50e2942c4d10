"""`neumo report`: sums a dataset of readings up."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neumo.cli import options
from neumo.cli.show import console, require_extra, say, warn
from neumo.texts.catalogue import texts
from neumo.texts.language import Language, chosen_language

if TYPE_CHECKING:
    from rich.table import Table

    from neumo.cluster.summary import Summary
    from neumo.core.statistics import Proportion

app = typer.Typer()


@app.command()
def report(
    dataset: Annotated[str, typer.Argument(help="Folder or URL that neumo read-archive wrote.")],
    labels: Annotated[
        Path | None, typer.Option("--labels", help="CSV with the columns location and label, for agreement.")
    ] = None,
    bundle: options.Bundle = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write everything as JSON.")] = None,
    lang: options.Lang = None,
) -> None:
    """Sum up a data set of readings: counts, refusals, drift against the bundle's reference, agreement with labels."""
    require_extra("cluster", "neumo report")
    from neumo.bundle.drift_reference import load_drift_reference
    from neumo.bundle.folder import load_bundle
    from neumo.cluster.summary import summarise
    from neumo.core.files import require_writable, write_json

    require_writable(json_file)
    loaded = load_bundle(bundle)
    summary = summarise(dataset, load_drift_reference(loaded.path), labels, bundle_digest=loaded.digest)
    language = chosen_language(lang)
    if json_file is not None:
        write_json(json_file, summary.to_json())
    for table in _tables(summary, dataset, language):
        console.print(table)
    t = texts(language)
    if not summary.plan:
        warn(t("cluster.report.no_plan"))
    elif summary.shards_done < summary.plan["shards"]:
        warn(t("cluster.report.unfinished", done=summary.shards_done, shards=summary.plan["shards"]))
    if any(metric.psi is not None for metric in summary.metrics):
        say(t("cluster.report.other_site"))


def _tables(summary: "Summary", dataset: str, language: Language) -> "Iterator[Table]":
    from rich.table import Table

    t = texts(language)

    def head(*names: str) -> list[str]:
        return [t(f"cluster.report.columns.{name}") for name in names]

    counts = Table(
        *head("status"), t("cluster.report.count"), title=t("cluster.report.title", folder=dataset)
    )
    for status, count in summary.statuses.items():
        counts.add_row(t(f"cluster.report.statuses.{status}"), f"{count:,}")
    yield counts
    verdicts = Table(*head("verdict"), t("cluster.report.count"))
    for verdict, count in summary.verdicts.items():
        verdicts.add_row(t(f"cluster.report.verdicts.{verdict}"), f"{count:,}")
    reasons = Table(*head("reason"), t("cluster.report.count"))
    for reason, count in summary.reasons.items():
        reasons.add_row(reason, f"{count:,}")
    metrics = Table(*head("metric"), t("cluster.report.count"), *head("median", "reference", "psi"))
    for metric in summary.metrics:
        values = (metric.median, metric.reference_median, metric.psi)
        shown = ["-" if value is None else f"{value:.3f}" for value in values]
        metrics.add_row(t(f"cluster.report.metrics.{metric.name}"), f"{metric.n:,}", *shown)
    labels = Table(*head("label"), "n", *head("flagged", "undetermined", "unread"))
    for label in summary.labels:
        labels.add_row(
            label.label, f"{label.n:,}", _share(label.flagged), f"{label.undetermined:,}", f"{label.unread:,}"
        )
    yield from (table for table in (verdicts, reasons, metrics, labels) if table.row_count)


def _share(proportion: "Proportion") -> str:
    if proportion.share is None:
        return "-"
    return f"{proportion.share:.3f} ({proportion.low:.3f}-{proportion.high:.3f})"
