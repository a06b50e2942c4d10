"""`neumo fetch`: radiographs of a DICOMweb archive to readings."""

from pathlib import Path
from typing import Annotated

import typer

from neumo.cli import options
from neumo.cli.show import require_extra
from neumo.core.errors import ConfigError
from neumo.texts.language import chosen_language
from neumo.texts.translation import said

app = typer.Typer()


@app.command()
def fetch(
    url: Annotated[str, typer.Argument(help="DICOMweb service, such as http://localhost:8042/dicom-web.")],
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", metavar="KEYWORD=VALUE", help="What to match, such as StudyDate=20240101-."),
    ] = None,
    modality: Annotated[
        list[str] | None, typer.Option("--modality", help="CR and DX unless others are named.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Most objects to read.")] = None,
    json_target: options.JsonLines = None,
    csv_target: options.CsvFile = None,
    resume: options.Resume = False,
    store_results: Annotated[
        bool, typer.Option("--store-results", help="Store the results in the archive, by STOW-RS.")
    ] = False,
    results: Annotated[
        str, typer.Option("--results", metavar="MODULE:FUNCTION", help="What makes the results to store.")
    ] = "neumo.dicomnode.work.results:default_results",
    user: Annotated[str | None, typer.Option("--user", help="For HTTP basic authentication.")] = None,
    password_file: Annotated[
        Path | None, typer.Option("--password-file", help="File whose first line is the password.")
    ] = None,
    ca: Annotated[Path | None, typer.Option("--ca", help="PEM file with the archive's authority.")] = None,
    timeout: Annotated[float, typer.Option("--timeout", min=0.1, help="In seconds, for each answer.")] = 60,
    operating_point: options.OperatingPoint = None,
    coverage: options.Coverage = 0.90,
    prevalence: options.Prevalence = None,
    allow_outside_range: options.AllowOutsideRange = False,
    exact: options.Exact = False,
    bundle: options.Bundle = None,
) -> None:
    """Search an archive, read each radiograph that matches, and store the results back if that is wanted."""
    require_extra("dicom", "neumo fetch")
    done = options.already_read(resume, json_target)
    from itertools import islice

    from neumo.core.keys import read_secret
    from neumo.dicomnode.fetch import read_instance
    from neumo.dicomnode.work.results import load_results
    from neumo.inference.reader import Reader
    from neumo.results.outputs import open_outputs
    from neumo.sending.attempts import Fate
    from neumo.sending.dicomweb import Service, search

    matching = _matching(filters or [])
    maker = load_results(results, chosen_language()) if store_results else None
    password = read_secret(password_file, "--password-file") if password_file else None
    service = Service(url, user, password, ca, timeout)
    reader = Reader(
        bundle,
        operating_point=operating_point,
        coverage=coverage,
        prevalence=options.prevalence_from(prevalence),
        allow_outside_range=allow_outside_range,
        exact=exact,
        keep_pixels=store_results,
        keep_header=store_results,
    )
    instances = (
        instance
        for kind in modality or ("CR", "DX")
        for instance in search(service, {**matching, "Modality": kind})
        if instance.sop_instance_uid not in done
    )
    read = failed = unstored = 0
    with open_outputs(
        json_target=json_target,
        csv_target=csv_target,
        heatmaps=None,
        append=resume,
        more=store_results,
        tell=lambda line: typer.echo(said(line), err=True),
    ) as outputs:
        for instance in islice(instances, limit):
            reading, stored = read_instance(reader, service, instance, maker)
            outputs.write(reading)
            read += 1
            failed += reading.status.value == "failed"
            unstored += stored is not None and stored.fate is not Fate.SENT
    told = said(
        "{read} objects read, {failed} failed, {unstored} without their results stored",
        read=read,
        failed=failed,
        unstored=unstored,
    )
    typer.echo(told, err=True)
    if failed or unstored or outputs.faults:
        raise typer.Exit(2 if outputs.faults else 1)


def _matching(filters: list[str]) -> dict[str, str]:
    pairs = dict[str, str]()
    for text in filters:
        key, found, value = text.partition("=")
        if not found or not key.isalnum():
            raise ConfigError("--filter {text!r}: must be KEYWORD=VALUE, such as PatientID=4711", text=text)
        pairs[key] = value
    return pairs
