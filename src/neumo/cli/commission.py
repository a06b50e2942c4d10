"""`neumo commission`: plan, examine, set, accept and sign a bundle for one hospital."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neumo.cli import options
from neumo.cli.show import console, require_extra, say
from neumo.texts.language import Language, chosen_language

if TYPE_CHECKING:
    from rich.table import Table

    from neumo.commissioning.plan import Plan

app = typer.Typer(
    name="commission",
    help="Commission a bundle at a hospital: plan, examine, set, accept, sign.",
    no_args_is_help=True,
)


@app.callback()
def commission() -> None:
    """Commission a bundle at a hospital."""


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
    console.print(_needs(made, language))
    for sentence in _plan_sentences(made, language):
        say(sentence)
    if template is not None:
        listed = write_template(template, images)
        from neumo.texts.catalogue import texts

        say(texts(language)("commissioning.plan.template", file=template, count=listed, images=f"{listed:,}"))


def _needs(made: "Plan", language: Language) -> "Table":
    from rich.table import Table

    from neumo.texts.catalogue import percent, texts

    t = texts(language)
    columns = ("metric", "measured_on", "expected", "least", "images", "patients")
    table = Table(*(t.label(f"commissioning.plan.{column}") for column in columns))
    for need in made.needs:
        table.add_row(
            t.label(f"terms.metrics.{need.metric}"),
            t(f"commissioning.outcomes.{need.label}"),
            percent(need.expected),
            percent(need.least),
            f"{need.images:,}",
            f"{need.patients:,}",
        )
    return table


def _plan_sentences(made: "Plan", language: Language) -> list[str]:
    from neumo.commissioning.set_limits import images_for
    from neumo.texts.catalogue import percent, texts

    t = texts(language)
    return [
        t(
            "commissioning.plan.consecutive",
            images=f"{made.consecutive:,}",
            prevalence=percent(made.prevalence),
        ),
        t("commissioning.plan.enriched", images=f"{made.enriched:,}"),
        t("commissioning.plan.assurance"),
        *(
            [t("commissioning.plan.effect", effect=f"{made.design_effect:.2f}")]
            if made.design_effect > 1
            else []
        ),
        t("commissioning.plan.sets", ninety=images_for(0.9), ninety_five=images_for(0.95)),
    ]
