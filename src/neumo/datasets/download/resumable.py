"""Downloads one large file over HTTP: resumable, checked by digest, published atomically."""

import http.client
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from neumo import __version__
from neumo.core.back_off import back_off
from neumo.core.digests import sha256_of
from neumo.core.errors import DownloadError, NeumoError, OutputError
from neumo.core.files import publish
from neumo.core.message import Message
from neumo.datasets.download import http as web
from neumo.datasets.download.partial_file import (
    PartialFile,
    Source,
    open_at,
    recall,
    remember,
    require_space,
    unwritable,
)

_CHUNK = 1 << 18
_MAX_PAUSE = 60.0

Progress = Callable[[int, int | None], None]
"""Called with (bytes done, bytes in all; None where the server does not say)."""


@dataclass(frozen=True)
class _Transfer:
    url: str
    part: PartialFile
    progress: Progress | None
    timeout: float


class _Interrupted(Exception):
    """The transfer broke off in a way that is worth another attempt."""


class _Restart(_Interrupted):
    """A partial download cannot be resumed."""


def download(
    url: str,
    target: Path,
    *,
    sha256: str | None = None,
    progress: Progress | None = None,
    attempts: int = 5,
    pause: float = 1.0,
    timeout: float = 60.0,
) -> Path:
    """Fetch `url` into `target`.

    Bytes go to `NAME.part` beside the target. What an attempt, or an earlier run, left there is continued
    with a Range request under If-Range (RFC 9110, sections 13.1.5 and 14), provided the server gave an ETag
    or a date to recognise the file by; otherwise, or when the file has changed, it is fetched from the start.
    A target that is there already is checked and not fetched again.

    Parameters
    ----------
    url : str
        http or https address; redirects are followed, but not from https to http.
    target : Path
        File to make.
    sha256 : str, optional
        Expected digest, 64 hexadecimal digits.
    progress : callable, optional
        Called after each chunk.
    attempts : int
        Attempts in a row that may fail without a byte being gained.
    pause : float
        Seconds before the second attempt; doubled each time, at most a minute.
    timeout : float
        Seconds without a byte after which an attempt has failed.

    Returns
    -------
    Path
        `target`.

    Raises
    ------
    DownloadError
        The address is unusable, the server refuses, the attempts are used up (the `.part` file is kept), or
        the digest differs (the `.part` file is removed).
    OutputError
        The disk is full or the folder cannot be written.
    """
    web.require_web_address(url)
    expected = _digest(sha256)
    if target.is_dir():
        raise OutputError(
            "{target}: is a folder where a file is to be written; choose another name", target=target
        )
    if target.exists():
        _require_digest(target, expected, remedy=Message("delete it to download it again"))
        return target
    _make_parent(target)
    part = PartialFile.of(target)
    try:
        _fetch_with_retries(_Transfer(url, part, progress, timeout), attempts, pause)
    except DownloadError as error:
        size = resumable_bytes(url, target)
        if not size:
            raise
        raise DownloadError(
            "{error} ({size:,} bytes are kept in {file}; run the same command again to continue)",
            error=error,
            size=size,
            file=part.path,
        ) from error
    _publish(part, target, expected)
    return target


def resumable_bytes(url: str, target: Path) -> int:
    """Bytes of an unfinished download of `url` to `target` that another run can continue; 0 where none."""
    part = PartialFile.of(target)
    return part.size if recall(part, url) else 0


def _fetch_with_retries(transfer: _Transfer, attempts: int, pause: float) -> None:
    failures, furthest = 0, transfer.part.size
    while True:
        try:
            return _fetch(transfer)
        except _Interrupted as error:
            if isinstance(error, _Restart):
                transfer.part.discard()
            size = transfer.part.size
            failures = 1 if size > furthest else failures + 1
            furthest = max(furthest, size)
            if failures >= attempts:
                raise DownloadError(
                    "{url}: failed {failures} times in a row, at last: {error}; try again later",
                    url=transfer.url,
                    failures=failures,
                    error=error,
                ) from error
            time.sleep(back_off(failures, pause, _MAX_PAUSE))


