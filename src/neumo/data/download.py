"""Fetching one large file over HTTP: resumed after a break, checked, and never left half-made under its name."""

import hashlib
import http.client
import json
import re
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from neumo import __version__
from neumo.core.errors import DownloadError, OutputError
from neumo.core.files import write_json

_CHUNK = 1 << 18
_WORTH_A_RETRY = frozenset({408, 425, 429, 500, 502, 503, 504})
_SCHEMES = ("http", "https")

Progress = Callable[[int, int | None], None]
"""Called with (bytes done, bytes in all; None where the server does not say)."""


@dataclass(frozen=True)
class _Partial:
    """What the server said about a partly fetched file; kept beside it, so that another run can resume."""

    url: str
    validator: str
    total: int | None


class _Interrupted(Exception):
    """The transfer broke off in a way that is worth another attempt."""


class _Restart(_Interrupted):
    """What was fetched so far cannot be continued."""


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
    _require_web_address(url)
    expected = _digest(sha256)
    if target.exists():
        _require_digest(target, expected, remedy="delete it to download it again")
        return target
    _make_parent(target)
    part = _part(target)
    try:
        _fetch_with_retries(url, part, progress, attempts, pause, timeout)
    except DownloadError as error:
        raise DownloadError(f"{error}{_kept(part)}") from error
    _adopt(part, target, expected)
    return target


def part_file(target: Path) -> Path:
    """Where the bytes of an unfinished download of `target` lie."""
    return _part(target)


def _fetch_with_retries(
    url: str, part: Path, progress: Progress | None, attempts: int, pause: float, timeout: float
) -> None:
    failures, furthest = 0, _size(part)
    while True:
        try:
            _fetch(url, part, progress, timeout)
            return
        except _Interrupted as error:
            if isinstance(error, _Restart):
                _discard(part)
            gained, furthest = _size(part) > furthest, max(furthest, _size(part))
            failures = 1 if gained else failures + 1
            if failures >= attempts:
                raise DownloadError(f"{url}: failed {failures} times in a row, at last: {error}; try again later") from error
            time.sleep(min(pause * 2 ** (failures - 1), 60.0))


def _fetch(url: str, part: Path, progress: Progress | None, timeout: float) -> None:
    """One attempt: continue or start, and return when every byte is there."""
    known = _load_state(part, url)
    offset = _size(part) if known else 0
    headers = {"User-Agent": f"neumo/{__version__}", "Accept-Encoding": "identity"}
    if known and offset:
        headers |= {"Range": f"bytes={offset}-", "If-Range": known.validator}
    try:
        with _opener().open(urllib.request.Request(url, headers=headers), timeout=timeout) as response:
            _receive(url, response, part, offset, known, progress)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 416 and known and offset:
                _accept_if_complete(error, offset)
                return
            _raise_refusal(url, error)
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise _Interrupted(_reason(error)) from error


def _receive(
    url: str, response: Any, part: Path, offset: int, known: _Partial | None, progress: Progress | None
) -> None:
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise DownloadError(f"{url}: the server re-encoded the file; use another address (--url)")
    if response.status == 206:
        start, total = _content_range(response.headers.get("Content-Range", ""))
        if start != offset or known is None or (known.total is not None and total != known.total):
            raise _Restart("the server continued at another place or with another file")
    else:
        offset, total = 0, _declared_length(response.headers)
        _discard(part)
        _save_state(part, _Partial(url, _validator(response.headers), total))
    _require_space(part, offset, total)
    done = _append(response, part, offset, total, progress)
    if total is not None and done < total:
        raise _Interrupted(f"the connection closed after {done:,} of {total:,} bytes")
    if total is not None and done > total:
        raise _Restart(f"the server sent {done:,} bytes where it had announced {total:,}")


def _append(response: Any, part: Path, offset: int, total: int | None, progress: Progress | None) -> int:
    done = offset
    with _opened(part, "r+b" if offset else "wb") as stream:
        stream.seek(offset)
        while chunk := response.read1(_CHUNK):
            try:
                stream.write(chunk)
                stream.flush()
            except OSError as error:
                raise _unwritable(part, error) from error
            done += len(chunk)
            if progress is not None:
                progress(done, total)
    return done


