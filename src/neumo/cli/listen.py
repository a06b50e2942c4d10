"""`neumo listen`: the DICOM node, until it is told to stop."""

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from neumo.cli.show import require_archive_extra, require_dicom_extra


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
    bundle: Annotated[
        str | None, typer.Option("--bundle", help="A bundle's folder or installed name.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any other setting, in YAML.")
    ] = None,
    retry_set_aside: Annotated[
        bool, typer.Option("--retry-set-aside", help="Try once more what earlier was set aside.")
    ] = False,
) -> None:
    """Receive radiographs by DICOM, read them, and send the results back. Logs are JSON lines on standard error."""
    require_dicom_extra("neumo listen")
    from neumo.dicomnode.config_file import load_config
    from neumo.dicomnode.node import running
    from neumo.dicomnode.ops.logs import log_to

    options = {
        "data": None if data is None else str(data),
        "receive.ae_title": ae_title,
        "receive.host": host,
        "receive.port": port,
        "read.bundle": bundle,
    }
    resolved = load_config(config, settings or [], options)
    if resolved.archive is not None:
        require_archive_extra("neumo listen, archive")
    log_to(sys.stderr)
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: told.set())
    with running(resolved, reconsider=retry_set_aside):
        told.wait()
    _leave()


def _leave() -> None:
    """End now, whatever an archive that does not answer keeps a thread waiting for: all is on disk."""
    waiting = [
        thread
        for thread in threading.enumerate()
        if thread is not threading.main_thread() and not thread.daemon and thread.is_alive()
    ]
    if waiting:
        sys.stderr.flush()
        os._exit(0)
