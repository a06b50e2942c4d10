"""HTTP requests of the client: credentials, bounded retries, problem responses as exceptions."""

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from neumo.core.back_off import back_off
from neumo.core.errors import ConfigError, MissingExtraError
from neumo.core.message import Message

try:
    import httpx
except ImportError as error:
    raise MissingExtraError('neumo.client needs httpx; run: pip install "neumo[client]"') from error

from neumo.client.problems import ServerUnavailableError, problem_of

_BUSY: Final = (429, 503)
_FIRST_PAUSE: Final = 0.5
_MAX_PAUSE: Final = 30.0
"""Seconds between attempts."""


class Transport:
    """A connection to one server.

    Parameters
    ----------
    url : str
        Such as "https://neumo.hospital.example".
    token : str or None
        Of `neumo token add`.
    language : str
        Of sentences, "en" or "es".
    timeout : float
        Seconds in which an answer must begin and go on.
    patience : float
        Seconds in all that one request may be repeated for while the server is busy; 0 never repeats.

    Raises
    ------
    ConfigError
        `url` is no address, or the token would cross a network in clear.
    """

    def __init__(self, url: str, token: str | None, language: str, timeout: float, patience: float) -> None:
        loopback = _checked(url, token)
        headers = {"Accept-Language": language}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self._patience = patience
        # A proxy of the environment can reach no server on this machine's loopback.
        self._http = httpx.Client(
            base_url=url, headers=headers, timeout=timeout, trust_env=not loopback, follow_redirects=False
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request, again while the server says that it is busy, and return the answer.

        Every request of the API may be repeated: uploads are known by their content, decisions by their revision.

        Raises
        ------
        ServerUnavailableError
            The server cannot be reached, or stayed busy.
        ServerError
            The server answered with another problem.
        """
        deadline = time.monotonic() + self._patience
        for failures in itertools.count(1):
            answer = self._once(method, path, **request)
            if answer.status_code not in _BUSY:
                break
            own = back_off(failures, _FIRST_PAUSE, _MAX_PAUSE)
            pause = min(_asked_pause(answer, own), _MAX_PAUSE)
            if time.monotonic() + pause > deadline:
                break
            time.sleep(pause)
        if answer.status_code >= 300:
            raise problem_of(answer)
        return answer

    @contextmanager
    def streamed(self, method: str, path: str, **request: Any) -> Iterator[Iterator[bytes]]:
        """Yield the parts of a long answer as they come. Raises as `send`, without repeating."""
        try:
            with self._http.stream(method, path, **request) as answer:
                if answer.status_code >= 300:
                    answer.read()
                    raise problem_of(answer)
                yield answer.iter_bytes()
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    def _once(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **request)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: httpx.HTTPError) -> ServerUnavailableError:
        said = str(error) or type(error).__name__
        return ServerUnavailableError(
            Message(
                "{url}: does not answer ({said}); check the address, and that neumo serve runs there",
                url=self._http.base_url,
                said=said,
            )
        )


def _asked_pause(answer: httpx.Response, otherwise: float) -> float:
    """Return seconds of Retry-After (RFC 9110 section 10.2.3); neumo's servers never give a date."""
    given = answer.headers.get("retry-after", "")
    return float(given) if given.isascii() and given.isdecimal() else otherwise


def _checked(url: str, token: str | None) -> bool:
    """Return whether an address is on this machine's loopback. Raises ConfigError."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https"):
        raise ConfigError("url: {url!r} is no address; give one such as http://127.0.0.1:8000", url=url)
    loopback = _is_loopback(host)
    if token is not None and parts.scheme == "http" and not loopback:
        raise ConfigError(
            "url: {url} would carry the token and radiographs in clear; use https, or reach the "
            "server by a tunnel",
            url=url,
        )
    return loopback


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
