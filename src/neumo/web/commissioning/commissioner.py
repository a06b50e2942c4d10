"""Run `commission` for the workbench: in a child process, one run at a time, with status and result on disk."""

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from neumo.bundle.folder import Bundle, load_bundle
from neumo.bundle.places import BUILT_IN
from neumo.core.child_process import ChildProcess
from neumo.core.errors import ChildError, NeumoError
from neumo.core.extras import is_installed
from neumo.core.logging import event, fault
from neumo.core.message import Message
from neumo.web.commissioning.folder import CommissioningFolder
from neumo.web.config import CommissionConfig
from neumo.web.http.problems import Problem, not_installed
from neumo.worker.config import ReaderConfig

_OPENER: Final = "neumo.commissioning.requests:open_commissioner"
"""Opener of the child process, by name: the server itself imports no module of learning."""
_SHORT_SECONDS: Final = 300.0
_IDLE_SECONDS: Final = 300.0
"""Idle time in seconds after which the helper process for short requests is ended."""
_CANCELLED, _STOPPED = "cancelled", "interrupted"


@dataclass(frozen=True)
class Order:
    """Parameters of a commissioning run.

    Attributes
    ----------
    site : str
        Name of the hospital or department.
    criteria : mapping of str to float or None
    target_sensitivity : float
    cost_ratio : float or None
    resamples : int
    """

    site: str
    criteria: Mapping[str, float | None]
    target_sensitivity: float
    cost_ratio: float | None
    resamples: int


