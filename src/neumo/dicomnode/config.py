"""The node's settings: keys of the YAML file, their limits and defaults."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Final, Literal

from neumo.core.errors import ConfigError
from neumo.core.message import Message
from neumo.core.typed_values import between, matching
from neumo.results.kinds import KINDS, USUAL, Kind
from neumo.sending.destinations import AeTitle, Destination, Name, Seconds, TlsConfig
from neumo.texts.language import DEFAULT, Language
from neumo.worker.config import ReaderConfig

Port = Annotated[int, between(0, 65535)]
"""0 lets the operating system choose a free one."""
CANARY: Final = "canary"
"""Name of the canary's destination."""
STATE: Final = "canary.json"
"""File in the data folder in which `neumo canary` records its outcome."""
_OWN_RESULTS: Final = "neumo.dicomnode.work.results:default_results"
_MIB = 2**20


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits of the Storage SCP: connections, sizes, queue and disk space, per sender and in total."""

    associations: Annotated[int, between(1, 1000)] = 10
    """At once; further ones are rejected as "local limit exceeded"."""
    pdu_bytes: Annotated[int, between(4096, 16 * _MIB)] = 131_072
    """Largest P-DATA-TF PDU; announced to senders, and enforced."""
    object_bytes: Annotated[int, between(4096)] = 128 * _MIB
    """Largest object; each association holds one such object in memory."""
    queue: Annotated[int, between(1)] = 10_000
    """Objects that wait to be read, from which on senders are told to try later."""
    free_bytes: Annotated[int, between(0)] = 1024 * _MIB
    """Free space of the data folder below which senders are told to try later."""


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """In seconds."""

    idle: Seconds = 60
    """Seconds after which an idle association is closed."""
    network: Seconds = 30
    """For one whole PDU to come or go."""
    artim: Seconds = 30
    """For an association request after a connection, and for a release (PS3.8 section 9.1.5)."""


@dataclass(frozen=True, kw_only=True)
class ReceiveConfig:
    """The Storage SCP."""

    ae_title: AeTitle = "NEUMO"
    host: str = "127.0.0.1"
    port: Port = 11112
    check_called_ae_title: bool = True
    """Reject associations that call another AE title."""
    calling_ae_titles: tuple[AeTitle, ...] = ()
    """Calling AE titles that may send; empty means any."""
    addresses: tuple[IPv4Network | IPv6Network, ...] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
    """Addresses and networks that may connect; this machine alone unless others are named."""
    tls: TlsConfig | None = None
    limits: Limits = Limits()
    timeouts: Timeouts = Timeouts()


@dataclass(frozen=True, kw_only=True)
class ReadConfig(ReaderConfig):
    """The readers, and when an object is given up."""

    attempts: Annotated[int, between(1, 100)] = 3
    """Times an object may break its reader or make it fail before it is set aside."""
    interruptions: Annotated[int, between(1, 1000)] = 20
    """Times the whole node may die while an object is read before that object is set aside."""
    results: Annotated[str, matching(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", Message("such as module:function"))] = (
        _OWN_RESULTS
    )
    """module:function that makes the objects to send of a reading (see neumo.dicomnode.work.results.Results)."""


@dataclass(frozen=True, kw_only=True)
class RetryConfig:
    """Retries of a delivery: first and longest wait, and refusals until it is set aside."""

    first: Seconds = 5
    """Seconds before the second attempt; each further wait is twice as long."""
    longest: Seconds = 900
    """Longest wait in seconds. An archive that cannot be reached is tried for ever."""
    refusals: Annotated[int, between(1, 1000)] = 5
    """Times an archive may refuse an object itself before it is set aside."""


@dataclass(frozen=True, kw_only=True)
class SendConfig:
    """Destinations of results, retries, and how long a study must be quiet before it is sent."""

    quiet: Annotated[float, between(0, 86_400)] = 30
    """Seconds without a new object after which a study counts as complete; its results leave together."""
    ahead: Annotated[int, between(0, 1_000_000)] = 1000
    """Earlier deliveries that those of a study with a verdict of pneumonia overtake at most; 0 keeps their order."""
    to: tuple[Destination, ...] = ()
    retry: RetryConfig = RetryConfig()

    def __post_init__(self) -> None:
        names = [destination.name for destination in self.to]
        if len(set(names)) < len(names):
            raise ConfigError("names of destinations must differ, and are {names}", names=", ".join(names))


@dataclass(frozen=True, kw_only=True)
class ArchiveConfig:
    """The archive of readings that every reading is recorded in (see docs/reference/archive.md)."""

    url: str | None = None
    """sqlite:///FILE or postgresql://USER@HOST/NAME; null is archive.db in the data folder, as for the workbench.

    A password belongs into libpq's own file (~/.pgpass).
    """
    patients: Literal["stored", "hashed"] = "stored"
    """"stored": the workbench shows whose radiographs they are; "hashed": no identifier is stored, nor a radiograph."""
    workbench: Path | None = None
    """Data folder of the workbench that shows the radiographs; null is the node's own, which both may share."""
    radiographs_days: Annotated[float, between(0)] | None = 30
    """Days for which radiographs, heat maps and headers are kept for the workbench; 0 keeps none, null all of them."""
    key: Path | None = None
    """File of the key that patients and studies are hashed with; null is archive.key in the data folder."""
    source: Name = "node"
    """Label of this node's readings in the archive (their source)."""

    @property
    def keeps_radiographs(self) -> bool:
        """Whether radiographs are kept for a workbench; never where patients are hashed, since a header names them."""
        return self.patients == "stored" and self.radiographs_days != 0


