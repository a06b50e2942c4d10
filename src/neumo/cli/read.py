"""`neumo read`: reads image files, and writes the readings in every format that is asked for."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np  # noqa: F401 - for its import at this depth of the stack, see below
import typer

from neumo.cli import options
from neumo.cli.file_counts import FileCounts
from neumo.cli.recording import recording, user_name
from neumo.core.errors import ArchiveError, ConfigError
from neumo.core.message import Message
from neumo.core.names import printable, shown_path
from neumo.core.starting import without_garbage_collection
from neumo.texts.catalogue import texts
from neumo.texts.language import Language, chosen_language
from neumo.texts.translation import said

if TYPE_CHECKING:
    from collections.abc import Callable

    from neumo.core.reading import Reading
    from neumo.inference.reader import Reader
    from neumo.results.exports import Exported

# CPython allocates the frames of nested calls in chunks. NumPy, first imported at an unlucky depth of the call stack,
# allocated and freed a chunk at every call across its edge: two thousand times, 13 ms. Imported here it does not.

_MANY = 20
"""Files from which a progress bar helps."""

app = typer.Typer()


@app.command()
def read(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, folders or quoted patterns.")],
    json_target: options.JsonLines = None,
    csv_target: options.CsvFile = None,
    html: Annotated[Path | None, typer.Option("--html", help="One self-contained HTML page.")] = None,
    heatmaps: Annotated[Path | None, typer.Option("--heatmaps", help="Folder for overlays as PNG.")] = None,
    sr: Annotated[
        Path | None, typer.Option("--sr", metavar="DIR", help="Folder for DICOM Structured Reports.")
    ] = None,
    sc: Annotated[
        Path | None,
        typer.Option(
            "--sc", metavar="DIR", help="Folder for DICOM Secondary Captures (pictures with a banner)."
        ),
    ] = None,
    fhir: Annotated[
        Path | None, typer.Option("--fhir", metavar="DIR", help="Folder for FHIR R4 DiagnosticReports.")
    ] = None,
    pdf: Annotated[
        Path | None,
        typer.Option("--pdf", metavar="DIR", help="Folder for reports as Encapsulated PDF (DICOM)."),
    ] = None,
    ko: Annotated[
        Path | None,
        typer.Option(
            "--ko", metavar="DIR", help="Folder for Key Object Selections of what is pneumonia (DICOM)."
        ),
    ] = None,
    seg: Annotated[
        Path | None,
        typer.Option("--seg", metavar="DIR", help="Folder for Segmentations of the heat map (DICOM)."),
    ] = None,
    lang: options.Lang = None,
    operating_point: options.OperatingPoint = None,
    coverage: options.Coverage = 0.90,
    prevalence: options.Prevalence = None,
    allow_outside_range: options.AllowOutsideRange = False,
    exact: options.Exact = False,
    override_age: options.OverrideAge = None,
    bundle: options.Bundle = None,
    summary: options.Summary = None,
    threads: options.Threads = None,
    resume: options.Resume = False,
    archive: Annotated[
        str | None,
        typer.Option(
            "--archive",
            metavar="URL",
            help="Record, with each path, in sqlite:///FILE or postgresql://HOST/NAME.",
        ),
    ] = None,
    archive_key: Annotated[
        Path | None,
        typer.Option(
            "--archive-key", help="File of a key, made where there is none: record hashes instead of paths."
        ),
    ] = None,
    replay: Annotated[
        Path | None, typer.Option("--replay", metavar="RECEIPT", help="Repeat the reading of a receipt.")
    ] = None,
) -> None:
    """Read radiographs: finding, calibrated probabilities, prediction set, warnings; or the reason for a refusal."""
    if replay is not None:
        from neumo.cli.replayed import replayed

        raise typer.Exit(replayed(replay, paths, bundle))
    done, language = options.already_read(resume, json_target), chosen_language(lang)
    with without_garbage_collection():
        from neumo.core.files import require_writable
        from neumo.inference.reader import Reader
        from neumo.results.exports import Exports, open_exports
        from neumo.results.outputs import open_outputs

    require_writable(summary, html)
    files, counts = _files_to_read(paths, done)
    counts.tell_unreadable(language)
    if not files:
        _complete_csv(csv_target, json_target, resume)
        _end_without_files(counts, paths, language, summary)
        return
    if override_age is not None and len(files) != 1:
        raise ConfigError("--override-age: overrides the age range for one reading; give one file")
    exports = Exports(sr=sr, sc=sc, fhir=fhir, pdf=pdf, ko=ko, seg=seg, language=language)
    export = open_exports(exports)
    reader = Reader(
        bundle,
        operating_point=operating_point,
        coverage=coverage,
        prevalence=options.prevalence_from(prevalence),
        allow_outside_range=allow_outside_range,
        exact=exact,
        threads=threads,
        keep_pixels=any(target is not None for target in (heatmaps, html, sc, pdf)),
        keep_header=exports.wanted or archive_key is not None,
    )
    shown: list[Reading] = []
    silent = not (json_target or csv_target or html or heatmaps or archive or exports.wanted)
    unmade = 0
    try:
        with (
            open_outputs(
                json_target=json_target,
                csv_target=csv_target,
                heatmaps=heatmaps,
                append=resume,
                more=bool(html or archive or exports.wanted),
                tell=_tell,
            ) as outputs,
            _page(html, language) as to_page,
            recording(archive, archive_key) as to_archive,
            _progress(len(files)) as advance,
        ):
            for reading in _readings(reader, files, override_age):
                unmade += not _made(reading, to_archive, export)
                if to_page is not None:
                    to_page(reading)
                outputs.write(reading)  # the last, since --resume goes by it
                if silent:
                    shown.append(reading)
                counts.counts[reading.status.value] += 1
                advance()
    except KeyboardInterrupt:
        kept = said("interrupted; what was read is kept")
        again = said("interrupted; what was read is kept, go on with --resume")
        typer.echo(again if json_target else kept, err=True)
        raise typer.Exit(130) from None
    counts.write(summary)
    _report(shown if silent else None, counts, language)
    if outputs.faults:
        raise typer.Exit(2)
    _exit_where_incomplete(counts, unmade, len(files), language)


def _readings(reader: "Reader", files: list[Path], override_age: str | None) -> "Iterator[Reading]":
    if override_age is None:
        yield from reader.read_many(files)
        return
    from neumo.core.age_override import AgeOverride

    override = AgeOverride(override_age, user_name())
    for file in files:
        yield reader.read(file, age_override=override)


def _made(
    reading: "Reading",
    to_archive: "Callable[[Reading], None] | None",
    export: "Callable[[Reading], Exported]",
) -> bool:
    """Record and export a reading; tell what could not be done, and return whether all was."""
    failures = list[str]()
    if to_archive is not None:
        try:
            to_archive(reading)
        except ArchiveError as error:  # this reading alone; an archive that is away ends the command
            failures.append(Message("{file}: {fault}", file=reading.file, fault=error))
    exported = export(reading)
    failures += filter(None, (exported.failure,))
    for told in filter(None, (*failures, exported.left_out)):
        _tell(told)
    return not failures


def _report(shown: "list[Reading] | None", counts: FileCounts, language: Language) -> None:
    """Print what became of the files: after a table of the readings where one is wanted, else on standard error."""
    if shown is None:
        if counts.found.found > 1:
            typer.echo(counts.sentence(language), err=True)
        return
    from neumo.cli.show import console
    from neumo.results.table import evidence_lines, readings_table
    from neumo.texts.catalogue import texts

    console.print(readings_table(shown, language))
    if counts.found.found > 1:
        console.print(counts.sentence(language), soft_wrap=True)
    for line in evidence_lines(shown, language):
        console.print(line, highlight=False, markup=False)
    console.print(texts(language)("terms.disclaimer"))


def _tell(line: str) -> None:
    typer.echo(printable(said(line)), err=True)


def _files_to_read(paths: list[str], done: set[str]) -> tuple[list[Path], FileCounts]:
    from neumo.imaging.image_files import find_images

    found = find_images(paths)
    files = [file for file in found.images if shown_path(file) not in done]
    counts = FileCounts(found, ("read", "refused", "failed", "before"))
    counts.counts["before"] = len(found.images) - len(files)
    return files, counts


def _complete_csv(csv_target: Path | None, json_target: str | None, resume: bool) -> None:
    """Where nothing is left to resume, write the CSV file, which an earlier run may have failed to write."""
    from neumo.results.outputs import open_outputs

    if resume and csv_target is not None:
        with open_outputs(json_target=json_target, csv_target=csv_target, heatmaps=None, append=True):
            pass


def _end_without_files(
    counts: FileCounts, paths: list[str], language: Language, summary: Path | None
) -> None:
    """End where nothing is left to read, or nothing was there. Raises ConfigError or typer.Exit."""
    if not counts.counts["before"]:
        if counts.found.unreadable:
            raise typer.Exit(1)
        told = f"; {counts.sentence(language)}" if counts.found.found else ""
        named = printable(", ".join(map(shown_path, paths)))
        raise ConfigError(
            "{fault}{counts}", fault=texts(language)("files.no_image", paths=named), counts=told
        )
    typer.echo(f"{texts(language)('files.nothing_left')}; {counts.sentence(language)}", err=True)
    counts.write(summary)
    if counts.found.unreadable:
        raise typer.Exit(1)


def _exit_where_incomplete(counts: FileCounts, unmade: int, files: int, language: Language) -> None:
    failed = counts.counts["failed"]
    if failed:
        typer.echo(texts(language)("files.not_read", failed=failed, files=files), err=True)
    if unmade:
        typer.echo(texts(language)("files.not_made", unmade=unmade, files=files), err=True)
    if failed or unmade or counts.found.unreadable:
        raise typer.Exit(1)


@contextmanager
def _page(target: Path | None, lang: Language) -> "Iterator[Callable[[Reading], None] | None]":
    if target is None:
        yield None
        return
    from neumo.results.page import open_page

    with open_page(target, lang) as add:
        yield add


@contextmanager
def _progress(files: int) -> "Iterator[Callable[[], None]]":
    """Show a bar on standard error for many files, where someone is looking."""
    if files < _MANY or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    from neumo.cli.show import progress_columns

    with Progress(*progress_columns(), console=Console(stderr=True)) as bar:
        task = bar.add_task(said("reading"), total=files)
        yield lambda: bar.advance(task)