class Commissioner:
    """Manager of commissioning runs, one at a time; thread-safe.

    Parameters
    ----------
    folder : CommissioningFolder
    settings : CommissionConfig
    reading : ReaderConfig
        How the server reads.
    bundle : Bundle
        That it reads with.
    """

    def __init__(
        self, folder: CommissioningFolder, settings: CommissionConfig, reading: ReaderConfig, bundle: Bundle
    ) -> None:
        self.folder, self.settings = folder, settings
        self.base = _base_of(bundle)
        self._reading, self._bundle = reading, bundle
        self._lock = threading.Lock()
        self._running: threading.Thread | None = None
        self._child: ChildProcess | None = None
        self._ending: str | None = None
        self._helping, self._helper = threading.Lock(), self._process(_SHORT_SECONDS)
        self._idle = threading.Timer(_IDLE_SECONDS, self._dismiss)

    def ask(self, do: str, *, field: str = "", **parameters: Any) -> dict[str, Any]:
        """Send a short request to the helper process and return its answer.

        Parameters
        ----------
        do : str
            A request of `neumo.commissioning.requests`.
        field : str
            Field that a problem names; `do` when left out.
        **parameters
            Of the request.

        Raises
        ------
        Problem
            It cannot be done: what the command would say; or the extra is missing.
        """
        self.require_extra()
        with self._helping:
            self._idle.cancel()
            try:
                answer, _ = self._helper.ask({"do": do, **parameters})
            except ChildError as error:
                raise invalid(field or do, error.message) from error
            finally:
                self._idle = threading.Timer(_IDLE_SECONDS, self._dismiss)
                self._idle.daemon = True
                self._idle.start()
        told = _told(answer)
        if told is not None:
            raise invalid(field or do, told.without_subject())
        return answer

    def images(self) -> Path:
        """Return the folder of local radiographs. Raises Problem where the settings name none."""
        self.require_extra()
        if self.settings.images is None:
            raise Problem(409, "no_local_images")
        return self.settings.images

    def require_extra(self) -> None:
        """Raise Problem where the extra is not installed."""
        if not is_installed("site"):
            raise not_installed("site")

    @property
    def running(self) -> bool:
        """Whether a run goes on."""
        running = self._running
        return running is not None and running.is_alive()

    def begin(self, order: Order, person: str) -> str:
        """Begin a run, and return its name. Raises Problem where one goes on, or there is no table."""
        images = self.images()
        with self._lock:
            if self.running:
                raise Problem(409, "commissioning_runs")
            if not self.folder.table.is_file():
                raise Problem(409, "no_table")
            self.folder.clear()
            began = datetime.now(UTC)
            run = f"{began:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
            attempt = {
                "id": run, "status": "running", "person": person, "site": order.site,
                "began_at": began.isoformat(timespec="seconds").replace("+00:00", "Z"), "fault": None,
            }  # fmt: skip
            self.folder.note_attempt(attempt)
            request = {
                "do": "commission",
                "bundle": str(self.base.path),
                "trusted_keys": None
                if self._reading.trusted_keys is None
                else str(self._reading.trusted_keys),
                "table": str(self.folder.table),
                "images": str(images),
                "out": str(self.folder.work),
                "readings": str(self.folder.readings),
                "progress": str(self.folder.progress),
                "threads": self._reading.threads,
                "command": "neumo serve",
                **vars(order),
            }
            self._child, self._ending = self._process(self.settings.timeout), None
            self._running = threading.Thread(
                target=self._run, args=(self._child, request, attempt), name="commissioning", daemon=True
            )
            self._running.start()
        return run

    def cancel(self) -> dict[str, Any]:
        """End the run that goes on, and return its attempt. Raises Problem where none does."""
        return self._end(_CANCELLED)

    def stop(self) -> None:
        """End the run that goes on, if any: the server stops."""
        self._idle.cancel()
        self._helper.end()
        if self.running:
            self._end(_STOPPED)

    def _dismiss(self) -> None:
        with self._helping:
            self._helper.end()

    def _end(self, why: str) -> dict[str, Any]:
        running, child = self._running, self._child
        if running is None or child is None or not running.is_alive():
            raise Problem(409, "finished")
        self._ending = why
        child.kill(why)
        running.join(30)
        attempt = self.folder.attempt()
        if attempt is None or attempt["status"] != why:  # it had finished a moment before
            raise Problem(409, "finished")
        return attempt

    def _run(self, child: ChildProcess, request: Mapping[str, Any], attempt: Mapping[str, Any]) -> None:
        status, told = "failed", None
        try:
            answer, _ = child.ask(request)
            told = _told(answer)
            if told is None:
                self.folder.finish(attempt["id"], self._facts(answer, request, attempt))
                status = "finished"
        except ChildError as error:
            told = error.message
            if self._ending is not None:
                status, told = self._ending, None
        except Exception as error:
            fault("commissioning_failed", error)
            told = error.message if isinstance(error, NeumoError) else _unexpected(type(error).__name__)
        finally:
            child.end()
            self.folder.clear()
        event("commissioning_ended", status=status)
        said = None if told is None else told.to_json()
        self.folder.note_attempt({**attempt, "status": status, "fault": said})

    def _facts(
        self, answer: Mapping[str, Any], request: Mapping[str, Any], attempt: Mapping[str, Any]
    ) -> dict[str, Any]:
        config = self.base.config
        return {
            **{name: attempt[name] for name in ("id", "person", "site", "began_at")},
            "base": {"name": config.name, "version": config.version, "digest": self.base.digest},
            "met": answer["met"],
            "sections": answer["sections"],
            "acceptance": None,
            "digest": None,
        }

    def _process(self, seconds: float) -> ChildProcess:
        return ChildProcess(_OPENER, {}, seconds=seconds, memory_bytes=self.settings.memory_bytes)


def invalid(field: str, message: str) -> Problem:
    """Return the problem of a request that cannot be followed for what the message says."""
    return Problem(422, "invalid", errors=[{"field": field, "message": message}])


def _told(answer: Mapping[str, Any]) -> Message | None:
    """Return the fault that an answer reports; None where it reports none."""
    if "fault" in answer:
        return Message.from_json(answer["fault"])
    if "error" in answer:
        fault_at = answer.get("where") or "?"
        return _unexpected(f"{answer['error']} at {fault_at}")
    return None


def _unexpected(what: str) -> Message:
    return Message("failed unexpectedly ({what}); please report this", what=what)


def _base_of(bundle: Bundle) -> Bundle:
    """Return the bundle to commission: the one in use; of a site's bundle its base, where that is the built-in one."""
    if bundle.site is None:
        return bundle
    built_in = load_bundle(BUILT_IN, check_trust=False)
    return built_in if built_in.digest == bundle.site.base["digest"] else bundle
