"""Programs of the system that tests use, and commands run as a user who may not read every file."""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pytest

ABSENT_DATA = "real data absent"
"""Begins the reason of the only skips that CI accepts."""


def require(program: str, package: str) -> str:
    """Return the path of a program on PATH, or skip the test and name the Debian package that holds it."""
    path = shutil.which(program)
    if path is None:
        skip_for_missing(program, package)
    return path


def require_file(pattern: str, package: str) -> Path:
    """Return the last file that matches an absolute glob pattern, or skip the test likewise."""
    found = sorted(Path("/").glob(pattern.removeprefix("/")))
    if not found:
        skip_for_missing(pattern, package)
    return found[-1]


def chromium() -> str:
    """Return the path of a Chromium, if possible of the one without windows, which costs less; or skip the test."""
    for name in ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    skip_for_missing("chromium-headless-shell", "chromium-headless-shell")


def skip_for_missing(what: str, package: str) -> NoReturn:
    """Skip the test: CI fails on this, since `scripts/system_packages.sh` should have installed the package."""
    pytest.skip(f"missing program: {what}; install the Debian package {package} (scripts/system_packages.sh)")


def dciodvfy() -> str:
    """Return the path of the DICOM validator, which comes with the Python package dicom3tools, or skip the test."""
    return shutil.which("dciodvfy", path=str(Path(sys.executable).parent)) or require(
        "dciodvfy", "dicom3tools"
    )


def without_override(command: Sequence[str]) -> list[str]:
    """Return a command that obeys file permissions even where root runs it (util-linux's setpriv)."""
    if os.geteuid() != 0:
        return list(command)
    lost = "-dac_override,-dac_read_search"
    return [require("setpriv", "util-linux"), f"--bounding-set={lost}", f"--inh-caps={lost}", *command]
