"""SOP class of a DICOM file, from its first bytes: an image, the index of a medium, a report."""

from collections.abc import Iterator
from typing import Final

from neumo.imaging.dicom.recognise import MAGIC, PREAMBLE, has_preamble, is_dicom

HEAD_BYTES: Final = 1024
"""Bytes of a file that `stored_class` needs."""

DICOMDIR: Final = "1.2.840.10008.1.3.10"
"""Media Storage Directory Storage (PS3.4 annex I)."""

_STORAGE: Final = "1.2.840.10008.5.1.4.1.1."
_NO_IMAGE: Final = (
    "4.2", "8", "9", "10", "11", "66", "67", "68", "77.1.5.3", "78", "79", "80", "88", "90", "91", "104", "129", "131",
    "200", "201", "481",
)  # fmt: skip
"""Storage classes without a picture for people, with those below them: reports, waveforms, plans ..."""
_IMAGES_AMONG_THEM: Final = frozenset({"481.1", "481.23", "481.24"})
_LONG: Final = frozenset(
    {b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UN", b"UC", b"UR", b"UT", b"SV", b"UV"}
)
"""Value representations with a length of four bytes (PS3.5 section 7.1.2)."""
_MEDIA_CLASS: Final = b"\x02\x00\x02\x00"
_CLASS: Final = b"\x08\x00\x16\x00"


def stored_class(head: bytes) -> str | None:
    """Return the SOP class UID that a DICOM file states in its first bytes; None where they state none.

    Parameters
    ----------
    head : bytes
        The first `HEAD_BYTES` bytes of the file, or all of it.
    """
    if not is_dicom(head):
        return None
    begin = PREAMBLE + len(MAGIC) if has_preamble(head) else 0
    for tag, value in _elements(head, begin):
        if tag in (_MEDIA_CLASS, _CLASS):
            return value.strip(b"\0 ").decode("ascii", errors="replace")
    return None


def holds_no_image(sop_class: str | None) -> bool:
    """Whether objects of a SOP class have no image by definition, as reports; False for one that is not known."""
    if sop_class is None or not sop_class.startswith(_STORAGE):
        return False
    kind = sop_class.removeprefix(_STORAGE)
    if kind in _IMAGES_AMONG_THEM:
        return False
    return any(kind == known or kind.startswith(f"{known}.") for known in _NO_IMAGE)


def _elements(head: bytes, at: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield tags and values in little endian, explicit or implicit, as long as they are whole and not sequences."""
    while at + 8 <= len(head):
        tag, vr = head[at : at + 4], head[at + 4 : at + 6]
        if not vr.isalpha() or not vr.isupper():
            start, length = at + 8, int.from_bytes(head[at + 4 : at + 8], "little")
        elif vr in _LONG:
            start, length = at + 12, int.from_bytes(head[at + 8 : at + 12], "little")
        else:
            start, length = at + 8, int.from_bytes(head[at + 6 : at + 8], "little")
        if start + length > len(head):
            return
        yield tag, head[start : start + length]
        at = start + length
