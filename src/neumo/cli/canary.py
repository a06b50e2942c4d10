"""`neumo canary`: a known radiograph through a whole running node."""

from pathlib import Path
from typing import Annotated

import typer

from neumo.cli import options
from neumo.cli.show import require_extra, say, warn

app = typer.Typer()


@app.command()
def canary(
    config: Annotated[Path, typer.Option("--config", help="Settings file of the node, which has a canary.")],
    film: Annotated[
        Path | None, typer.Option("--film", help="DICOM file or picture; a packaged sample by default.")
    ] = None,
    expected: Annotated[
        Path | None,
        typer.Option("--expected", help="What its result should be; in the node's data folder by default."),
    ] = None,
    learn: Annotated[
        bool, typer.Option("--learn", help="Write what comes back as what is expected; look at it.")
    ] = False,
    tolerance: Annotated[
        float, typer.Option("--tolerance", min=0, help="Of the probability of pneumonia.")
    ] = 0.002,
    levels: Annotated[
        float, typer.Option("--levels", min=0, help="Of each field of the heat map's digest, 0-255.")
    ] = 4.0,
    wait: Annotated[float, typer.Option("--wait", min=1, help="Seconds for the results to come back.")] = 300,
    settings: options.Settings = None,
    lang: options.Lang = None,
) -> None:
    """Send a known radiograph to a node by C-STORE, and compare what the node sends back with what is expected.

    Status 0: all is as expected. Status 1: it is not, or nothing came back. Status 2: a setting or file cannot be used.
    """
    require_extra("dicom", "neumo canary")
    import hashlib

    from neumo.core.errors import NodeError, ResultError
    from neumo.core.settings import load_settings
    from neumo.dicomnode.canary.expected import differences, read_expected, result_of, write_expected
    from neumo.dicomnode.canary.film import canary_object
    from neumo.dicomnode.canary.run import send_canary
    from neumo.dicomnode.config import NodeConfig
    from neumo.dicomnode.ops.canary_state import write_state
    from neumo.samples import sample_files

    node = load_settings(NodeConfig, config, settings or [])
    chosen = film or sample_files()[1]
    digest = hashlib.sha256(chosen.read_bytes()).hexdigest()
    known = expected or node.data / "canary-expected.json"
    wanted = None if learn else read_expected(known, digest)
    faults: list[str] = []
    seconds = 0.0
    try:
        objects, seconds = send_canary(node, canary_object(chosen), wait)
        result = result_of(objects)
    except (NodeError, ResultError) as error:
        write_state(node.canary_state, wait, [str(error)])
        warn(error.message)
        raise typer.Exit(1) from error
    if wanted is not None:
        faults = [*differences(wanted, result, probability=tolerance, levels=levels)]
    else:
        write_expected(known, result, digest)
    write_state(node.canary_state, seconds, faults)
    answer = "" if result.pneumonia is None else f"{result.verdict}, {result.pneumonia:.4f}"
    say("{seconds:.1f} s: {status} {answer}", seconds=seconds, status=result.status, answer=answer)
    for fault in faults:
        warn(fault)
    if wanted is None:
        say("learnt into {file}; look at the answer before you rely on it", file=known)
    if faults:
        raise typer.Exit(1)
