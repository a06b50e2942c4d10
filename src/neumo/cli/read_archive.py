"""`neumo read-archive`: a whole archive to a dataset of readings, on this machine or a Ray cluster."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neumo.cli import options
from neumo.cli.show import require_extra
from neumo.core.errors import ConfigError
from neumo.core.names import printable
from neumo.texts.catalogue import texts
from neumo.texts.language import chosen_language

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from neumo.cluster.run import Totals
    from neumo.texts.language import Language

_MEGABYTE = 1e6
_TOLD_EVERY = 2.0
"""Seconds between lines of progress."""

app = typer.Typer()


@app.command("read-archive")
def read_archive(
    source: Annotated[
        str,
        typer.Argument(
            help="Folder, s3:// gs:// abfs:// file:// URL, list (.parquet or .csv), or dicomweb+https://HOST/PATH?Modality=CR."
        ),
    ],
    out: Annotated[
        str, typer.Option("--out", metavar="DATASET", help="Folder or URL of the data set of readings.")
    ],
    ray: Annotated[
        str | None,
        typer.Option(
            "--ray", metavar="ADDRESS", help="Of a Ray cluster, such as auto; else all cores of this machine."
        ),
    ] = None,
    results: Annotated[
        str | None,
        typer.Option("--results", metavar="KINDS", help="Beside the readings: sr,sc,fhir or some of them."),
    ] = None,
    condition: Annotated[
        str | None,
        typer.Option(
            "--where", metavar="SQL", help="Read only locations for which it holds, such as size < 50000000."
        ),
    ] = None,
    shard_size: Annotated[
        int, typer.Option("--shard-size", min=1, max=100_000, help="Locations in a shard.")
    ] = 500,
    lang: options.Lang = None,
    operating_point: options.OperatingPoint = None,
    coverage: options.Coverage = 0.90,
    prevalence: options.Prevalence = None,
    allow_outside_range: options.AllowOutsideRange = False,
    exact: options.Exact = False,
    bundle: options.Bundle = None,
) -> None:
    """Read an archive exactly once; interrupted anywhere, the same command goes on; a finished one does nothing."""
    require_extra("cluster", "neumo read-archive")
    language = chosen_language(lang)
    kinds = _kinds(results)
    if kinds:
        require_extra("dicom", "neumo read-archive --results")
    from neumo.cluster.run import read_archive as run
    from neumo.cluster.shard_reader import Job

    given = options.prevalence_from(prevalence)
    job = Job(
        source if "://" in source else str(Path(source).absolute()),
        out if "://" in out else str(Path(out).absolute()),
        {
            "bundle": bundle if bundle is None or not Path(bundle).exists() else str(Path(bundle).absolute()),
            "operating_point": operating_point,
            "coverage": coverage,
            "prevalence": given,
            "allow_outside_range": allow_outside_range,
            "exact": exact,
        },
        kinds,
        language,
    )
    _say(texts(language)("cluster.listing", source=job.source))
    try:
        totals = run(
            job,
            condition=condition,
            shard_size=shard_size,
            address=ray,
            planned=_planned(language),
            report=_progress(language),
        )
    except KeyboardInterrupt:
        _say(texts(language)("cluster.interrupted"))
        raise typer.Exit(130) from None
    _end(totals, job.dataset, language)


def _kinds(text: str | None) -> tuple[str, ...]:
    from neumo.cluster.results import KINDS

    wanted = [] if text is None else [kind.strip() for kind in text.split(",")]
    for kind in wanted:
        if kind not in KINDS:
            raise ConfigError(
                "--results {text!r}: {kind!r} is not known; use some of {kinds}",
                text=text,
                kind=kind,
                kinds=", ".join(KINDS),
            )
    return tuple(kind for kind in KINDS if kind in wanted)


def _planned(language: "Language") -> "Callable[[Mapping[str, Any]], None]":
    def tell(plan: "Mapping[str, Any]") -> None:
        _say(texts(language)("cluster.planned", count=plan["locations"], shards=plan["shards"]))

    return tell


def _progress(language: "Language") -> "Callable[[Totals], None]":
    started = last = time.monotonic()
    before: int | None = None

    def tell(totals: "Totals") -> None:
        nonlocal last, before
        if before is None:
            before = totals.shards_done - 1
            if before:
                _say(texts(language)("cluster.resumed", done=before, shards=totals.shards))
        now = time.monotonic()
        if now - last < _TOLD_EVERY and totals.shards_done < totals.shards:
            return
        last, seconds = now, max(now - started, 1e-9)
        left = (totals.shards - totals.shards_done) * seconds / (totals.shards_done - before)
        _say(
            texts(language)(
                "cluster.progress",
                done=totals.shards_done,
                shards=totals.shards,
                rate=f"{totals.read / seconds:,.0f}",
                megabytes=f"{totals.bytes / _MEGABYTE / seconds:,.1f}",
                left=_duration(left),
            )
        )

    return tell


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _end(totals: "Totals", dataset: str, language: "Language") -> None:
    t = texts(language)
    if totals.read == 0:
        _say(t("cluster.nothing_left", folder=dataset))
    else:
        counts = ", ".join(
            t(f"files.outcomes.{name}", count=totals.statuses[name]) for name in ("read", "refused", "failed")
        )
        skipped = {name: count for name, count in totals.skipped.items() if name not in _TOLD}
        if skipped:
            reasons = "; ".join(
                t(f"files.skips.{name}", count=count) for name, count in sorted(skipped.items())
            )
            counts += f", {t('files.skipped', count=sum(skipped.values()), reasons=reasons)}"
        _say(f"{t('cluster.finished', folder=dataset, shards=totals.shards_done)}: {counts}")
    for name, key in _TOLD.items():
        if totals.skipped[name]:
            _say(t(key, count=totals.skipped[name]))
    if totals.results_failed:
        _say(t("cluster.results_failed", count=totals.results_failed))
    if totals.statuses["failed"] or totals.results_failed or any(totals.skipped[name] for name in _TOLD):
        raise typer.Exit(1)


_TOLD = {"unreadable_folder": "cluster.unreadable_folders", "no_location": "cluster.no_location"}
"""Messages of skipped locations that are faults and no files skipped on purpose, by reason."""


def _say(line: str) -> None:
    typer.echo(printable(line), err=True)
