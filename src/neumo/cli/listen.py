"""`neumo listen`: the DICOM node, until a signal stops it."""

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from neumo.cli import options
from neumo.cli.show import require_extra

app = typer.Typer()


@app.command()
def listen(
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings file; see examples/node.yaml.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder for objects, results and the queue.")
    ] = None,
    ae_title: Annotated[str | None, typer.Option("--ae-title", help="The node's AE title.")] = None,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port to listen on; 0 takes a free one.")] = None,
    bundle: options.Bundle = None,
    settings: options.Settings = None,
    retry_set_aside: Annotated[
        bool, typer.Option("--retry-set-aside", help="Try once more what earlier was set aside.")
    ] = False,
) -> None:
    """Receive radiographs by DICOM, read them, and send the results back. Logs are JSON lines on standard error."""
    require_extra("dicom", "neumo listen")
    from neumo.core.logging import log_to
    from neumo.core.settings import load_settings
    from neumo.dicomnode.config import NodeConfig
    from neumo.dicomnode.node import running

    given = {
        "data": None if data is None else str(data),
        "receive.ae_title": ae_title,
        "receive.host": host,
        "receive.port": port,
        "read.bundle": bundle,
    }
    resolved = load_settings(NodeConfig, config, settings or [], given)
    if resolved.archive is not None:
        require_extra("archive", "neumo listen, archive")
    log_to(sys.stderr)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    with running(resolved, reconsider=retry_set_aside):
        stop.wait()
    _exit()


def _exit() -> None:
    """End the process even where a thread still waits for an archive that does not answer: all is on disk."""
    waiting = [
        thread
        for thread in threading.enumerate()
        if thread is not threading.main_thread() and not thread.daemon and thread.is_alive()
    ]
    if waiting:
        sys.stderr.flush()
        os._exit(0)
