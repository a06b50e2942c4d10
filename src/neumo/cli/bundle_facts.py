"""Tables of `neumo bundle info`: facts, operating points and evidence."""

from rich.table import Table
from rich.text import Text

from neumo.bundle.folder import Bundle
from neumo.bundle.signing import SHIPPED, read_signatures
from neumo.core.evidence import select
from neumo.texts.catalogue import percent
from neumo.texts.language import chosen_language
from neumo.texts.metric_words import metric_words
from neumo.texts.translation import headings, said


def facts(bundle: Bundle) -> Table:
    """Return the facts of a bundle (name, purpose, signer), a row each."""
    config = bundle.config
    youngest, oldest = config.gate.age_years
    model = said(
        "{size:.1f} MB, input {side} x {side}, {field}, intensity {intensity}",
        size=len(bundle.model) / 1e6,
        side=config.image_size,
        field=config.field_in_words,
        intensity=config.intensity.value,
    )
    gate = said(
        "distance up to {distance:.2f}, sides from {side} px, age {youngest:g} to {oldest:g} years",
        distance=config.gate.distance,
        side=config.gate.minimum_side,
        youngest=youngest,
        oldest=oldest,
    )
    rows = {
        said("name"): f"{config.name} {config.version}",
        said("folder"): str(bundle.path),
        said("digest"): bundle.digest,
        said("signature"): _signed(bundle),
        said("model"): model,
        said("class maps"): config.class_maps or said("none"),
        said("temperature"): f"{config.temperature:.3f}",
        said("priors"): ", ".join(f"{finding} {share:.2f}" for finding, share in config.priors.items()),
        said("prediction sets"): ", ".join(percent(level, 0) for level in config.conformal),
        said("gate"): gate,
        said("commissioned"): _commissioned(bundle),
        said("licence"): config.licence,
        said("attribution"): config.attribution,
    }
    table = Table(show_header=False)
    for name, value in rows.items():
        table.add_row(name, Text(value))
    return table


def operating_points(bundle: Bundle) -> Table:
    """Return its operating points and by what each was chosen."""
    table = Table(*headings("operating point", "threshold", "chosen by"))
    for name, point in bundle.config.operating_points.items():
        shown = said("{name} (default)", name=name) if name == bundle.config.default_operating_point else name
        table.add_row(Text(shown), f"{point.threshold:.3f}", Text(point.rule))
    return table


def evidence(bundle: Bundle) -> Table:
    """Return the bundle's metrics on all images, at its operating points, and of its prediction sets."""
    table = Table(*headings("metric", "value (95 % interval)", "images", "data"))
    coverage = select(bundle.evidence, "coverage", coverage=..., finding=...)
    for entry in (*select(bundle.evidence), *select(bundle.evidence, operating_point=...), *coverage):
        name = metric_words(entry, chosen_language())
        table.add_row(*(Text(cell) for cell in (name, str(entry), str(entry.n), entry.data)))
    return table


def _signed(bundle: Bundle) -> str:
    if bundle.digest in SHIPPED:
        return said("shipped with neumo")
    keys = ", ".join(one.key.fingerprint for one in read_signatures(bundle.path))
    return said("by {keys}, not checked here", keys=keys) if keys else said("no")


def _commissioned(bundle: Bundle) -> str:
    site = bundle.site
    if site is None:
        return said("not commissioned here")
    accepted = site.acceptance
    if accepted is None:
        return said("for {site}, accepted by nobody yet", site=site.site)
    return said(
        "for {site}, accepted by {by} ({role}) on {on}, to be reviewed by {review_by}",
        site=site.site,
        by=accepted.by,
        role=accepted.role,
        on=accepted.on,
        review_by=accepted.review_by,
    )
