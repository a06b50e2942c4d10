"""Settings of `neumo serve`: keys of the YAML file, with defaults and bounds."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from neumo.core.errors import ConfigError
from neumo.core.hosts import is_network
from neumo.core.message import Message
from neumo.core.typed_values import Allowed, between
from neumo.core.user_folders import data_folder
from neumo.imaging.limits import MAX_FILE_BYTES
from neumo.sending.destinations import AeTitle, Destination
from neumo.texts.language import DEFAULT, Language
from neumo.worker.config import ReaderConfig

_MIB = 2**20
_DAY_HOURS = 24
Port = Annotated[int, between(0, 65535)]
"""0 lets the operating system choose a free one."""
Seconds = Annotated[float, between(above=0, most=3600)]


def default_data_folder() -> Path:
    """Return neumo/web in the user's data folder. Raises ConfigError for a user without a home."""
    return data_folder("web", Message("give --data"))


@dataclass(frozen=True, kw_only=True)
class ListenConfig:
    """Addresses, TLS and proxies of the HTTP server."""

    host: str = "127.0.0.1"
    """Address to listen on; any other than loopback asks everybody to log in."""
    port: Port = 8000
    names: tuple[str, ...] = ()
    """Further host names by which people reach the server; others are not answered."""
    certificate: Path | None = None
    """PEM file for HTTPS, with `key`."""
    key: Path | None = None
    proxies: tuple[Annotated[str, Allowed(Message("that is an address or a network"), is_network)], ...] = ()
    """Addresses or networks of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."""
    connections: Annotated[int, between(8)] = 400
    """Concurrent requests; further ones get 503."""
    silent: Annotated[int, between(4)] = 100
    """Connections of one address (IPv6: a /64) without a whole request; beyond it the longest silent is closed.

    Proxies that are named may have as many as all together, which is the number of `connections`.
    """
    streams: Annotated[int, between(1)] = 100
    """Pages at once that are told of new readings; further ones are told when they are opened."""
    patience: Seconds = 30
    """Timeout of the head of a request, and of the body of one that is no upload."""

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    def address(self, port: int) -> str:
        """Return the URL under which people open the workbench: where it listens everywhere, by its first name."""
        everywhere = self.host in ("0.0.0.0", "::")
        host = (*self.names, "localhost")[0] if everywhere else self.host
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}/"

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise ConfigError("give both certificate and key, or neither")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits of uploads, of one request and of all."""

    file_bytes: Annotated[int, between(1024, MAX_FILE_BYTES)] = 256 * _MIB
    request_bytes: Annotated[int, between(1024)] = 1024 * _MIB
    files: Annotated[int, between(1, 1000)] = 100
    """In one request."""
    archive_files: Annotated[int, between(1, 50_000)] = 2000
    """In a zip archive, what is skipped included."""
    archive_bytes: Annotated[int, between(1024)] = 4096 * _MIB
    """All that a zip archive unpacks to; one file is unpacked at a time for each reader."""
    waiting: Annotated[int, between(1)] = 200
    """Files that wait to be read, from which on uploads get 503."""
    idle: Seconds = 30
    """Timeout between two parts of an upload's body."""
    free_bytes: Annotated[int, between(0)] = 512 * _MIB
    """Free space of the data folder below which uploads get 507."""


@dataclass(frozen=True, kw_only=True)
class Retention:
    """Retention of patient data (pixels, heat maps, headers); readings and decisions stay in the archive."""

    pixels_days: Annotated[float, between(0)] | None = 30
    """Pixels, heat maps and DICOM headers; null keeps them for ever. Uploaded files go as soon as they are read."""


@dataclass(frozen=True, kw_only=True)
class Sessions:
    """Sessions and login attempts."""

    required: bool = False
    """Ask for a login on loopback too; it is always asked for elsewhere, and as soon as there are users."""
    hours: Annotated[float, between(above=0, most=30 * _DAY_HOURS)] = 12
    """Lifetime of a session, whether it is used or not."""
    attempts: Annotated[int, between(1, 100)] = 5
    """Rate limit: wrong passwords for one name, or from one address, before further attempts have to wait."""


def _is_safe(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" or parts.hostname in ("127.0.0.1", "localhost")


@dataclass(frozen=True, kw_only=True)
class OidcConfig:
    """An OpenID Connect identity provider; its users need an account by `neumo user add`, too."""

    issuer: Annotated[str, Allowed(Message("that is an https address"), _is_safe)]
    """Issuer URL as the provider states it, such as https://login.hospital.example/realms/staff."""
    client_id: str
    secret_file: Path
    """Holds the client's secret, readable by the server alone."""
    claim: str = "email"
    """Claim of the ID token that is the account's name here; an e-mail address must be verified."""
    scopes: tuple[str, ...] = ("openid", "email")


@dataclass(frozen=True, kw_only=True)
class SendConfig:
    """Destination of verified reports (DICOM)."""

    ae_title: AeTitle = "NEUMO"
    """AE title with which the workbench calls the PACS (C-STORE)."""
    to: Destination | None = None
    """The PACS, as in the settings of the node."""


@dataclass(frozen=True, kw_only=True)
class CommissionConfig:
    """Commissioning of a bundle in the workbench, in a process of its own."""

    images: Path | None = None
    """Folder of local radiographs; tables name files below it, and no others. Null: not offered."""
    timeout: Annotated[float, between(above=0, most=604_800)] = 86_400
    """Timeout of one run, in seconds; what was read until then is kept for the next one."""
    memory_bytes: Annotated[int, between(512 * _MIB)] | None = 4096 * _MIB
    """Memory limit of its process; enforced on Linux. null is no limit."""


@dataclass(frozen=True, kw_only=True)
class WebConfig:
    """All settings of `neumo serve`."""

    data: Path = field(default_factory=default_data_folder)
    """Folder of uploads, reading files, users and, unless `archive` is given, the archive."""
    archive: str | None = None
    """URL of the archive: sqlite:///FILE or postgresql://HOST/NAME; archive.db in `data` when left out."""
    runs: Path | None = None
    """Folder of training runs for the research view."""
    language: Language = DEFAULT
    """Default language of pages, and language of reports that are sent to the PACS."""
    patients: Literal["shown", "hidden"] = "shown"
    """"hidden" shows nobody whose radiograph a DICOM file is, nor lets search for it; researchers never see it."""
    blinded: Literal["choice", "always"] = "choice"
    """"always" withholds the answer of every reading from each person until that person has decided."""
    listen: ListenConfig = ListenConfig()
    read: ReaderConfig = field(default_factory=ReaderConfig)
    limits: Limits = Limits()
    retention: Retention = Retention()
    sessions: Sessions = Sessions()
    commission: CommissionConfig = CommissionConfig()
    send: SendConfig = SendConfig()
    oidc: OidcConfig | None = None
    """Login through an identity provider, too."""

    @property
    def archive_url(self) -> str:
        """URL of the archive that is meant."""
        return self.archive or f"sqlite:///{self.data / 'archive.db'}"
