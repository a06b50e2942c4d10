"""Tries a bundle in a process of its own, with limits on time and memory: its sums, its graph, its reference readings.

Whoever made a bundle decides what its graph does; here it can do no more than fail. What was tried once is remembered.
"""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import onnxruntime

from neumo import __version__
from neumo.bundle.folder import Bundle, load_bundle
from neumo.bundle.places import bundle_path
from neumo.core.child import Handler
from neumo.core.child_process import ChildProcess
from neumo.core.errors import BundleError, ChildError, ConfigError, NeumoError
from neumo.core.message import Message, joined
from neumo.core.user_folders import cache_folder
from neumo.inference.doctor import Outcome, check_reference
from neumo.inference.session import Session

_SECONDS: Final = 120.0
"""Loading a network and reading three images takes a second or two."""
_MEMORY_BYTES: Final = 3 * 2**30


def require_tried(bundle: Bundle) -> None:
    """Try a bundle that this user's neumo has not tried yet.

    Raises
    ------
    BundleError, ChildStartError
        As `try_bundle`.
    """
    if _marker(bundle.digest) in _tried_before():
        return
    try_bundle(bundle.path, digest=bundle.digest)
    remember(bundle.digest)


def remember(digest: str) -> None:
    """Note that a bundle was tried, with this neumo and ONNX Runtime; without a cache folder it is tried again."""
    with suppress(OSError, ConfigError):
        folder = _marks()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _marker(digest)).touch()


def try_bundle(
    source: Path | str | None = None,
    *,
    digest: str | None = None,
    seconds: float = _SECONDS,
    memory_bytes: int = _MEMORY_BYTES,
) -> str:
    """Load a bundle and reproduce its reference readings in another process; return the sentence on these.

    Parameters
    ----------
    source : Path or str, optional
        As for `neumo.bundle.folder.load_bundle`, without the signatures.
    digest : str, optional
        Of the bundle that is meant: the files could be exchanged meanwhile.
    seconds, memory_bytes : float, int
        Limits on all of it.

    Raises
    ------
    BundleError
        It cannot be used, its readings are others here, or it takes too long or too much memory.
    ChildStartError
        No process can be started.
    """
    folder = bundle_path(source).absolute()
    child = ChildProcess(
        "neumo.inference.bundle_trial:open_trial", {}, seconds=seconds, memory_bytes=memory_bytes
    )
    try:
        answer, _ = child.ask({"bundle": str(folder)})
    except ChildError as error:
        if error.code not in {"timeout", "out_of_memory", "crash"}:
            raise
        raise BundleError(
            "{folder}: trying it {error}; do not use this bundle", folder=folder, error=error
        ) from error
    finally:
        child.end()
    if "error" in answer:
        raise BundleError(
            "{folder}: cannot be run ({error}); do not use this bundle", folder=folder, error=answer["error"]
        )
    if "fault" in answer:
        raise BundleError(Message.from_json(answer["fault"]))
    if digest not in {None, answer["digest"]}:
        raise BundleError("{folder}: was changed while it was tried; do not use this bundle", folder=folder)
    return Message.from_json(answer["said"])


def open_trial(_settings: Mapping[str, Any]) -> tuple[Mapping[str, Any], Handler]:
    """Return the handler that tries one bundle in the child process."""
    return {}, _tried


def _tried(request: Mapping[str, Any], _payload: bytes) -> tuple[Mapping[str, Any], bytes]:
    try:
        bundle = load_bundle(Path(request["bundle"]), check_trust=False)
        check = check_reference(bundle, Session(bundle, 1))
    except NeumoError as error:
        return {"fault": error.message.to_json()}, b""
    said = joined("", [check.text]).to_json()
    if check.outcome is Outcome.FAILED:
        return {"fault": Message("{folder}: {fault}", folder=bundle.path, fault=check.text).to_json()}, b""
    return {"said": said, "digest": bundle.digest}, b""


def _marks() -> Path:
    return cache_folder() / "tried-bundles"


def _marker(digest: str) -> str:
    return f"{digest}-{__version__}-{onnxruntime.__version__}"


def _tried_before() -> frozenset[str]:
    try:
        return frozenset(entry.name for entry in _marks().iterdir())
    except (OSError, ConfigError):
        return frozenset()
