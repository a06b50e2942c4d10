"""`neumo bundle info`, `verify` and `install`: looking at bundles, and keeping them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from neumo.bundle.folder import Bundle

_Which = Annotated[
    str | None,
    typer.Argument(
        metavar="[BUNDLE]",
        help="A bundle's folder, or the name of an installed one; the default one when left out.",
    ),
]


def info(bundle: _Which = None) -> None:
    """Show what a bundle is: model, calibration, operating points, prediction sets, gate, provenance."""
    from neumo.bundle.folder import load_bundle
    from neumo.bundle.places import installed_bundles
    from neumo.cli.show import console

    loaded = load_bundle(bundle)
    console.print(_facts(loaded))
    console.print(_operating_points(loaded))
    console.print(f"installed bundles: {', '.join(installed_bundles()) or 'none'}", markup=False)


def verify(bundle: _Which = None) -> None:
    """Check every byte of a bundle against its checksums, and that its graph can be run."""
    from neumo.bundle.folder import load_bundle
    from neumo.cli.show import console
    from neumo.inference.session import Session

    loaded = load_bundle(bundle)
    Session(loaded)
    config = loaded.config
    console.print(
        f"{config.name} {config.version}: all checksums hold\ndigest {loaded.digest}\n{loaded.path}",
        markup=False,
        soft_wrap=True,
    )


def install(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A bundle's folder.")],
) -> None:
    """Keep a bundle where --bundle finds it by its name; another of that name is never replaced."""
    from neumo.bundle.install import install_bundle
    from neumo.cli.show import console

    installed = install_bundle(folder)
    console.print(
        f"installed in {installed.path}\nuse it with --bundle {installed.path.name}, or set "
        f"NEUMO_BUNDLE={installed.path.name}",
        markup=False,
        soft_wrap=True,
    )


def _facts(bundle: "Bundle") -> "Table":
    from rich.table import Table

    config = bundle.config
    youngest, oldest = config.gate.age_years
    rows = {
        "name": f"{config.name} {config.version}",
        "folder": str(bundle.path),
        "digest": bundle.digest,
        "model": f"{len(bundle.model) / 1e6:.1f} MB, input {config.image_size} x {config.image_size}, "
        f"{config.field_in_words}, intensity {config.intensity.value}",
        "class maps": config.class_maps or "none",
        "temperature": f"{config.temperature:.3f}",
        "priors": ", ".join(f"{finding} {share:.2f}" for finding, share in config.priors.items()),
        "prediction sets": ", ".join(f"{level:.0%}" for level in config.conformal),
        "gate": f"distance up to {config.gate.distance:.2f}, sides from {config.gate.minimum_side} px, "
        f"age {youngest:g} to {oldest:g} years",
        "licence": config.licence,
        "attribution": config.attribution,
    }
    table = Table(show_header=False)
    for name, value in rows.items():
        table.add_row(name, _plain(value))
    return table


def _operating_points(bundle: "Bundle") -> "Table":
    from rich.table import Table

    table = Table("operating point", "threshold", "sensitivity", "specificity", "rule")
    for name, point in bundle.config.operating_points.items():
        shown = f"{name} (default)" if name == bundle.config.default_operating_point else name
        table.add_row(
            _plain(shown),
            f"{point.threshold:.3f}",
            f"{point.sensitivity:.3f}",
            f"{point.specificity:.3f}",
            _plain(point.rule),
        )
    return table


def _plain(text: str) -> str:
    """Keep square brackets in a bundle's texts from being taken for markup."""
    from rich.markup import escape

    return escape(text)
