"""`neumo commission`: plan, examine, set, accept and sign a bundle for one hospital."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.core

from neumo.cli import options
from neumo.cli.show import console, progress_bar, require_extra, say
from neumo.texts.language import chosen_language

if TYPE_CHECKING:
    from rich.table import Table

    from neumo.results.paper import Section


class _Steps(typer.core.TyperGroup):
    """Command group with the default subcommand `run`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Insert `run` where the first argument is no subcommand."""
        if args and args[0] not in {*self.commands, "--help"}:
            args = ["run", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    name="commission",
    cls=_Steps,
    help="Commission a bundle at a hospital: plan, examine, set, accept.",
    no_args_is_help=True,
)


@app.command()
def run(
    table: Annotated[
        Path, typer.Argument(metavar="LOCAL.csv", help="Table of local images: path, label, patient, ...")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the site.")],
    name: Annotated[str, typer.Option("--name", help="Of the hospital or department.")] = "",
    images: Annotated[
        Path | None,
        typer.Option(
            "--images", metavar="DIR", help="Folder that the table's paths start from and may not leave."
        ),
    ] = None,
    bundle: options.Bundle = None,
    criteria: Annotated[
        Path | None, typer.Option("--criteria", help="YAML file of acceptance criteria.")
    ] = None,
    target_sensitivity: Annotated[
        float, typer.Option("--target-sensitivity", help="That the site's operating point is chosen for.")
    ] = 0.9,
    cost_ratio: Annotated[
        float | None,
        typer.Option("--cost-ratio", help="... or for this cost of a missed pneumonia over a false alarm."),
    ] = None,
    threads: options.Threads = None,
    resamples: options.Resamples = 1000,
    lang: options.Lang = None,
) -> None:
    """Examine a bundle on local images, set it, and write the acceptance record and a site bundle to accept.

    Ends with status 1 where an acceptance criterion is not met.
    """
    require_extra("site", "neumo commission")
    from neumo.bundle.criteria import read_criteria
    from neumo.bundle.folder import load_bundle
    from neumo.commissioning.commission import PROPOSAL, Progresses, commission
    from neumo.commissioning.record_page import sections, write_record
    from neumo.commissioning.settings import Wishes
    from neumo.texts.catalogue import texts

    language = chosen_language(lang)
    t, limits, wishes = texts(language), read_criteria(criteria), Wishes(target_sensitivity, cost_ratio)
    with (
        progress_bar("reading") as reading,
        progress_bar("setting") as setting,
        progress_bar("heat maps") as maps,
    ):
        made = commission(
            load_bundle(bundle),
            table,
            out,
            site=name or out.resolve().name,
            criteria=limits,
            wishes=wishes,
            command=f"neumo commission {table.name} --out {out.name}",
            images=images,
            threads=threads,
            resamples=resamples,
            progresses=Progresses(reading, setting, maps),
        )
    written = write_record(made.record, out)
    verdict, found, *_ = sections(made.record, language, None)
    console.print(section_table(found))
    for sentence in verdict.sentences:
        say(sentence)
    say(t("commissioning.run.record", files=", ".join(map(str, written))))
    say(t("commissioning.run.proposal", folder=out / PROPOSAL))
    say(t("commissioning.run.next", out=out))
    if not made.met:
        raise typer.Exit(1)


@app.command()
def accept(
    site: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the site.")],
    by: Annotated[str, typer.Option("--by", help="Who accepts.")],
    role: Annotated[str, typer.Option("--role", help="In which role.")],
    review_by: Annotated[
        str | None, typer.Option("--review-by", metavar="DATE", help="ISO 8601; a year from now by default.")
    ] = None,
    despite: Annotated[
        str, typer.Option("--despite", metavar="REASON", help="Why, although criteria are not met.")
    ] = "",
    lang: options.Lang = None,
) -> None:
    """Accept what was examined: write the site bundle with who accepted it, and the record with it."""
    require_extra("site", "neumo commission")
    from neumo.commissioning.acceptance import accept_site
    from neumo.texts.catalogue import texts

    accepted = accept_site(site, by=by, role=role, review_by=review_by, despite=despite)
    t = texts(chosen_language(lang))
    say(t("commissioning.run.signed", folder=accepted.path, digest=accepted.digest))


@app.command()
def plan(
    prevalence: Annotated[
        float, typer.Option("--prevalence", help="Share of pneumonia among the radiographs that come.")
    ],
    sensitivity: Annotated[float, typer.Option("--sensitivity", help="Expected.")] = 0.90,
    specificity: Annotated[float, typer.Option("--specificity", help="Expected.")] = 0.85,
    least_sensitivity: Annotated[
        float, typer.Option("--least-sensitivity", help="What the lower end of its 95 % interval must reach.")
    ] = 0.80,
    least_specificity: Annotated[
        float, typer.Option("--least-specificity", help="What the lower end of its 95 % interval must reach.")
    ] = 0.75,
    images_per_patient: Annotated[
        float, typer.Option("--images-per-patient", help="On average, 1 or more.")
    ] = 1.0,
    correlation: Annotated[
        float, typer.Option("--correlation", help="Of answers to images of one patient, 0-1.")
    ] = 0.5,
    template: Annotated[
        Path | None, typer.Option("--template", metavar="FILE", help="Write a CSV to fill in.")
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option("--images", metavar="DIR", help="With --template: list the images of a folder in it."),
    ] = None,
    lang: options.Lang = None,
) -> None:
    """Say how many radiographs of which kind are needed, and write a template of their table."""
    require_extra("site", "neumo commission")
    from neumo.commissioning.plan import make_plan
    from neumo.commissioning.plan_words import plan_section
    from neumo.commissioning.template import write_template

    language = chosen_language(lang)
    made = make_plan(
        prevalence=prevalence,
        sensitivity=sensitivity,
        specificity=specificity,
        least_sensitivity=least_sensitivity,
        least_specificity=least_specificity,
        images_per_patient=images_per_patient,
        correlation=correlation,
    )
    section = plan_section(made, language)
    console.print(section_table(section))
    for sentence in section.sentences:
        say(sentence)
    if template is not None:
        listed = write_template(template, images)
        from neumo.texts.catalogue import texts

        say(texts(language)("commissioning.plan.template", file=template, count=listed, images=f"{listed:,}"))


def section_table(section: "Section") -> "Table":
    """Return the table of a section for the console."""
    from rich.table import Table
    from rich.text import Text

    table = Table(*section.headings)
    for row in section.rows:
        table.add_row(*map(Text, row))
    return table
