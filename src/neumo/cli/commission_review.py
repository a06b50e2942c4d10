"""`neumo commission review`: what decisions on record say of a bundle in use."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from neumo.cli import options
from neumo.cli.archive import opened
from neumo.cli.commission import app, section_table
from neumo.cli.show import console, require_extra, say
from neumo.texts.language import chosen_language

__all__ = ["app", "review"]


@app.command()
def review(
    archive: options.Archive,
    bundle: options.Bundle = None,
    since: options.Since = None,
    until: options.Until = None,
    criteria: Annotated[
        Path | None,
        typer.Option("--criteria", help="YAML file; by default those that the bundle was accepted by."),
    ] = None,
    template: Annotated[
        Path | None,
        typer.Option("--template", metavar="FILE", help="Write a CSV of the decided radiographs."),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option("--images", metavar="DIR", help="With --template: where their files are looked for."),
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write everything as JSON.")] = None,
    resamples: options.Resamples = 1000,
    lang: options.Lang = None,
) -> None:
    """Review a bundle in use by people's decisions on record, and propose to commission it anew where that is needed.

    Status 0: nothing asks for it. Status 1: commission the bundle anew. Status 2: the archive or an option cannot be
    used.
    """
    require_extra("site", "neumo commission review")
    from neumo.core.files import require_writable, write_json

    require_writable(json_file)
    with opened("neumo commission review", archive) as engine:
        from neumo.bundle.acceptance import acceptance_record
        from neumo.bundle.criteria import read_criteria
        from neumo.bundle.folder import load_bundle
        from neumo.commissioning.criteria import accepted_criteria
        from neumo.commissioning.review.double_reading import double_reading
        from neumo.commissioning.review.local_table import write_local_table
        from neumo.commissioning.review.population import population_of
        from neumo.commissioning.review.review import review as look
        from neumo.commissioning.review.words import sections
        from neumo.records.filters import moment
        from neumo.texts.catalogue import texts

        loaded = load_bundle(bundle)
        record = acceptance_record(loaded)
        limits = read_criteria(criteria) if criteria or record is None else accepted_criteria(record.limits)
        begin = None if since is None else moment("since", since)
        end = None if until is None else moment("until", until, end=True)
        readers = double_reading(engine, loaded.digest, since=begin, until=end)
        population = population_of(
            engine,
            loaded.digest,
            since=begin,
            until=end,
            known=frozenset() if record is None else record.sha256,
        )
        found = look(loaded, population, limits, readers=readers.pairs, resamples=resamples)
    language = chosen_language(lang)
    t = texts(language)
    # Files come first: whoever reads standard output may leave early.
    if json_file is not None:
        write_json(json_file, found.to_json())
    written = (
        None
        if template is None
        else write_local_table(template, population.decided, images, opinions=readers.opinions)
    )
    for section in sections(found, language):
        for sentence in section.sentences:
            say(sentence)
        if section.rows:
            console.print(section_table(section))
    if template is not None and written is not None:
        named = {"name": loaded.config.name, "version": loaded.config.version}
        base = named if loaded.site is None else loaded.site.base
        say(
            t(
                "commissioning.review.template",
                file=template,
                **{name: f"{count:,}" for name, count in asdict(written).items()},
            )
        )
        say(t("commissioning.review.next", file=template, base=f"{base['name']} {base['version']}"))
    if found.needed:
        raise typer.Exit(1)
