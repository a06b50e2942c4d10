"""`neumo sample`: three radiographs to try neumo with."""

from pathlib import Path
from typing import Annotated

import typer

from neumo.texts.translation import said

app = typer.Typer()


@app.command()
def sample(
    target: Annotated[Path, typer.Argument(metavar="[DIR]", help="Folder to write them to.")] = Path(
        "samples"
    ),
) -> None:
    """Write three radiographs to try neumo with: normal, bacterial and viral pneumonia.

    They come from the training images of the public data set (Kermany et al., CC BY 4.0), so the reader has
    seen them before: they show how neumo works, not how well.
    """
    from neumo.samples import write_samples

    written = write_samples(target)
    names = ", ".join(path.name for path in written)
    typer.echo(said("{target}: {names} (training images, CC BY 4.0)", target=target, names=names))
    typer.echo(said("Read them: neumo read {target}", target=target))