def _fetch(transfer: _Transfer) -> None:
    """One attempt: continue or start, and return when every byte is there."""
    known = recall(transfer.part, transfer.url)
    offset = transfer.part.size if known else 0
    headers = {"User-Agent": f"neumo/{__version__}", "Accept-Encoding": "identity"}
    if known:
        headers |= {"Range": f"bytes={offset}-", "If-Range": known.validator}
    request = urllib.request.Request(transfer.url, headers=headers)
    try:
        with web.web_opener().open(request, timeout=transfer.timeout) as response:
            _receive(transfer, response, known)
    except urllib.error.HTTPError as error:
        with error:
            _raise_for_status(transfer.url, error, offset)
    except NeumoError:
        raise
    except (OSError, http.client.HTTPException) as error:  # URLError, time-outs and TLS faults are OSErrors
        raise _Interrupted(web.reason(error)) from error


def _receive(transfer: _Transfer, response: http.client.HTTPResponse, known: Source | None) -> None:
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise DownloadError(
            "{url}: the server re-encoded the file; use another address (--url)", url=transfer.url
        )
    if response.status == HTTPStatus.PARTIAL_CONTENT:
        offset, total = _continued(transfer, response, known)
    else:
        offset, total = 0, web.declared_length(response.headers)
        transfer.part.discard()
        remember(transfer.part, Source(transfer.url, web.validator(response.headers), total))
    require_space(transfer.part, (total or 0) - offset)
    done = _append(transfer, response, offset, total)
    if total is not None and done < total:
        raise _Interrupted(
            Message("the connection closed after {done:,} of {total:,} bytes", done=done, total=total)
        )


def _continued(
    transfer: _Transfer, response: http.client.HTTPResponse, known: Source | None
) -> tuple[int, int | None]:
    offset = transfer.part.size
    sent = web.content_range(response.headers)
    if sent is None or known is None or sent[0] != offset:
        raise _Restart(Message("the server continued at another place than asked"))
    if sent[1] != known.total:
        raise _Restart(Message("the file on the server has another length than before"))
    return offset, known.total


def _append(transfer: _Transfer, response: http.client.HTTPResponse, offset: int, total: int | None) -> int:
    done = offset
    with open_at(transfer.part, offset) as stream:
        while chunk := response.read1(_CHUNK):
            try:
                stream.write(chunk)
                stream.flush()
            except OSError as error:
                raise unwritable(transfer.part.path, error) from error
            done += len(chunk)
            if transfer.progress is not None:
                transfer.progress(done, total)
    return done


def _raise_for_status(url: str, error: urllib.error.HTTPError, offset: int) -> None:
    """Raise for the server's status, unless it is a 416 that says that every byte is here already."""
    said = Message("the server answered {code} {reason}", code=error.code, reason=error.reason)
    if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        if offset and error.headers.get("Content-Range", "").strip() == f"bytes */{offset}":
            return
        raise _Restart(said) from error
    if error.code in web.WORTH_A_RETRY:
        raise _Interrupted(said) from error
    raise DownloadError("{url}: {said}; check the address (--url)", url=url, said=said) from error


def _make_parent(target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(target, error) from error


def _digest(sha256: str | None) -> str | None:
    if sha256 is None:
        return None
    digest = sha256.strip().lower()
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise DownloadError(
            "sha256: {sha256!r} is no SHA-256 digest; give 64 hexadecimal digits", sha256=sha256
        )
    return digest


def _require_digest(file: Path, expected: str | None, remedy: str) -> None:
    if expected is None:
        return
    found = sha256_of(file)
    if found != expected:
        raise DownloadError(
            "{file}: its SHA-256 is {found}, expected {expected}; {remedy}",
            file=file,
            found=found,
            expected=expected,
            remedy=remedy,
        )


def _publish(part: PartialFile, target: Path, expected: str | None) -> None:
    try:
        _require_digest(
            part.path, expected, remedy=Message("it was removed; check the digest or the address")
        )
    except DownloadError:
        part.discard()
        raise
    try:
        publish(part.path, target)
    except OSError as error:
        raise unwritable(target, error) from error
    part.source_file.unlink(missing_ok=True)
