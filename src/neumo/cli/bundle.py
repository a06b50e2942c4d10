"""`neumo bundle`: show, verify, install and export bundles, and put metrics on their model cards."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from neumo.cli import options
from neumo.cli.bundle_import import import_bundle
from neumo.core.errors import ConfigError
from neumo.core.message import Message
from neumo.texts.translation import said

app = typer.Typer(
    name="bundle", help="Bundles: look at, verify, sign, install, export.", no_args_is_help=True
)

app.command("import")(import_bundle)

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
    from neumo.cli.bundle_facts import evidence, facts, operating_points
    from neumo.cli.show import console, say

    loaded = load_bundle(bundle, check_trust=False)
    console.print(facts(loaded))
    console.print(operating_points(loaded))
    if loaded.evidence:
        console.print(evidence(loaded))
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
    from neumo.core.signing_keys import PUBLIC_SUFFIX, make_key

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
    from neumo.core.signing_keys import is_encrypted

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
    ages: Annotated[
        str,
        typer.Option(
            "--ages",
            metavar="FROM-TO",
            help="Ages in years to read by default, within those of the training images.",
        ),
    ] = "",
    data: options.MovedDataset = None,
) -> None:
    """Make a bundle of a run: graph, calibration and gate from held-out folds, model card, checksums."""
    from neumo.cli.show import require_extra, say, warn

    require_extra("train", "neumo bundle export")
    from neumo.export.bundle import MAX_BUNDLE_BYTES, export_bundle

    exported = export_bundle(
        run, fold or [], out, name=name, version=version, ages=options.age_range(ages), data=data
    )
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
def training_images(
    data: options.Dataset,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="New file, such as training.npz.")],
    bundle: _Which = None,
) -> None:
    """List the training images of a bundle that was exported without their digests and fingerprints."""
    from neumo.cli.show import require_extra, say

    require_extra("train", "neumo bundle training-images")
    from neumo.bundle.folder import load_bundle
    from neumo.export.training_images import list_training_images

    count = list_training_images(out, load_bundle(bundle, check_trust=False), data)
    say("{out}: digests and fingerprints of {images} training images", out=out, images=count)


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
