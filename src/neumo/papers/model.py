"""Papers about the model: facts label, card, data sheet of the training data, and software."""

import json
import re
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, requires, version

import neumo
from neumo.core.evidence import Evidence
from neumo.papers.checklists import DOCS
from neumo.papers.subject import Subject, left_open, provenance_lines
from neumo.results.paper import Section
from neumo.texts.catalogue import Texts, percent
from neumo.texts.metric_words import metric_words
from neumo.texts.translation import told

Rows = tuple[tuple[str, ...], ...]


def facts(subject: Subject, t: Texts) -> Iterator[Section]:
    """Write the model facts label: what it is for, what was measured, what to heed."""
    config = subject.bundle.config
    youngest, oldest = config.gate.age_years
    etiology = t("papers.facts.etiology_never")
    if config.etiology_age_years is not None:
        first, last = config.etiology_age_years
        etiology = t("papers.facts.etiology_ages", youngest=first, oldest=last)
    field = told(config.field_in_words, t.language)
    rows = {
        "what": f"{config.name} {config.version}",
        "purpose": t("papers.facts.purpose_text"),
        "not_for": t("papers.facts.not_for_text"),
        "people": t("papers.facts.ages", youngest=youngest, oldest=oldest),
        "etiology": etiology,
        "input": t("papers.facts.input_text", size=config.image_size, field=field),
        "output": t("papers.facts.output_text"),
        "trained": _trained_on(subject, t),
        "maker": left_open(t, "provider"),
        "released": t("papers.facts.no_clearance"),
    }
    heads = (t("papers.columns.what"), t("papers.columns.value"))
    yield Section(
        t("papers.facts.summary"),
        tuple(provenance_lines(subject, t)),
        heads,
        tuple((t(f"papers.facts.{name}"), text) for name, text in rows.items()),
    )
    shown = [entry for entry in subject.measured if not {"view", "called"} & entry.conditions.keys()]
    said = () if shown else (t("papers.facts.performance_none"),)
    yield Section(t("papers.facts.performance"), said, _metric_heads(t), _metric_rows(shown, t))
    yield _points(subject, t)
    failed = [name.replace("_", " ") for name, passed in config.explanation_checks.items() if not passed]
    warnings = [t(f"papers.facts.warning_{name}") for name in ("gate", "normal", "site")]
    if not config.explanation_checks:
        warnings.append(t("papers.facts.warning_no_maps"))
    elif failed:
        warnings.append(t("papers.facts.warning_maps", checks=", ".join(failed)))
    yield Section(t("papers.facts.warnings"), tuple(warnings))


def card(subject: Subject, t: Texts) -> Iterator[Section]:
    """Write the model card: details, the whole evidence, operating points, ethics."""
    config, provenance = subject.bundle.config, subject.provenance
    priors = ", ".join(f"{finding} {percent(share, 0)}" for finding, share in config.priors.items())
    network = provenance.get("experiment", {}).get("model") or provenance.get("network")
    rows = {
        "folder": f"{config.name} {config.version}, {subject.bundle.digest}",
        "network": t("papers.not_stated") if network is None else json.dumps(network, ensure_ascii=False),
        "licence": config.licence,
        "attribution": config.attribution,
        "calibration": t("papers.card.calibration_text", temperature=config.temperature, priors=priors),
        "gate": t("papers.card.gate_text", distance=config.gate.distance, side=config.gate.minimum_side),
        "sets": ", ".join(percent(level, 0) for level in config.conformal),
    }
    heads = (t("papers.columns.what"), t("papers.columns.value"))
    yield Section(
        t("papers.card.details"),
        tuple(provenance_lines(subject, t)),
        heads,
        tuple((t(f"papers.card.{name}"), text) for name, text in rows.items()),
    )
    whole = [entry for entry in subject.bundle.evidence if "damage" not in entry.conditions]
    said = (t("papers.card.evidence_text"),)
    yield Section(t("papers.card.evidence"), said, _metric_heads(t), _metric_rows(whole, t))
    yield _points(subject, t)
    yield Section(t("papers.card.ethics"), (t("papers.card.ethics_text"),))


