"""The acceptance record for people: as sections of sentences and tables, as an HTML page and as PDF."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from neumo.bundle.site import Acceptance
from neumo.results.paper import Section, write_paper
from neumo.texts.catalogue import Texts, capital, percent, texts
from neumo.texts.language import LANGUAGES, Language
from neumo.texts.metric_words import point_in_words


def sections(record: Mapping[str, Any], language: Language, acceptance: Acceptance | None) -> list[Section]:
    """Return the record in a language."""
    t = texts(language)
    return [
        *_verdict(record, t, acceptance),
        *_criteria(record, t),
        *_metrics(record, t),
        *_subgroups(record, t),
        *_levels(record, t),
        *_settings(record, t),
        *_origin(record, t),
    ]


def write_record(record: Mapping[str, Any], folder: Path, acceptance: Acceptance | None = None) -> list[Path]:
    """Write the record as HTML and PDF in every language, each whole or not at all. Raises OutputError."""
    written = []
    for language in LANGUAGES:
        parts, t = sections(record, language, acceptance), texts(language)
        title = t("commissioning.record.title", site=record["site"])
        written += write_paper(folder, "acceptance", title, parts, language)
    return written


def _verdict(record: Mapping[str, Any], t: Texts, acceptance: Acceptance | None) -> Iterator[Section]:
    criteria = record["criteria"].get("site") or record["criteria"]["base"]
    open_ones = [one for one in criteria if one["outcome"] != "met"]
    named = ", ".join(t(f"terms.metrics.{one['metric']}") for one in open_ones)
    said = [t("commissioning.record.not_met", named=named) if open_ones else t("commissioning.record.met")]
    changed = ", ".join(t(f"commissioning.changed.{name}") for name in record["changed"])
    said.append(
        t("commissioning.record.changed", changed=changed) if changed else t("commissioning.record.unchanged")
    )
    if record["too_few"]:
        said.append(t("commissioning.record.too_few", **record["too_few"]))
    if record["synthetic"]:
        said.append(t("commissioning.record.synthetic"))
    if acceptance is None:
        said.append(t("commissioning.record.nobody"))
    else:
        said.append(t("commissioning.record.accepted", **vars(acceptance)))
        if acceptance.despite:
            said.append(t("commissioning.record.despite", reason=acceptance.despite))
    yield Section(t("commissioning.record.verdict"), tuple(said))


def _criteria(record: Mapping[str, Any], t: Texts) -> Iterator[Section]:
    columns = list(record["criteria"])
    rows = []
    for together in zip(*record["criteria"].values(), strict=True):
        first = together[0]
        cells = [t(f"terms.metrics.{first['metric']}"), limit_text(first, t)]
        for one in together:
            cells += [interval_text(one["value"]), outcome_text(one, t)]
        rows.append(tuple(cells))
    heads = [t("commissioning.columns.metric"), t("commissioning.columns.limit")]
    for column in columns:
        heads += [t(f"commissioning.columns.{column}"), t("commissioning.columns.outcome")]
    yield Section(
        t("commissioning.record.criteria"), (t("commissioning.record.how"),), tuple(heads), tuple(rows)
    )


def limit_text(one: Mapping[str, Any], t: Texts) -> str:
    """Say the limit of a criterion, plain values."""
    lower = one["metric"] in ("refused", "calibration_error_pneumonia")
    return t(f"commissioning.columns.{'at_most' if lower else 'at_least'}", limit=percent(one["limit"], 0))


def outcome_text(one: Mapping[str, Any], t: Texts) -> str:
    """Say what became of a criterion, plain values."""
    said = t(f"commissioning.outcome.{one['outcome']}")
    if one["outcome"] == "met":
        return said
    if one["takes"] is None:
        return f"{said}; {t('commissioning.outcome.no_number')}"
    return f"{said}; {t('commissioning.outcome.takes', images=format(one['takes'], ','), have=one['images'])}"


def interval_text(value: Mapping[str, Any]) -> str:
    """Say an estimate with its interval; its plain values are None where it could not be measured."""
    if value["value"] is None:
        return "-"
    if value["low"] is None:
        return percent(value["value"])
    return f"{percent(value['value'])} ({percent(value['low']).split()[0]}-{percent(value['high'])})"


def _metrics(record: Mapping[str, Any], t: Texts) -> Iterator[Section]:
    columns = list(record["metrics"])
    names = list(dict.fromkeys(name for one in record["metrics"].values() for name in one["metrics"]))
    rows = [
        (
            t("terms.metrics.refused"),
            *(interval_text(one["share_refused"]) for one in record["metrics"].values()),
        )
    ]
    nothing = {"value": None}
    for name in names:
        values = (interval_text(one["metrics"].get(name, nothing)) for one in record["metrics"].values())
        rows.append((t(f"terms.metrics.{name}"), *values))
    reasons = [
        t(
            "commissioning.record.refusals",
            column=t(f"commissioning.columns.{column}"),
            reasons=", ".join(f"{code} {count:,}" for code, count in one["refused"].items()) or "0",
        )
        for column, one in record["metrics"].items()
    ]
    heads = (t("commissioning.columns.metric"), *(t(f"commissioning.columns.{column}") for column in columns))
    yield Section(
        t("commissioning.record.metrics"), (t("commissioning.record.nested"), *reasons), heads, tuple(rows)
    )


def _subgroups(record: Mapping[str, Any], t: Texts) -> Iterator[Section]:
    names = ("auroc_normal_vs_pneumonia", "sensitivity", "specificity")
    columns = t.group("commissioning.groups")
    nothing = {"value": None}
    rows = tuple(
        (
            f"{columns[one['column']]}: {one['group']}",
            f"{one['images']:,}",
            interval_text(one["share_refused"]),
            *(interval_text(one["metrics"].get(name, nothing)) for name in names),
        )
        for one in record["subgroups"]
    )
    heads = (
        t("commissioning.columns.group"),
        t("commissioning.columns.images"),
        t("terms.metrics.refused"),
        *(t(f"terms.metrics.{name}") for name in names),
    )
    said = () if rows else (t("commissioning.record.no_groups"),)
    yield Section(t("commissioning.record.subgroups"), said, heads, rows)


def _levels(record: Mapping[str, Any], t: Texts) -> Iterator[Section]:
    if not record["levels"]:
        return
    rows = tuple(
        (
            t(f"commissioning.levels.{one['level']}"),
            f"{one['loss']:.3f}",
            f"{one['behind']:+.3f}",
            f"{one['error']:.3f}",
            t("terms.yes") if one["level"] == record["level"] else "",
        )
        for one in record["levels"]
    )
    heads = tuple(
        t(f"commissioning.columns.{name}") for name in ("level", "loss", "behind", "error", "chosen")
    )
    folds = ", ".join(t(f"commissioning.levels.{level}") for level in record["levels_of_folds"])
    said = [t("commissioning.record.rule")]
    if folds:
        said.append(t("commissioning.record.folds", folds=folds))
    if record["heat_maps"]:
        verdicts = record["heat_maps"]["verdicts"]
        failed = ", ".join(one["name"].replace("_", " ") for one in verdicts if not one["passed"])
        said.append(
            t(
                "commissioning.record.maps_failed" if failed else "commissioning.record.maps_passed",
                images=record["heat_maps"]["images"],
                **({"failed": failed} if failed else {}),
            )
        )
    yield Section(t("commissioning.record.levels"), tuple(said), heads, rows)


def _settings(record: Mapping[str, Any], t: Texts) -> Iterator[Section]:
    found, gate = record["settings"], record["settings"]["gate"]
    rows = [
        (
            capital(point_in_words(name, t.language))
            + (f" ({t('commissioning.columns.default')})" if name == found["default_point"] else ""),
            percent(point["threshold"], 2),
            point["rule"],
        )
        for name, point in found["points"].items()
    ]
    for coverage in found["limits"]:
        known = found["guaranteed"].get(coverage, [])
        outcomes = ", ".join(t(f"commissioning.outcomes.{name}") for name in known)
        said = (
            t("commissioning.record.guaranteed", outcomes=outcomes)
            if known
            else t("commissioning.record.not_guaranteed")
        )
        rows.append((t("commissioning.columns.sets", coverage=percent(float(coverage), 0)), "", said))
    youngest, oldest = gate["age_years"]
    rows.append(
        (
            t("commissioning.columns.gate"),
            f"{gate['distance']:.3f}",
            t("commissioning.record.ages", youngest=f"{youngest:g}", oldest=f"{oldest:g}"),
        )
    )
    heads = tuple(t(f"commissioning.columns.{name}") for name in ("setting", "value", "rule"))
    yield Section(
        t("commissioning.record.settings"), (t("commissioning.record.sets_note"),), heads, tuple(rows)
    )


def _origin(record: Mapping[str, Any], t: Texts) -> Iterator[Section]:
    base, images = record["base"], record["images"]
    labels = ", ".join(
        f"{t('terms.conclusions.' + label)} {count:,}" for label, count in images["labels"].items()
    )
    said = [
        t("commissioning.record.base", **base),
        t(
            "commissioning.record.images",
            images=f"{len(images['sha256']):,}",
            patients=f"{images['patients']:,}",
            labels=labels,
        ),
        t(
            "commissioning.record.training_none"
            if images["training_images_known"]
            else "commissioning.record.training_unknown"
        ),
        t("commissioning.record.made", **{key: record[key] for key in ("made_on", "neumo", "command")}),
    ]
    if images["repeated"]:
        said.insert(2, t("commissioning.record.repeated", images=f"{images['repeated']:,}"))
    yield Section(t("commissioning.record.origin"), tuple(said))
