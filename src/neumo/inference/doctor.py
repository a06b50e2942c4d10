"""Self-test of an installation: packages, codecs, bundle, reference readings, speed, threads."""

import importlib
import os
import platform
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

import neumo
from neumo.bundle.folder import Bundle
from neumo.bundle.reference import reference_differences, reference_inputs
from neumo.core.cores import usable_cores
from neumo.core.errors import NeumoError
from neumo.core.message import Message, joined
from neumo.inference.admission import admitted
from neumo.inference.session import Session

_PARTS = ("numpy", "pillow", "onnxruntime", "pydicom", "rich", "typer", "jinja2", "pyyaml")
_PILLOW_CODECS = {"jpg": "JPEG", "zlib": "PNG"}
_JPEG_2000, _SAFE_OPENJPEG = "DICOM JPEG 2000", (2, 5, 4)
"""Formats decoded by Pillow's OpenJPEG, and its first version without CVE-2025-54874."""
_DICOM_CODECS = {
    "pydicom": (Message("DICOM uncompressed, RLE and baseline JPEG"), "pydicom"),
    "gdcm": (Message("DICOM lossless and 12-bit JPEG"), "python-gdcm"),
    "jpeg_ls": ("DICOM JPEG-LS", "pyjpegls"),
}
"""Module that decodes, to what it decodes and the package that holds it."""
_BATCH, _MIN_SECONDS = 8, 0.5
_MIN_RATE = 2.0
"""Images a second below which something is likely to be wrong with the machine or its threads."""


class Outcome(StrEnum):
    """Outcome of a check of `neumo doctor`; only a failure makes the command fail."""

    FINE = "fine"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Check:
    """The outcome of one check.

    Attributes
    ----------
    name : str
        Stable, for programs: install, codecs, bundle, reference, speed, threads.
    outcome : Outcome
    text : str
        What was found, and what to do where it is not fine.
    values : mapping
        The numbers behind it, as plain JSON values.
    """

    name: str
    outcome: Outcome
    text: str
    values: dict[str, Any] = field(default_factory=dict)


def examine(source: Path | str | None = None, threads: int | None = None) -> Iterator[Check]:
    """Run every check, one after the other; nothing raises.

    Parameters
    ----------
    source : Path or str, optional
        Bundle, as for `load_bundle`.
    threads : int, optional
        Of the session; all cores this process may use when left out.
    """
    yield check_install()
    yield check_codecs()
    bundle, checked = check_bundle(source)
    yield checked
    if bundle is not None:
        session, loaded = _session(bundle, threads)
        if session is None:
            yield loaded
        else:
            yield check_reference(bundle, session)
            yield check_speed(bundle, session, threads or usable_cores())
    yield check_threads(threads)


