"""`neumo papers`: what hospitals, journals and regulators ask for, written from a bundle and the settings."""

from pathlib import Path
from typing import Annotated

import typer

from neumo.cli.show import require_extra, say

app = typer.Typer()


@app.command()
def papers(
    bundle: Annotated[
        str | None,
        typer.Argument(
            metavar="[BUNDLE]",
            help="A bundle's folder, or the name of an installed one; the default one when left out.",
        ),
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the papers.")] = Path("papers"),
    site: Annotated[
        Path | None,
        typer.Option("--site", metavar="DIR", help="Folder of neumo commission: its accepted bundle."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings file of the node; see examples/node.yaml.")
    ] = None,
) -> None:
    """Write model facts, model card, CLAIM and TRIPOD+AI, data sheet, DICOM and IHE statements, and EU provisions.

    In English and Spanish, as HTML, Markdown and PDF. Numbers come from the bundle and the settings; what only people
    know is left open and marked.
    """
    require_extra("dicom", "neumo papers")
    from neumo.bundle.folder import load_bundle
    from neumo.core.errors import ConfigError
    from neumo.core.settings import load_settings
    from neumo.dicomnode.config import NodeConfig
    from neumo.papers.subject import Subject
    from neumo.papers.write import write_papers

    if site is not None and bundle is not None:
        raise ConfigError("--site: names the bundle already; leave BUNDLE out")
    source = bundle
    if site is not None:
        source = str(next((site / name for name in ("bundle", "proposal") if (site / name).is_dir()), site))
    node = load_settings(NodeConfig, config, [], {"data": "node"} if config is None else {})
    written = write_papers(Subject(load_bundle(source, check_trust=False), node, config), out)
    say("{folder}: {count} files written", folder=out, count=len(written))