def _accept_if_complete(error: urllib.error.HTTPError, offset: int) -> None:
    """Take 416 to an open-ended Range as the end where the file is exactly as long as what is here."""
    if error.headers.get("Content-Range", "").strip() != f"bytes */{offset}":
        raise _Restart("the partial file does not fit the server's file") from error


def _raise_refusal(url: str, error: urllib.error.HTTPError) -> None:
    said = f"the server answered {error.code} {error.reason}"
    if error.code == 416:
        raise _Restart(said) from error
    if error.code in _WORTH_A_RETRY:
        raise _Interrupted(said) from error
    raise DownloadError(f"{url}: {said}; check the address (--url)") from error


# --- headers -------------------------------------------------------------------------------------------


def _validator(headers: Any) -> str:
    """Return the strong ETag, else the date, else nothing: If-Range takes no weak ETag."""
    tag: str = headers.get("ETag", "")
    return tag if tag.startswith('"') else headers.get("Last-Modified", "")


def _declared_length(headers: Any) -> int | None:
    text = headers.get("Content-Length", "")
    return int(text) if text.isdecimal() else None


def _content_range(text: str) -> tuple[int, int | None]:
    match = re.fullmatch(r"\s*bytes\s+(\d+)-\d+/(\d+|\*)\s*", text)
    if match is None:
        raise _Restart(f"the server's Content-Range {text!r} cannot be understood")
    return int(match[1]), None if match[2] == "*" else int(match[2])


class _NoDowngrade(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        scheme = urlsplit(newurl).scheme
        if scheme not in _SCHEMES or (urlsplit(req.full_url).scheme == "https" and scheme != "https"):
            raise DownloadError(f"{req.full_url}: redirects to {newurl}, which is not safe; use another address (--url)")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    """Open http and https alone; the usual opener would also read local files and FTP."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        _NoDowngrade(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def _require_web_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _SCHEMES and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable or any(ord(character) <= 32 for character in url):
        raise DownloadError(f"{url}: is no http or https address; give one with --url")


def _reason(error: Exception) -> str:
    inner = getattr(error, "reason", None) or error
    return str(getattr(inner, "strerror", None) or inner) or type(inner).__name__


# --- the files on disk ---------------------------------------------------------------------------------


def _part(target: Path) -> Path:
    return target.with_name(target.name + ".part")


def _state_file(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _load_state(part: Path, url: str) -> _Partial | None:
    try:
        state = _Partial(**json.loads(_state_file(part).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return state if state.url == url and state.validator else None


def _save_state(part: Path, state: _Partial) -> None:
    write_json(_state_file(part), asdict(state))


def _discard(part: Path) -> None:
    part.unlink(missing_ok=True)
    _state_file(part).unlink(missing_ok=True)


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _kept(part: Path) -> str:
    size = _size(part)
    return f" ({size:,} bytes are kept in {part.name}; run the same command again to continue)" if size else ""


def _make_parent(target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(target, error) from error


def _opened(part: Path, mode: str) -> Any:
    try:
        return part.open(mode)
    except OSError as error:
        raise _unwritable(part, error) from error


def _require_space(part: Path, offset: int, total: int | None) -> None:
    free = shutil.disk_usage(part.parent).free
    if total is not None and total - offset > free:
        raise OutputError(
            f"{part.parent}: {total - offset:,} bytes are needed and {free:,} are free; free space or choose another folder"
        )


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path}: could not be written ({error.strerror or error}); free space or choose another folder, "
        "then run the same command again"
    )


def _digest(sha256: str | None) -> str | None:
    if sha256 is None:
        return None
    digest = sha256.strip().lower()
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise DownloadError(f"sha256: {sha256!r} is no SHA-256 digest; give 64 hexadecimal digits")
    return digest


def _require_digest(file: Path, expected: str | None, remedy: str) -> None:
    if expected is None:
        return
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != expected:
        raise DownloadError(f"{file}: its SHA-256 is {found}, expected {expected}; {remedy}")


def _adopt(part: Path, target: Path, expected: str | None) -> None:
    try:
        _require_digest(part, expected, remedy="it was removed; check the digest or the address")
    except DownloadError:
        _discard(part)
        raise
    try:
        part.replace(target)
    except OSError as error:
        raise _unwritable(target, error) from error
    _state_file(part).unlink(missing_ok=True)
