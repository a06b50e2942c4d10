"""Decoders in processes of their own, limited in time and memory; idle ones wait for the next frame."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from neumo.core.child_process import ChildProcess
from neumo.core.errors import (
    ChildError,
    ChildStartError,
    ImageTooLargeError,
    UnreadableImageError,
    UnsupportedImageError,
)

_SECONDS: Final = 30.0
"""For one frame; a hundred million pixels take some ten."""
_MEMORY_BYTES: Final = 4 * 2**30
"""For one frame; a hundred million pixels of colour take some three."""

_idle: dict[str, list[ChildProcess]] = defaultdict(list)


def decode_in_child(decoder: str, frame: bytes, request: Mapping[str, Any], name: str) -> bytes:
    """Decode a frame in another process.

    Parameters
    ----------
    decoder : str
        "gdcm" or "openjpeg".
    frame : bytes
        The compressed frame.
    request : mapping
        What `neumo.imaging.dicom.decoder_child` needs to know of it.
    name : str
        What messages call the file.

    Returns
    -------
    bytes
        Interleaved little-endian samples.

    Raises
    ------
    ImageTooLargeError
        Decoding needs more memory than allowed.
    UnsupportedImageError
        The decoder is not there.
    UnreadableImageError
        The frame cannot be decoded, or not soon enough.
    MemoryError, OSError
        This machine is at fault.
    """
    try:
        child = _idle[decoder].pop()
    except IndexError:
        child = ChildProcess(
            "neumo.imaging.dicom.decoder_child:open_decoder",
            {"decoder": decoder},
            seconds=_SECONDS,
            memory_bytes=_MEMORY_BYTES,
        )
    try:
        answer, samples = child.ask(request, frame)
    except ChildError as error:
        if error.code == "killed":
            raise MemoryError("the system killed the decoder, as it does where memory runs out") from error
        raise _unreadable(error, name) from error
    except BaseException:  # an interrupt: what this child says next would be out of step
        child.end()
        raise
    _idle[decoder].append(child)
    if answer.get("own"):
        raise OSError(answer["errno"], "the decoder met a fault of this machine")
    if "error" in answer or not samples:
        raise UnreadableImageError(
            "{name}: the pixel data cannot be decoded; the file is corrupt or truncated", name=name
        )
    return samples


def _unreadable(error: ChildError, name: str) -> UnreadableImageError:
    if isinstance(error, ChildStartError):
        return UnsupportedImageError("{name}: its decoder does not start: {error}", name=name, error=error)
    match error.code:
        case "out_of_memory":
            return ImageTooLargeError(
                "{name}: decoding the pixel data {error}; the file is made to mislead, or too large",
                name=name,
                error=error,
            )
        case "timeout":
            return UnreadableImageError(
                "{name}: decoding the pixel data {error}; the file is corrupt", name=name, error=error
            )
    return UnreadableImageError("{name}: the pixel data break their decoder; the file is corrupt", name=name)
