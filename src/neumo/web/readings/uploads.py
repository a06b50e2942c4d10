"""Uploads: request bodies (multipart or one file) streamed to private files, hashed, with size limits."""

import asyncio
from collections.abc import AsyncIterator, Callable
from email.message import Message
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from neumo.web.config import Limits
from neumo.web.http.problems import Problem, own_problem
from neumo.web.readings.own_faults import problem_of
from neumo.web.readings.space import Reservation, SpaceReserve
from neumo.web.readings.uploaded_file import Upload, UploadedFile

SINGLE: Final = frozenset(
    {
        *(f"image/{kind}" for kind in ("png", "jpeg", "tiff", "bmp", "webp", "avif")),
        "application/dicom",
        "application/octet-stream",
    }
)
"""Media types of a body that is one file."""
_SPARE_PARTS: Final = 16
"""Parts of a form that are no files."""
_MAX_HEADER_BYTES, _HEADER_COST = 16_384, 64
"""Limits of one multipart part: bytes of its header, and bytes that each field counts for besides its own."""
_INLINE_BYTES: Final = 2**18
"""Bytes of a request that are written and hashed on the event loop, which is faster than starting a thread."""


async def receive_uploads(
    request: Request, folder: Path, limits: Limits, space: SpaceReserve
) -> list[Upload]:
    """Receive the files of a request; on failure all of them are deleted.

    Raises
    ------
    Problem
        Too large, too many, unsupported media type, timeout, cut off, the disk is full, or another own fault.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    media_type = kind.decode("latin-1").lower()
    with space.reserved(_stated_size(request, limits)) as reservation:
        return await _received(request, _Receiving(folder, limits, reservation), media_type, options)


def _stated_size(request: Request, limits: Limits) -> int:
    """Return the bytes that a request says it brings; 0 where it does not, so that they are counted as they come."""
    stated = request.headers.get("content-length", "")
    return min(int(stated), limits.request_bytes) if stated.isascii() and stated.isdigit() else 0


async def _received(
    request: Request, receiving: "_Receiving", media_type: str, options: dict[bytes, bytes]
) -> list[Upload]:
    try:
        if media_type == "multipart/form-data" and options.get(b"boundary"):
            await _receive_parts(request, receiving, options[b"boundary"])
        elif media_type in SINGLE:
            await _receive_body(request, receiving)
        else:
            raise Problem(415, "unsupported_media_type")
        return receiving.finish()
    except BaseException as error:
        receiving.discard()
        own = problem_of(error)
        if own is None and isinstance(error, OSError) and not isinstance(error, TimeoutError):
            own = own_problem(error)
        if own is None or own is error:
            raise
        raise own from error


class _Receiving:
    """Files of one request while it is received."""

    def __init__(self, folder: Path, limits: Limits, reservation: Reservation) -> None:
        self._folder, self.limits, self._reservation = folder, limits, reservation
        self._done: list[Upload] = []
        self._open: UploadedFile | None = None
        self._received = 0

    async def process(self, work: Callable[[bytes], object], chunk: bytes) -> None:
        """Process a chunk: the first ones on the event loop, later ones on a thread, so that other requests go on."""
        self._received += len(chunk)
        if self._received <= _INLINE_BYTES:
            work(chunk)
        else:
            await asyncio.to_thread(work, chunk)

    def begin(self, name: str) -> None:
        if len(self._done) >= self.limits.files:
            raise Problem(413, "too_many_files", limit=self.limits.files)
        self._open = UploadedFile(self._folder, name, self.limits)

    def write(self, data: bytes) -> None:
        if self._open is not None:
            self._reservation.use(len(data))
            self._open.write(data)

    def end(self) -> None:
        if self._open is not None:
            self._done.append(self._open.finish())
            self._open = None

    def finish(self) -> list[Upload]:
        if not self._done or self._open is not None:
            raise Problem(400, "bad_request")
        return self._done

    def discard(self) -> None:
        if self._open is not None:
            self._open.discard()
        for upload in self._done:
            upload.discard()


async def _chunks(request: Request, idle: float) -> AsyncIterator[bytes]:
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(idle):
                chunk = await anext(stream)
            yield chunk
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise Problem(408, "slow") from error
        except ClientDisconnect as error:
            raise Problem(400, "bad_request") from error


async def _receive_body(request: Request, receiving: _Receiving) -> None:
    receiving.begin(unquote(request.headers.get("x-file-name", "")))
    async for chunk in _chunks(request, receiving.limits.idle):
        await receiving.process(receiving.write, chunk)
    receiving.end()


async def _receive_parts(request: Request, receiving: _Receiving, boundary: bytes) -> None:
    parts = _Parts(receiving)
    callbacks: Any = {
        "on_part_begin": parts.begin,
        "on_header_field": parts.header_field,
        "on_header_value": parts.header_value,
        "on_header_end": parts.header_end,
        "on_headers_finished": parts.headers_finished,
        "on_part_data": parts.data,
        "on_part_end": receiving.end,
        "on_end": parts.end,
    }
    try:
        parser = MultipartParser(boundary, callbacks)
        async for chunk in _chunks(request, receiving.limits.idle):
            await receiving.process(parser.write, chunk)
    except FormParserError as error:
        raise Problem(400, "bad_request") from error
    if not parts.ended:
        raise Problem(400, "bad_request")


class _Parts:
    """Callbacks of the multipart parser (RFC 7578)."""

    def __init__(self, receiving: _Receiving) -> None:
        self._taking, self.ended = receiving, False
        self._headers = Message()
        self._field, self._value = b"", b""
        self._parts, self._header_bytes = 0, 0

    def begin(self) -> None:
        self._headers, self._header_bytes = Message(), 0
        self._parts += 1
        if self._parts > self._taking.limits.files + _SPARE_PARTS:
            raise Problem(413, "too_many_files", limit=self._taking.limits.files)

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._field += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._value += data[start:end]

    def _count(self, size: int) -> None:
        self._header_bytes += size + _HEADER_COST
        if self._header_bytes > _MAX_HEADER_BYTES:
            raise Problem(400, "bad_request")

    def header_end(self) -> None:
        self._headers[self._field.decode("latin-1")] = self._value.decode("utf-8", errors="replace")
        self._field = self._value = b""

    def headers_finished(self) -> None:
        try:
            name = self._file_name()
        except (
            Exception
        ) as error:  # parameters that contradict each other, or a character set that does not exist
            raise Problem(400, "bad_request") from error
        if name is not None:
            self._taking.begin(name)

    def _file_name(self) -> str | None:
        stated = self._headers["content-disposition"] or ""
        name = parse_options_header(stated.encode())[1].get(b"filename")
        if name is not None:
            return name.decode("utf-8", errors="replace")
        return self._headers.get_filename()  # filename* alone (RFC 8187)

    def data(self, data: bytes, start: int, end: int) -> None:
        self._taking.write(data[start:end])

    def end(self) -> None:
        self.ended = True
