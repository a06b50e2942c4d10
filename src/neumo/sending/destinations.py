"""Settings of the archives that objects are sent to, and of DICOM over TLS."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from neumo.core.message import Message
from neumo.core.typed_values import between, matching
from neumo.results.kinds import Kind

AeTitle = Annotated[
    str,
    matching(
        r"[!-\[\]-~]([ -\[\]-~]{0,14}[!-\[\]-~])?",
        Message("of 1-16 printable ASCII characters without backslash"),
    ),
]
"""PS3.5 section 6.2, AE."""
Seconds = Annotated[float, between(above=0, most=86_400)]
Name = Annotated[
    str,
    matching(
        r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
        Message("of 1-64 letters, digits, dots, underscores and hyphens (no first hyphen)"),
    ),
]


@dataclass(frozen=True, kw_only=True)
class TlsConfig:
    """Certificates for DICOM over TLS (PS3.15 annex B)."""

    certificate: Path
    """PEM file with this side's certificate, and the intermediate ones."""
    key: Path
    """PEM file with its private key."""
    ca: Path | None = None
    """PEM file with the authorities that the other side's certificate must come from.

    A server with it asks every sender for a certificate; a client without it trusts the system's authorities.
    """


@dataclass(frozen=True, kw_only=True)
class _Destination:
    name: Name
    objects: tuple[Kind, ...] = ()
    """Kinds of objects that it gets; none means the usual ones: sr and sc of a node, sr of the workbench."""
    timeout: Seconds = 60
    """In seconds for an association, and for each answer."""


@dataclass(frozen=True, kw_only=True)
class CStoreDestination(_Destination):
    """An archive that takes C-STORE."""

    kind: Literal["c-store"]
    ae_title: AeTitle
    host: str
    port: Annotated[int, between(1, 65535)]
    tls: TlsConfig | None = None


@dataclass(frozen=True, kw_only=True)
class StowDestination(_Destination):
    """An archive that takes STOW-RS."""

    kind: Literal["stow-rs"]
    url: Annotated[str, matching(r"https?://[^\s/?#]+\S*", Message("that is an http or https address"))]
    """URL of the DICOMweb service, such as http://localhost:8042/dicom-web."""
    user: str | None = None
    password_file: Path | None = None
    """File whose first line is the password; passwords stay out of this file and of the process list."""
    ca: Path | None = None


Destination = CStoreDestination | StowDestination
