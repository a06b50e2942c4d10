"""`neumo serve`: the workbench in a browser, until a signal stops it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from neumo.cli import options
from neumo.cli.show import require_extra, say
from neumo.texts.translation import said

app = typer.Typer()


@app.command()
def serve(
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings file; see examples/serve.yaml.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder for uploads, stored pixels, users and the archive.")
    ] = None,
    archive: Annotated[str | None, typer.Option("--archive", help="URL of the archive's database.")] = None,
    host: Annotated[
        str | None, typer.Option("--host", help="Address to listen on; any but loopback needs users.")
    ] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port to listen on; 0 takes a free one.")] = None,
    bundle: options.Bundle = None,
    runs: Annotated[
        Path | None, typer.Option("--runs", help="Folder of runs, for the research view.")
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the workbench in the browser.")
    ] = True,
    settings: options.Settings = None,
) -> None:
    """Serve the workbench and its API. Not a medical device. Logs are JSON lines on standard error."""
    require_extra("web", "neumo serve")
    from neumo.core.logging import log_to
    from neumo.core.settings import load_settings
    from neumo.web.config import WebConfig
    from neumo.web.server import serve as run

    given = {
        "data": None if data is None else str(data),
        "archive": archive,
        "listen.host": host,
        "listen.port": port,
        "read.bundle": bundle,
        "runs": None if runs is None else str(runs),
    }
    resolved = load_settings(WebConfig, config, settings or [], given)
    log_to(sys.stderr)
    if not resolved.listen.loopback and resolved.listen.certificate is None and not resolved.listen.proxies:
        told = said(
            "warning: passwords and radiographs cross the network in clear; give listen.certificate and listen.key, "
            "or put a proxy with TLS before it and name it in listen.proxies"
        )
        typer.echo(told, err=True)

    def announce(address: str) -> None:
        say("The workbench is at {address} (Ctrl+C ends it)", address=address)
        if browser and resolved.listen.loopback:
            import webbrowser

            webbrowser.open(address)

    run(resolved, announce)
