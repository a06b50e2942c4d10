"""`neumo bundle export`, `card` and `export-monai`: a run as a bundle, figures on its card, and MONAI's layout."""

from pathlib import Path
from typing import Annotated

import typer

from neumo.cli.show import console, require_train_extra


def export(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    out: Annotated[Path, typer.Option("--out", help="New folder for the bundle.")],
    fold: Annotated[
        list[Path] | None,
        typer.Option("--fold", help="Run of the same recipe on one fold; repeat it for every fold."),
    ] = None,
    name: Annotated[str, typer.Option("--name", help="Name of the bundle.")] = "neumo",
    version: Annotated[str, typer.Option("--version", help="Version of the bundle.")] = "1",
    data: Annotated[
        Path | None, typer.Option("--data", help="Where the run's data set lies now, if it moved.")
    ] = None,
) -> None:
    """Make a bundle of a run: graph, calibration and gate from held-out folds, model card, checksums."""
    require_train_extra("neumo bundle export")
    from neumo.export.bundle import LARGEST_BUNDLE, export_bundle

    exported = export_bundle(
        run,
        fold or [],
        out,
        name=name,
        version=version,
        data=data,
    )
    parity, decisions = exported.parity, exported.decisions
    console.print(
        f"{out}: {exported.size / 1e6:.1f} MB, digest {exported.bundle.digest[:12]}\n"
        f"ONNX against torch on {parity.images} radiographs: largest difference {parity.logits:.4f} in a logit, "
        f"{parity.probabilities:.4f} in a probability, {parity.findings_changed} findings changed\n"
        f"temperature {decisions.temperature:.3f}; calibration error on held-out images "
        f"{decisions.error_before:.3f} before, {decisions.error_after:.3f} after",
        soft_wrap=True,
    )
    if not fold:
        console.print(
            "[yellow]decided on the run's own validation images; give fold runs with --fold for more[/]"
        )
    if exported.size > LARGEST_BUNDLE:
        console.print(
            f"[yellow]larger than the {LARGEST_BUNDLE / 1e6:.0f} MB that may travel in the package[/]"
        )


def card(
    bundle: Annotated[Path, typer.Argument(help="Folder of a bundle.")],
    figures: Annotated[Path, typer.Option("--figures", help="figures.json of neumo evaluate BUNDLE.")],
    out: Annotated[Path, typer.Option("--out", help="New folder for the bundle with the new card.")],
    corruptions: Annotated[
        Path | None, typer.Option("--corruptions", help="corruptions.json of neumo evaluate BUNDLE.")
    ] = None,
    explanations: Annotated[
        Path | None,
        typer.Option(
            "--explanations", help="explanations.json of neumo evaluate BUNDLE: readings warn of failures."
        ),
    ] = None,
) -> None:
    """Copy a bundle with measured figures on its model card."""
    require_train_extra("neumo bundle card")
    from neumo.export.bundle import bundle_with_figures

    made = bundle_with_figures(bundle, figures, out, corruptions=corruptions, explanations=explanations)
    console.print(f"{out}: digest {made.digest[:12]}", soft_wrap=True)


def export_monai(
    bundle: Annotated[str, typer.Argument(help="A bundle's folder, or the name of an installed one.")],
    out: Annotated[Path, typer.Argument(metavar="DIR", help="New folder, named as the model.")],
) -> None:
    """Write a bundle in the layout of a MONAI Bundle; it holds the network, not the gate."""
    from neumo.export.monai import export_monai as export

    source = export(bundle, out)
    console.print(
        f"{out}: {source.config.name} {source.config.version} as a MONAI Bundle (ONNX; no model.pt)\n"
        "[yellow]it refuses no image: the gate, prediction sets and operating points stay with neumo read[/]",
        soft_wrap=True,
    )