def data_sheet(subject: Subject, t: Texts) -> Iterator[Section]:
    """Describe the training data (Gebru et al., Communications of the ACM 2021), as far as the bundle knows them."""
    config, provenance = subject.bundle.config, subject.provenance
    counted = provenance.get("training_images")
    images = left_open(t, "owner")
    if counted:
        images = ", ".join(f"{label} {count:,}" for label, count in counted.items())
    sources = {name or config.attribution: n for name, n in provenance.get("sources", {}).items()}
    held_out = provenance.get("held_out", {}).get("images", {})
    ours = subject.ours
    by = "authors" if ours else "owner"
    heads = (t("papers.columns.what"), t("papers.columns.value"))

    def table(title: str, rows: dict[str, str], *said: str) -> Section:
        cells = tuple((t(f"papers.data_sheet.{name}"), text) for name, text in rows.items())
        return Section(t(f"papers.data_sheet.{title}"), said, heads, cells)

    yield table("motivation", {"why": left_open(t, by)}, *provenance_lines(subject, t))
    yield table(
        "composition",
        {
            "instances": images,
            "sources": ", ".join(f"{name} {n:,}" for name, n in sources.items()) or t("papers.not_stated"),
            "digest": provenance.get("data", {}).get("digest") or t("papers.not_stated"),
            "held_out": ", ".join(f"{label} {n:,}" for label, n in held_out.items())
            or t("papers.not_stated"),
            "labels": t("papers.data_sheet.labels_text") if ours else left_open(t, by),
            "people": t(
                "papers.facts.ages", youngest=config.gate.age_years[0], oldest=config.gate.age_years[1]
            ),
            "errors": t("papers.checklist.in_english", file=DOCS["data"]) if ours else left_open(t, by),
            "confidential": left_open(t, by),
        },
    )
    yield table("collection", {"how": left_open(t, by), "consent": left_open(t, by)})
    yield table(
        "use",
        {
            "licence": f"{config.licence}. {config.attribution}",
            "not_for": t("papers.data_sheet.not_for_text"),
        },
    )


def software(subject: Subject, t: Texts) -> Iterator[Section]:
    """List versions of what runs, and where the bill of materials is."""
    config = subject.bundle.config
    heads = (t("papers.columns.package"), t("papers.columns.version"))
    yield Section(
        t("papers.software.bundle"),
        (*provenance_lines(subject, t), t("papers.software.receipt")),
        heads,
        (("neumo", neumo.__version__), (config.name, f"{config.version}, {subject.bundle.digest}")),
    )
    rows = tuple((name, _installed(name) or t("papers.software.missing")) for name in _requirements())
    yield Section(t("papers.software.packages"), (t("papers.software.packages_text"),), heads, rows)


def _trained_on(subject: Subject, t: Texts) -> str:
    attribution = subject.bundle.config.attribution
    counted = subject.provenance.get("training_images")
    if not counted:
        return attribution or t("papers.not_stated")
    return f"{', '.join(f'{label} {count:,}' for label, count in counted.items())}. {attribution}"


def _metric_heads(t: Texts) -> tuple[str, ...]:
    return tuple(t(f"papers.columns.{name}") for name in ("metric", "interval", "images", "data", "command"))


def _metric_rows(entries: Sequence[Evidence], t: Texts) -> Rows:
    def data(entry: Evidence) -> str:
        return f"{entry.data} ({t('papers.card.flatters')})" if entry.chose else entry.data

    return tuple(
        (metric_words(entry, t.language), str(entry), f"{entry.n:,}", data(entry), entry.command)
        for entry in entries
    )


def _points(subject: Subject, t: Texts) -> Section:
    config = subject.bundle.config
    heads = tuple(t(f"papers.columns.{name}") for name in ("point", "threshold", "rule"))
    rows = tuple(
        (name, f"{point.threshold:.3f}", point.rule) for name, point in config.operating_points.items()
    )
    return Section(t("papers.facts.points"), (), heads, rows)


def _requirements() -> list[str]:
    """Names of the packages that neumo and its extras require directly."""
    try:
        stated = requires("neumo") or []
    except PackageNotFoundError:
        return []
    names = {re.split(r"[<>=!~;\[ (]", line, maxsplit=1)[0] for line in stated}
    return sorted(names - {"neumo"}, key=str.lower)


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
