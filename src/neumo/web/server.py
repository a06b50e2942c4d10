"""Server start and shutdown: databases, reader pool, listening socket, signals, uvicorn."""

import os
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn

from neumo.bundle.folder import load_bundle
from neumo.core.errors import ConfigError, MissingExtraError, NodeError, OutputError
from neumo.core.folder_lock import folder_locked
from neumo.core.hosts import networks_of
from neumo.core.keys import load_key
from neumo.core.message import Message
from neumo.core.silent_connections import SilentConnections
from neumo.records.database import open_archive
from neumo.records.reading_file import KEPT, ReadingFiles
from neumo.web.app import create_app
from neumo.web.commissioning.commissioner import Commissioner
from neumo.web.commissioning.folder import FOLDER as COMMISSIONING
from neumo.web.commissioning.folder import CommissioningFolder
from neumo.web.config import WebConfig
from neumo.web.http.connections import CountingListener, timeout_protocol
from neumo.web.people.accounts import has_users, open_accounts
from neumo.web.people.cache import AccountsCache
from neumo.web.people.drafts import open_drafts
from neumo.web.people.oidc import client_secret
from neumo.web.people.password_checks import PasswordChecks
from neumo.web.people.rate_limit import LoginRateLimiter
from neumo.web.readings.group_commit import GroupCommit
from neumo.web.readings.intake import Intake
from neumo.web.readings.isolated_rendering import FOLDER as RENDERED
from neumo.web.readings.jobs import Jobs
from neumo.web.readings.live import LiveWorklist
from neumo.web.readings.own_files import prepare_folder
from neumo.web.readings.reader_requests import HANDLER
from neumo.web.readings.space import SpaceReserve
from neumo.web.workbench import Workbench
from neumo.worker.reader_pool import ReaderPool
from neumo.worker.reader_process import ReaderProcess

if TYPE_CHECKING:
    from neumo.sending.sender import Send

_STOP_SECONDS = 5
_SPARE_CONNECTIONS = 100
"""Beyond those that are silent and those that the middleware answers; beyond these uvicorn itself answers 503."""


def open_workbench(config: WebConfig) -> Workbench:
    """Open databases and start the readers; `Workbench.pool.stop` stops them.

    Raises
    ------
    ConfigError
        The server would be reachable from other machines, and there are no users.
    NeumoError
        A folder, database or bundle cannot be used.
    """
    accounts = open_accounts(config.data)
    people = has_users(accounts)
    if not config.listen.loopback and not people:
        raise ConfigError(
            "listen.host: {host} can be reached from elsewhere, and nobody can log in yet; run: "
            "neumo user add NAME --role admin",
            host=config.listen.host,
        )
    if config.oidc is not None:
        client_secret(config.oidc)
    for name in ("uploads", RENDERED):
        prepare_folder(config.data / name)
    sender = _sender(config)
    key = load_key(config.data / "session.key")
    bundle = load_bundle(config.read.bundle, trusted=config.read.trusted_keys)
    archive = open_archive(config.archive_url)
    reading_files = ReadingFiles(config.data / KEPT)
    reading_files.delete_unfinished()
    processes = [ReaderProcess(config.read, HANDLER) for _ in range(config.read.processes)]
    pool = ReaderPool(processes, config.limits.waiting)
    pool.start()
    commit = GroupCommit(archive, lambda: pool.queued)
    intake = Intake(reading_files, pool, commit, config.read.memory_bytes or Intake.memory_bytes)
    return Workbench(
        config=config,
        always_login=people or config.sessions.required or not config.listen.loopback,
        key=key,
        accounts=accounts,
        accounts_cache=AccountsCache(accounts),
        archive=archive,
        drafts=open_drafts(config.data),
        bundle=bundle,
        reading_files=reading_files,
        pool=pool,
        intake=intake,
        jobs=Jobs(intake, pool),
        login_limiter=LoginRateLimiter(config.sessions.attempts),
        space=SpaceReserve(config.data / "uploads", config.limits.free_bytes),
        password_checks=PasswordChecks(),
        commissioner=Commissioner(
            CommissioningFolder(config.data / COMMISSIONING), config.commission, config.read, bundle
        ),
        send=sender,
        live=LiveWorklist(archive, config.listen.streams),
    )


