"""The server's settings: what the YAML file may hold, and its defaults."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from neumo.core.user_folders import data_folder
from neumo.imaging.limits import MAX_FILE_BYTES
from neumo.texts.language import DEFAULT, Language

_MIB = 2**20
_DAY_HOURS = 24
Port = Annotated[int, Field(ge=0, le=65535)]
"""0 lets the operating system choose a free one."""
Seconds = Annotated[float, Field(gt=0, le=3600)]


def default_data_folder() -> Path:
    """Return neumo/web in the user's data folder. Raises ConfigError for a user without a home."""
    return data_folder("web", "give --data")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ListenConfig(_Section):
    """Where the server is reached."""

    host: str = "127.0.0.1"
    """Address to listen on; any other than loopback asks everybody to log in."""
    port: Port = 8000
    names: tuple[str, ...] = ()
    """Further host names by which people reach the server; others are not answered."""
    certificate: Path | None = None
    """PEM file for HTTPS, with `key`."""
    key: Path | None = None
    proxies: tuple[str, ...] = ()
    """Addresses of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."""
    connections: Annotated[int, Field(ge=8)] = 400
    """Requests at once; further ones get 503."""
    patience: Seconds = 30
    """In which the head of a request, and the body of one that is no upload, must have come."""

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("give both certificate and key, or neither")
        return self


class ReadConfig(_Section):
    """The readers, each in a process of its own."""

    bundle: str | None = None
    operating_point: str | None = None
    coverage: float = 0.90
    allow_outside_range: bool = False
    processes: Annotated[int, Field(ge=1, le=16)] = 1
    threads: Annotated[int, Field(ge=1)] | None = None
    """Of each process; null is all cores."""
    timeout: Seconds = 120
    """For one file, after which its process is killed."""
    memory_bytes: Annotated[int, Field(ge=512 * _MIB)] | None = 4096 * _MIB
    """What a process may take beyond what it has once its network is loaded; enforced on Linux. null is no limit."""


class Limits(_Section):
    """What one request, or all of them, may take."""

    file_bytes: Annotated[int, Field(ge=1024, le=MAX_FILE_BYTES)] = 256 * _MIB
    request_bytes: Annotated[int, Field(ge=1024)] = 1024 * _MIB
    files: Annotated[int, Field(ge=1, le=1000)] = 100
    """In one request."""
    waiting: Annotated[int, Field(ge=1)] = 200
    """Files that wait to be read, from which on uploads get 503."""
    idle: Seconds = 30
    """In which a body must go on coming."""
    free_bytes: Annotated[int, Field(ge=0)] = 512 * _MIB
    """Free space of the data folder below which uploads get 507."""


class Retention(_Section):
    """How long what shows a patient is kept; readings and decisions stay in the archive."""

    pixels_days: Annotated[float, Field(ge=0)] | None = 30
    """Pixels, heat maps and DICOM headers; null keeps them for ever. Uploaded files go as soon as they are read."""


class Sessions(_Section):
    """Logging in."""

    required: bool = False
    """Ask for a login on loopback too; it is always asked for elsewhere, and as soon as there are users."""
    hours: Annotated[float, Field(gt=0, le=30 * _DAY_HOURS)] = 12
    """After which a session ends, whatever is done in it."""
    attempts: Annotated[int, Field(ge=1, le=100)] = 5
    """Wrong passwords for one name, or from one address, before both have to wait."""


class OidcConfig(_Section):
    """A provider of accounts (OpenID Connect); whom it knows must have been added by `neumo user add`."""

    issuer: str
    """As the provider calls itself, such as https://login.hospital.example/realms/staff."""
    client_id: str
    secret_file: Path
    """Holds the client's secret, readable by the server alone."""
    claim: str = "email"
    """Of the ID token, that is the name here; an e-mail address must be verified."""
    scopes: tuple[str, ...] = ("openid", "email")

    @field_validator("issuer")
    @classmethod
    def _safe(cls, issuer: str) -> str:
        parts = urlsplit(issuer)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
            raise ValueError("use an https address")
        return issuer


class WebConfig(_Section):
    """Everything that `neumo serve` can be told."""

    data: Path = Field(default_factory=default_data_folder)
    """Folder of uploads, kept pixels, users and, unless `archive` is given, the archive."""
    archive: str | None = None
    """URL of the archive: sqlite:///FILE or postgresql://HOST/NAME; archive.db in `data` when left out."""
    runs: Path | None = None
    """Folder of runs for the research view."""
    language: Language = DEFAULT
    """Where neither the person nor the browser asks for one."""
    blinded: Literal["choice", "always"] = "choice"
    """"always" withholds the answer of every reading from each person until that person has decided."""
    listen: ListenConfig = ListenConfig()
    read: ReadConfig = ReadConfig()
    limits: Limits = Limits()
    retention: Retention = Retention()
    sessions: Sessions = Sessions()
    oidc: OidcConfig | None = None
    """Log in with an account elsewhere, too."""

    @property
    def archive_url(self) -> str:
        """URL of the archive that is meant."""
        return self.archive or f"sqlite:///{self.data / 'archive.db'}"
