"""A review as sections of sentences and tables, in a person's language."""

from collections.abc import Iterator, Mapping
from typing import Any

from neumo.commissioning.record_page import interval_text, limit_text, outcome_text
from neumo.commissioning.review.review import Review
from neumo.monitoring.tables import kappa_text, share_text
from neumo.results.paper import Section
from neumo.texts.catalogue import Texts, percent, texts
from neumo.texts.language import Language


def sections(review: Review, language: Language) -> list[Section]:
    """Return a review in a language: the proposal first, then what it rests on."""
    t, plain = texts(language), review.to_json()
    parts = [_proposal(review, t), _selection(review, t), _metrics(plain, t), _criteria(plain, t)]
    return [*parts, _readers(review, t)] if review.readers else parts


def _readers(review: Review, t: Texts) -> Section:
    rows = tuple(
        (
            " – ".join(pair.readers),
            f"{pair.both:,}",
            share_text(pair.agree),
            kappa_text(pair.pneumonia),
            kappa_text(pair.findings),
        )
        for pair in review.readers
    )
    heads = ("readers", "both", "agree", "kappa_pneumonia", "kappa_findings")
    return Section(
        t("commissioning.review.double"),
        (t("commissioning.review.double_note"),),
        tuple(t(f"commissioning.review.columns.{name}") for name in heads),
        rows,
    )


def _proposal(review: Review, t: Texts) -> Section:
    said = [t("commissioning.review.needed" if review.needed else "commissioning.review.not_needed")]
    for reason in (*review.needed, *review.possible):
        values = dict(reason.values)
        if "metric" in values:
            values["metric"] = t(f"terms.metrics.{values['metric']}")
        said.append(t(f"commissioning.review.reasons.{reason.name}", **values))
    return Section(t("commissioning.review.proposal"), tuple(said))


def _selection(review: Review, t: Texts) -> Section:
    rows = tuple(
        (
            t(f"readings.verdicts.{one.verdict}"),
            t(f"commissioning.review.halves.{one.half}"),
            f"{percent(one.low)} – {percent(one.high)}",
            f"{one.answers:,}",
            f"{one.decided:,}",
            percent(one.decided / one.answers),
        )
        for one in review.strata
    )
    heads = ("verdict", "half", "probabilities", "answers", "decided", "share")
    return Section(
        t("commissioning.review.selection"),
        tuple(_said_of_selection(review, t)),
        tuple(t(f"commissioning.review.columns.{name}") for name in heads),
        rows,
    )


def _said_of_selection(review: Review, t: Texts) -> Iterator[str]:
    yield t(
        "commissioning.review.counted",
        decided=f"{review.decided:,}",
        answers=f"{review.answers:,}",
        share=percent(review.decided / review.answers),
        blinded=f"{review.blinded:,}",
        verified=f"{review.verified:,}",
        conclusions=_conclusions(review.conclusions, t),
    )
    if review.undetermined_answers:
        yield t(
            "commissioning.review.undetermined",
            decided=f"{sum(review.undetermined.values()):,}",
            answers=f"{review.undetermined_answers:,}",
            conclusions=_conclusions(review.undetermined, t) or "0",
        )
    for name in ("known", "purged", "unnamed"):
        count = getattr(review, name)
        if count:
            yield t(f"commissioning.review.{name}", count=count, shown=f"{count:,}")
    yield t("commissioning.review.weights", effective=f"{review.effective:,.0f}")
    if any(one.unknown for one in review.strata):
        yield t("commissioning.review.unrepresented", share=percent(1 - review.represented))
    if any(one.thin for one in review.strata):
        yield t("commissioning.review.thin")
    if review.blinded < review.decided:
        yield t("commissioning.review.seen", count=review.decided - review.blinded)


def _conclusions(counts: Mapping[str, int], t: Texts) -> str:
    return ", ".join(f"{t(f'terms.conclusions.{name}')} {count:,}" for name, count in counts.items())


def _metrics(plain: Mapping[str, Any], t: Texts) -> Section:
    nothing = {"value": None}
    rows = tuple(
        (
            t(f"terms.metrics.{name}"),
            interval_text(plain["plain"].get(name, nothing)),
            interval_text(value),
        )
        for name, value in plain["weighted"].items()
    )
    heads = (
        t("commissioning.columns.metric"),
        t("commissioning.review.columns.plain"),
        t("commissioning.review.columns.weighted"),
    )
    return Section(t("commissioning.record.metrics"), (t("commissioning.review.intervals"),), heads, rows)


def _criteria(plain: Mapping[str, Any], t: Texts) -> Section:
    rows = tuple(
        (
            t(f"terms.metrics.{one['metric']}"),
            limit_text(one, t),
            interval_text(one["value"]),
            outcome_text(one, t),
        )
        for one in plain["criteria"]
    )
    heads = (
        *(t(f"commissioning.columns.{name}") for name in ("metric", "limit")),
        t("commissioning.review.columns.weighted"),
        t("commissioning.columns.outcome"),
    )
    return Section(t("commissioning.record.criteria"), (t("commissioning.record.how"),), heads, rows)