def _sender(config: WebConfig) -> "Send | None":
    """Return the sender to the PACS of the settings. Raises ConfigError, MissingExtraError."""
    if config.send.to is None:
        return None
    try:
        from neumo.sending.sender import sender_to
    except ImportError as error:
        raise MissingExtraError(
            "send.to: sending needs the extra dicom, which is not installed; run: pip install 'neumo[dicom]'"
        ) from error
    return sender_to(config.send.to, config.send.ae_title, "send.to")


def serve(config: WebConfig, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; to be called in the main thread.

    Parameters
    ----------
    config : WebConfig
    announce : function of str
        Called with the server's address once it listens.

    Raises
    ------
    ConfigError
        The certificate cannot be used.
    NodeError
        The address is taken, or another server works in the data folder.
    NeumoError
        As `open_workbench`.
    """
    _require_certificate(config)
    listener = _listener(config)
    try:
        with _locked(config):
            _serve(config, announce, listener)
    finally:
        listener.close()


@contextmanager
def _locked(config: WebConfig) -> Iterator[None]:
    """Hold the data folder's lock while the block runs. Raises NodeError, OutputError."""
    try:
        config.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            "{data}: cannot be used ({reason}); choose another data folder",
            data=config.data,
            reason=error.strerror or error,
        ) from error
    told = Message(
        "{data}: another server works in this data folder; stop it, or give this one another with --data",
        data=config.data,
    )
    with folder_locked(config.data / "serve.lock", told):
        yield


def _serve(config: WebConfig, announce: Callable[[str], None], listener: CountingListener) -> None:
    workbench = open_workbench(config)
    try:
        # uvicorn raises the stop signal again, which would end the process before the cleanup below.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _exit_on_signal)
        _server(config, workbench, announce, listener).run(sockets=[listener])
    finally:
        workbench.password_checks.stop()
        workbench.pool.stop()
        workbench.commissioner.stop()
        workbench.archive.dispose()
        workbench.accounts.dispose()
        workbench.drafts.dispose()


def _exit_on_signal(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


class _Server(uvicorn.Server):
    """A uvicorn server with callbacks once it listens, and before it waits for its last answers."""

    def __init__(
        self, config: uvicorn.Config, announce: Callable[[], None], stopping: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._announce, self._stopping = announce, stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping()
        await super().shutdown(sockets=sockets)


def _server(
    config: WebConfig, workbench: Workbench, announce: Callable[[str], None], listener: CountingListener
) -> _Server:
    listen, proxies = config.listen, networks_of(config.listen.proxies)
    listener.connections = SilentConnections(listen.silent, listen.connections, proxies)
    settings = uvicorn.Config(
        create_app(workbench),
        http=timeout_protocol(listen.patience, listener.connections, listener),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=["*"] if "*" in listen.proxies else [str(network) for network in proxies],
        limit_concurrency=2 * listen.connections + _SPARE_CONNECTIONS,
        loop="asyncio",  # the one that accepts by the listener's own method
        timeout_keep_alive=15,
        timeout_graceful_shutdown=_STOP_SECONDS,
        ssl_certfile=listen.certificate,
        ssl_keyfile=listen.key,
        h11_max_incomplete_event_size=32_768,
    )
    address = listen.address(listener.getsockname()[1])
    return _Server(settings, lambda: announce(address), workbench.live.stop)


def _require_certificate(config: WebConfig) -> None:
    """Raise ConfigError where the certificate or key for HTTPS cannot be used."""
    certificate, key = config.listen.certificate, config.listen.key
    if certificate is None:
        return
    try:
        # An empty password keeps OpenSSL from asking for one on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as error:
        raise ConfigError(
            "listen.certificate: {certificate} and listen.key: {key} cannot be used; give a PEM "
            "certificate and its PEM key without a password",
            certificate=certificate,
            key=key,
        ) from error


def _listener(config: WebConfig) -> CountingListener:
    """Bind and listen before anything else starts, so that a taken port is reported at once. Raises NodeError."""
    host, port = config.listen.host, config.listen.port
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = CountingListener(family, kind, protocol)
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        raise NodeError(
            "{host}:{port}: cannot be listened on ({reason}); choose another with --port",
            host=host,
            port=port,
            reason=error.strerror or error,
        ) from error
    return listener