@dataclass(frozen=True, kw_only=True)
class CanaryConfig:
    """A known radiograph that `neumo canary` sends through the node every day, and where its results go."""

    ae_title: AeTitle = "NEUMO_CANARY"
    """AE title of `neumo canary`; its objects are read like others, but results go to it alone and into no record."""
    host: str = "127.0.0.1"
    port: Annotated[int, between(1, 65535)] = 11119
    """Port on which the canary receives its results."""
    hours: Annotated[float, between(above=0)] = 26
    """Hours without a successful canary after which /healthz reports a fault."""
    state: Path | None = None
    """File in which it notes how it ended; null is canary.json in the data folder."""


@dataclass(frozen=True, kw_only=True)
class HealthConfig:
    """The HTTP server for /healthz and /metrics."""

    host: str = "127.0.0.1"
    port: Port = 8105
    names: tuple[str, ...] = ()
    """Other names by which programs ask; addresses are always answered (on loopback, loopback ones)."""


@dataclass(frozen=True, kw_only=True)
class NodeConfig:
    """A whole settings file."""

    data: Path
    """Folder of objects, results and the queue; holds patient data, so only its owner may enter."""
    keep_days: Annotated[float, between(above=0)] | None = 7
    """Days after which finished objects and results are deleted; null keeps them."""
    language: Language = DEFAULT
    """Language of reports, pictures and code meanings that are sent; logs are English."""
    stop_seconds: Seconds = 20
    """For associations and readings under way when the node is told to stop."""
    receive: ReceiveConfig = ReceiveConfig()
    read: ReadConfig = ReadConfig()
    send: SendConfig = SendConfig()
    archive: ArchiveConfig | None = None
    canary: CanaryConfig | None = None
    health: HealthConfig | None = HealthConfig()

    def __post_init__(self) -> None:
        if self.canary is not None and CANARY in {destination.name for destination in self.send.to}:
            raise ConfigError(
                "send.to: {name!r} is the name of the canary's own destination; choose another", name=CANARY
            )

    @property
    def objects(self) -> tuple[Kind, ...]:
        """Kinds of objects that neumo makes: what any destination asks for, and what the canary looks at."""
        asked = {kind for destination in self.send.to for kind in destination.objects or USUAL}
        if self.canary is not None or not self.send.to:
            asked |= set(USUAL)
        return tuple(kind for kind in KINDS if kind in asked)

    @property
    def own_results(self) -> bool:
        """Whether neumo itself makes what is sent, so that it knows the kind of each object."""
        return self.read.results == _OWN_RESULTS

    @property
    def canary_state(self) -> Path:
        """File in which the canary notes how it ended."""
        chosen = None if self.canary is None else self.canary.state
        return self.data / STATE if chosen is None else chosen
