"""A real `neumo serve` in a process of its own, on a free loopback port."""

import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from argon2 import PasswordHasher
from tests.support.faults import readers_of
from tests.support.forked import Process, pipe, start_neumo

if TYPE_CHECKING:
    from neumo.web.workbench import Workbench

_START_SECONDS = 90


@dataclass
class Running:
    """A server that listens."""

    address: str
    data: Path
    process: Process
    log: list[str] = field(default_factory=list)

    @property
    def logged(self) -> str:
        return "".join(self.log)

    def readers(self) -> list[int]:
        """Numbers of the readers' processes."""
        return readers_of(self.process.pid)


PASSWORD = "correct horse battery"
"""Password of every account in tests."""


def add_people(data: Path, **people: str) -> None:
    """Let people log in, by name and role, at little cost: a hash states its own, which each login pays again."""
    from neumo.web.people import passwords
    from neumo.web.people.accounts import Role, add_user, open_accounts

    accounts = open_accounts(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        for name, role in people.items():
            add_user(accounts, name, PASSWORD, Role(role))
    accounts.dispose()


def logged_in(address: str, name: str) -> httpx.Client:
    """Return a browser in which somebody is logged in."""
    answer = httpx.post(f"{address}api/session", json={"name": name, "password": PASSWORD}, timeout=60)
    assert answer.status_code == 200, answer.text
    headers = {"X-CSRF-Token": answer.json()["csrf_token"]}
    return httpx.Client(base_url=address, timeout=60, headers=headers, cookies=answer.cookies)


@contextmanager
def running(data: Path, bundle: Path, **settings: Any) -> Iterator[Running]:
    """Start a server; keys of settings have two underscores where files have dots."""
    words: list[object] = ["serve", "--no-browser", "--port", "0", "--data", data, "--bundle", bundle]
    words += ["--set", "read.threads=1"]
    for key, value in settings.items():
        words += ["--set", f"{key.replace('__', '.')}={value}"]
    (output, its_output), (errors, its_errors) = pipe(), pipe()
    with its_output, its_errors:
        process = start_neumo(words, its_output, its_errors, OMP_NUM_THREADS="1")
    started = Running("", data, process)
    drain = threading.Thread(target=lambda: started.log.extend(errors), daemon=True)
    drain.start()
    watchdog = threading.Timer(_START_SECONDS, process.kill)
    watchdog.start()
    try:
        line = output.readline()
        found = re.search(r"https?://\S+/", line)
        if found is None:
            process.wait(10)
            drain.join(5)
            raise AssertionError(f"the server did not start: {line}{started.logged}")
        watchdog.cancel()
        started.address = found[0]
        yield started
    finally:
        watchdog.cancel()
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        finally:
            drain.join(5)
            output.close()
            errors.close()


@contextmanager
def workbench_without_readers(data: Path, bundle: Path, **settings: Any) -> Iterator["Workbench"]:
    """Open a workbench in this process whose readers are never started; settings are those of `WebConfig`."""
    from neumo.web.config import WebConfig
    from neumo.web.server import open_workbench
    from neumo.worker.config import ReaderConfig
    from neumo.worker.reader_pool import ReaderPool

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ReaderPool, "start", lambda _pool: None)
        opened = open_workbench(WebConfig(data=data, read=ReaderConfig(bundle=str(bundle)), **settings))
    try:
        yield opened
    finally:
        opened.password_checks.stop()
        opened.archive.dispose()
        opened.accounts.dispose()
        opened.drafts.dispose()


def client_of(workbench: "Workbench") -> httpx.AsyncClient:
    """Return a client of a workbench in this process."""
    from neumo.web.app import create_app

    return httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(workbench)), base_url="http://localhost"
    )
