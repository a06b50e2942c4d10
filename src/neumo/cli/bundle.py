"""`neumo bundle`: show, verify, install and export bundles, and put metrics on their model cards."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neumo.cli import options
from neumo.core.errors import ConfigError
from neumo.core.message import Message
from neumo.texts.catalogue import percent
from neumo.texts.translation import headings, metric_name, said

if TYPE_CHECKING:
    from rich.table import Table

    from neumo.bundle.folder import Bundle

app = typer.Typer(
    name="bundle", help="Bundles: look at, verify, sign, install, export.", no_args_is_help=True
)

_Which = Annotated[
    str | None,
    typer.Argument(
        metavar="[BUNDLE]",
        help="A bundle's folder, or the name of an installed one; the default one when left out.",
    ),
]
_Trusted = Annotated[
    Path | None,
    typer.Option(
        "--trusted",
        metavar="KEYS",
        help="File of trusted keys, one of which must have signed the bundle; else $NEUMO_TRUSTED_KEYS.",
    ),
]
_Passphrase = Annotated[
    Path | None,
    typer.Option("--passphrase", metavar="FILE", help="File whose first line is the passphrase of the key."),
]
_Out = Annotated[Path, typer.Option("--out", help="New folder for the bundle.")]


@app.command()
def info(bundle: _Which = None) -> None:
    """Show what a bundle is: model, calibration, operating points, prediction sets, gate, and what was measured."""
    from neumo.bundle.folder import load_bundle
    from neumo.bundle.places import installed_bundles
    from neumo.cli.show import console, say

    loaded = load_bundle(bundle, check_trust=False)
    console.print(_facts(loaded))
    console.print(_operating_points(loaded))
    if loaded.evidence:
        console.print(_evidence(loaded))
    say("installed bundles: {names}", names=", ".join(installed_bundles()) or Message("none"))


@app.command()
def verify(bundle: _Which = None, trusted: _Trusted = None) -> None:
    """Check every byte of a bundle against its checksums, its signature, and that it gives its reference readings.

    The graph is run in a process of its own, with limits on time and memory.
    """
    from neumo.bundle.folder import load_bundle
    from neumo.cli.show import say
    from neumo.inference.bundle_trial import try_bundle

    loaded = load_bundle(bundle, trusted=trusted)
    outcome, config = try_bundle(loaded.path, digest=loaded.digest), loaded.config
    say(
        "{name} {version}: all checksums hold; {outcome}\n{vouched}\ndigest {digest}\n{folder}",
        name=config.name,
        version=config.version,
        outcome=outcome,
        vouched=loaded.vouched or Message("no signature is required"),
        digest=loaded.digest,
        folder=loaded.path,
    )


@app.command()
def keygen(
    file: Annotated[
        Path, typer.Argument(metavar="KEY", help="New file of the key; KEY.pub is made beside it.")
    ],
    name: Annotated[str, typer.Option("--name", help="Whose key it is, as others shall read it.")],
    passphrase: _Passphrase = None,
) -> None:
    """Make a key to sign with (Ed25519), which only its owner may read, and the line by which others trust it."""
    from neumo.cli.show import say
    from neumo.core.signatures import PUBLIC_SUFFIX, make_key

    made = make_key(file, name, _passphrase_in(passphrase))
    say(
        "{file}: keep it secret; whoever has it signs as {name}\n"
        "{public}: give this line to those who shall trust it (fingerprint {fingerprint})\n{line}",
        file=file,
        name=name,
        public=f"{file}{PUBLIC_SUFFIX}",
        fingerprint=made.fingerprint,
        line=made.line,
    )


@app.command()
def sign(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="Folder of a bundle.")],
    key: Annotated[Path, typer.Option("--key", metavar="KEY", help="Key of neumo bundle keygen.")],
    passphrase: _Passphrase = None,
) -> None:
    """Sign a bundle: vouch for every byte of it. The signature lies in its folder; others' signatures stay."""
    from neumo.bundle.folder import load_bundle
    from neumo.bundle.signing import SIGNATURES, add_signature
    from neumo.cli.show import say
    from neumo.core.signatures import is_encrypted

    secret = _passphrase_in(passphrase)
    if secret is None and is_encrypted(key):
        if not sys.stdin.isatty():
            raise ConfigError("{key}: is encrypted; give its passphrase by --passphrase FILE", key=key)
        secret = typer.prompt(said("passphrase of {key}", key=key), hide_input=True, err=True).encode()
    loaded = load_bundle(bundle, check_trust=False)
    made = add_signature(loaded.path, loaded.digest, key, secret)
    say(
        "{file}: signed digest {digest}\nwith the key {fingerprint}",
        file=loaded.path / SIGNATURES,
        digest=loaded.digest,
        fingerprint=made.key.fingerprint,
    )


