"""The plan of a commissioning for people: a table of what each metric needs, and sentences."""

from neumo.commissioning.plan import Plan
from neumo.commissioning.set_limits import images_for
from neumo.results.paper import Section
from neumo.texts.catalogue import percent, texts
from neumo.texts.language import Language

_COLUMNS = ("metric", "measured_on", "expected", "least", "images", "patients")


def plan_section(plan: Plan, language: Language) -> Section:
    """Return a plan in a language; its title is empty."""
    t = texts(language)
    rows = tuple(
        (
            t.label(f"terms.metrics.{need.metric}"),
            t(f"commissioning.outcomes.{need.label}"),
            percent(need.expected),
            percent(need.least),
            f"{need.images:,}",
            f"{need.patients:,}",
        )
        for need in plan.needs
    )
    said = [
        t(
            "commissioning.plan.consecutive",
            images=f"{plan.consecutive:,}",
            prevalence=percent(plan.prevalence),
        ),
        t("commissioning.plan.enriched", images=f"{plan.enriched:,}"),
        t("commissioning.plan.assurance"),
        t("commissioning.plan.sets", ninety=images_for(0.9), ninety_five=images_for(0.95)),
    ]
    if plan.design_effect > 1:
        said.insert(3, t("commissioning.plan.effect", effect=f"{plan.design_effect:.2f}"))
    headings = tuple(t.label(f"commissioning.plan.{column}") for column in _COLUMNS)
    return Section("", tuple(said), headings, rows)