def check_install() -> Check:
    """Versions of neumo, Python and every part that reading needs."""
    versions = {
        "neumo": neumo.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    missing = []
    for name in _PARTS:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        text = Message(
            "missing: {parts}; install with pip install --force-reinstall neumo", parts=", ".join(missing)
        )
        return Check("install", Outcome.FAILED, text, {"versions": versions, "missing": missing})
    said = ", ".join(f"{name} {found}" for name, found in versions.items())
    return Check("install", Outcome.FINE, said, {"versions": versions, "missing": []})


def check_codecs() -> Check:
    """Which image formats and DICOM transfer syntaxes can be decoded, each by the one library that does it."""
    from PIL import features

    readable = {name: bool(features.check(codec)) for codec, name in _PILLOW_CODECS.items()}
    readable |= {name: _loads(module) for module, (name, _) in _DICOM_CODECS.items()}
    readable[_JPEG_2000] = bool(features.check("jpg_2000"))
    lacking = [name for name, able in readable.items() if not able]
    values = {"readable": readable}
    if not lacking:
        openjpeg = str(features.version("jpg_2000"))
        if tuple(int(number) for number in re.findall(r"\d+", openjpeg)) < _SAFE_OPENJPEG:
            text = Message(
                "this Pillow holds OpenJPEG {version}, which has known faults; pip install --upgrade pillow",
                version=openjpeg,
            )
            return Check("codecs", Outcome.WARNING, text, values)
        return Check(
            "codecs", Outcome.FINE, Message("can be read: {formats}", formats=joined(", ", readable)), values
        )
    packages = [package for name, package in _DICOM_CODECS.values() if name in lacking]
    if set(lacking) & {*_PILLOW_CODECS.values(), _JPEG_2000}:
        packages.append("pillow")
    text = Message(
        "cannot be read: {formats}; pip install --force-reinstall {packages}",
        formats=joined(", ", lacking),
        packages=" ".join(packages),
    )
    essential = {*_PILLOW_CODECS.values(), _DICOM_CODECS["pydicom"][0]}
    return Check("codecs", Outcome.FAILED if essential & set(lacking) else Outcome.WARNING, text, values)


def check_bundle(source: Path | str | None) -> tuple[Bundle | None, Check]:
    """Whether the bundle is there, its sums hold, it is signed where that is required, and its trial succeeds."""
    try:
        bundle = admitted(source)
    except NeumoError as error:
        return None, Check("bundle", Outcome.FAILED, error.message)
    config = bundle.config
    text = Message(
        "{name} {version} in {folder}: all checksums hold, digest {digest}",
        name=config.name,
        version=config.version,
        folder=bundle.path,
        digest=bundle.digest[:12],
    )
    if bundle.vouched:
        text = Message("{text}, {vouched}", text=text, vouched=bundle.vouched)
    return bundle, Check(
        "bundle",
        Outcome.FINE,
        text,
        {
            "name": config.name,
            "version": config.version,
            "path": str(bundle.path),
            "digest": bundle.digest,
            "vouched": bundle.vouched,
        },
    )


def check_reference(bundle: Bundle, session: Session) -> Check:
    """Whether the graph answers here what it answered where the bundle was made."""
    logits = session.run(reference_inputs(bundle.config)).logits
    differences = reference_differences(bundle.reference, bundle.config, logits)
    tolerance = float(bundle.reference["tolerance"])
    worst = max(differences, key=lambda name: differences[name])
    values = {"differences": {k: _plain(d) for k, d in differences.items()}, "tolerance": tolerance}
    if differences[worst] == float("inf"):
        text = Message(
            "the reference image {worst} is drawn otherwise than where the bundle was made; install the neumo "
            "version that the bundle's README names",
            worst=worst,
        )
        return Check("reference", Outcome.FAILED, text, values)
    if not differences[worst] <= tolerance:
        text = Message(
            "the reference image {worst} gets a logit that is {difference:.3g} off, more than {tolerance}: "
            "readings of this install cannot be trusted; install another version of onnxruntime",
            worst=worst,
            difference=differences[worst],
            tolerance=tolerance,
        )
        return Check("reference", Outcome.FAILED, text, values)
    text = Message(
        "{count} reference readings reproduced; largest difference of a logit {difference:.2g}",
        count=len(differences),
        difference=differences[worst],
    )
    return Check("reference", Outcome.FINE, text, values)


def check_speed(bundle: Bundle, session: Session, threads: int) -> Check:
    """Images a second of the session, in batches."""
    size = bundle.config.image_size
    images = np.random.default_rng(0).random((_BATCH, 1, size, size), dtype=np.float32)
    session.run(images)
    runs, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < _MIN_SECONDS:
        session.run(images)
        runs += 1
    rate = runs * _BATCH / elapsed
    values = {"images_per_second": round(rate, 2), "batch": _BATCH, "threads": threads}
    said = Message(
        "{rate:.0f} images a second on {threads} threads, decoding not counted", rate=rate, threads=threads
    )
    if rate < _MIN_RATE:
        text = Message(
            "only {rate:.2g} images a second on {threads} threads; is the machine busy, or limited to few cores?",
            rate=rate,
            threads=threads,
        )
        return Check("speed", Outcome.WARNING, text, values)
    return Check("speed", Outcome.FINE, said, values)


def check_threads(threads: int | None) -> Check:
    """Cores of the machine, of this process, and threads asked for."""
    usable, machine = usable_cores(), os.cpu_count() or 1
    used = threads or usable
    values = {"threads": used, "usable_cores": usable, "cores": machine}
    if used > usable:
        text = Message(
            "{used} threads share {usable} cores, which slows reading down; ask for at most {usable}",
            used=used,
            usable=usable,
        )
        return Check("threads", Outcome.WARNING, text, values)
    return Check(
        "threads",
        Outcome.FINE,
        Message(
            "{used} threads; this process may use {usable} of {machine} cores",
            used=used,
            usable=usable,
            machine=machine,
        ),
        values,
    )


def _session(bundle: Bundle, threads: int | None) -> tuple[Session | None, Check]:
    try:
        return Session(bundle, threads), Check("reference", Outcome.FINE, "")
    except NeumoError as error:
        return None, Check("reference", Outcome.FAILED, error.message)


def _loads(module: str) -> bool:
    try:
        importlib.import_module(module)
    except Exception:  # a broken binary package may raise anything while it loads
        return False
    return True


def _plain(number: float) -> float | None:
    return number if np.isfinite(number) else None