@app.command()
def install(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A bundle's folder.")],
    trusted: _Trusted = None,
) -> None:
    """Copy a bundle to where --bundle finds it by its name; another of that name is never replaced."""
    from neumo.bundle.folder import load_bundle
    from neumo.bundle.install import install_bundle
    from neumo.cli.show import say
    from neumo.inference.bundle_trial import remember, try_bundle

    try_bundle(folder, digest=load_bundle(folder, trusted=trusted).digest)
    installed = install_bundle(folder, trusted)
    remember(installed.digest)
    name = installed.path.name
    say(
        "installed in {folder}\nuse it with --bundle {name}, or set NEUMO_BUNDLE={name}",
        folder=installed.path,
        name=name,
    )


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    out: _Out,
    fold: Annotated[
        list[Path] | None,
        typer.Option("--fold", help="Run of the same recipe on one fold; repeat it for every fold."),
    ] = None,
    name: Annotated[str, typer.Option("--name", help="Name of the bundle.")] = "neumo",
    version: Annotated[str, typer.Option("--version", help="Version of the bundle.")] = "1",
    data: options.MovedDataset = None,
) -> None:
    """Make a bundle of a run: graph, calibration and gate from held-out folds, model card, checksums."""
    from neumo.cli.show import require_extra, say, warn

    require_extra("train", "neumo bundle export")
    from neumo.export.bundle import MAX_BUNDLE_BYTES, export_bundle

    exported = export_bundle(run, fold or [], out, name=name, version=version, data=data)
    parity, decisions = exported.parity, exported.decisions
    size, digest = exported.size / 1e6, exported.bundle.digest[:12]
    say("{out}: {size:.1f} MB, digest {digest}", out=out, size=size, digest=digest)
    say(
        "ONNX against torch on {images} radiographs: largest difference {logits:.4f} in a logit, "
        "{probabilities:.4f} in a probability, {changed} findings changed",
        images=parity.images,
        logits=parity.logits,
        probabilities=parity.probabilities,
        changed=parity.findings_changed,
    )
    say(
        "temperature {temperature:.3f}; calibration error on held-out images {before:.3f} before, {after:.3f} after",
        temperature=decisions.temperature,
        before=decisions.error_before,
        after=decisions.error_after,
    )
    if not fold:
        warn("calibrated on the run's own validation images; give fold runs with --fold for more")
    if exported.size > MAX_BUNDLE_BYTES:
        warn("larger than the {most:.0f} MB that may travel in the package", most=MAX_BUNDLE_BYTES / 1e6)


@app.command()
def card(
    bundle: Annotated[Path, typer.Argument(help="Folder of a bundle.")],
    figures: Annotated[Path, typer.Option("--figures", help="figures.json of neumo evaluate BUNDLE.")],
    out: _Out,
    corruptions: Annotated[
        Path | None, typer.Option("--corruptions", help="corruptions.json of neumo evaluate BUNDLE.")
    ] = None,
    explanations: Annotated[
        Path | None,
        typer.Option(
            "--explanations", help="explanations.json of neumo evaluate BUNDLE: readings warn of failures."
        ),
    ] = None,
    sources: Annotated[
        Path | None, typer.Option("--sources", help="sources.json of neumo evaluate BUNDLE --by source.")
    ] = None,
) -> None:
    """Copy a bundle with measured metrics on its model card."""
    from neumo.cli.show import require_extra, say

    require_extra("train", "neumo bundle card")
    from neumo.export.bundle import bundle_with_metrics

    made = bundle_with_metrics(
        bundle, figures, out, corruptions=corruptions, explanations=explanations, sources=sources
    )
    say("{out}: digest {digest}", out=out, digest=made.digest[:12])


@app.command()
def export_monai(
    bundle: Annotated[str, typer.Argument(help="A bundle's folder, or the name of an installed one.")],
    out: Annotated[Path, typer.Argument(metavar="DIR", help="New folder, named as the model.")],
) -> None:
    """Write a bundle in the layout of a MONAI Bundle; it holds the network, not the gate."""
    from neumo.cli.show import say, warn
    from neumo.export.monai import export_monai as write

    source = write(bundle, out)
    say(
        "{out}: {name} {version} as a MONAI Bundle (ONNX; no model.pt)",
        out=out,
        name=source.config.name,
        version=source.config.version,
    )
    warn("it refuses no image: the gate, prediction sets and operating points stay with neumo read")


def _passphrase_in(file: Path | None) -> bytes | None:
    from neumo.core.keys import read_secret

    return None if file is None else read_secret(file, "--passphrase").encode()


def _signed(bundle: "Bundle") -> str:
    from neumo.bundle.signing import SHIPPED, read_signatures

    if bundle.digest in SHIPPED:
        return said("shipped with neumo")
    keys = ", ".join(one.key.fingerprint for one in read_signatures(bundle.path))
    return said("by {keys}, not checked here", keys=keys) if keys else said("no")


def _commissioned(bundle: "Bundle") -> str:
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


def _facts(bundle: "Bundle") -> "Table":
    from rich.table import Table
    from rich.text import Text

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


def _evidence(bundle: "Bundle") -> "Table":
    """Return what the bundle states of all images as they are, at its operating points, and of its sets."""
    from rich.table import Table
    from rich.text import Text

    from neumo.core.evidence import select

    table = Table(*headings("metric", "value (95 % interval)", "images", "data"))
    coverage = select(bundle.evidence, "coverage", coverage=..., finding=...)
    for entry in (*select(bundle.evidence), *select(bundle.evidence, operating_point=...), *coverage):
        conditions = entry.conditions
        name = metric_name(entry.metric)
        if "operating_point" in conditions:
            name = said("{metric} at {point}", metric=name, point=conditions["operating_point"])
        if "coverage" in conditions:
            name = said(
                "{metric} of {level:.0%} sets, {finding}",
                metric=name,
                level=conditions["coverage"],
                finding=conditions["finding"] or Message("all"),
            )
        table.add_row(*(Text(cell) for cell in (name, str(entry), str(entry.n), entry.data)))
    return table


def _operating_points(bundle: "Bundle") -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(*headings("operating point", "threshold", "chosen by"))
    for name, point in bundle.config.operating_points.items():
        shown = said("{name} (default)", name=name) if name == bundle.config.default_operating_point else name
        table.add_row(Text(shown), f"{point.threshold:.3f}", Text(point.rule))
    return table
