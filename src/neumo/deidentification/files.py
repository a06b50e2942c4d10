"""De-identification of files: read, check, clean, check for words that are left, write atomically."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from pydicom import Dataset, dcmwrite

from neumo.core.errors import ConfigError, NeumoError, OutputError, UnreadableImageError
from neumo.core.faults import OWN_FAULTS, own_fault
from neumo.core.files import replacing
from neumo.core.message import Message
from neumo.core.radiograph import Radiograph
from neumo.deidentification.burned_in import text_in_rim
from neumo.deidentification.deidentify import deidentify
from neumo.deidentification.kinds import refusal_of, stated_text_of
from neumo.deidentification.leftovers import words_left
from neumo.deidentification.pseudonyms import Key
from neumo.imaging.open import ImageFile
from neumo.imaging.quiet import quiet

_WORDS_LEFT = Message(
    "a word of a name or identifier stands in an attribute or comment that would stay; correct the file first"
)
_OTHERWISE = Message("would not show the same once rewritten without comments; store it uncompressed first")


class Fate(StrEnum):
    """Outcome of the de-identification of a file."""

    WRITTEN = "written"
    FLAGGED = "flagged"
    """Text may stand in its pixels; it was not written."""
    REFUSED = "refused"
    """It cannot be de-identified, or not be read; nothing was written."""
    FAILED = "failed"
    """A fault of this machine, of which the file is innocent; nothing was written."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome for one file.

    Attributes
    ----------
    fate : Fate
    reason : str
        Why it was flagged or refused or failed, or what to know of what was written; holds no value of the header.
    target : Path or None
        What was written.
    """

    fate: Fate
    reason: str = ""
    target: Path | None = None


def require_outside(folder: Path, paths: Sequence[Path]) -> None:
    """Raise ConfigError where what is written would be found and de-identified again."""
    for path in paths:
        if path.is_dir() and folder.resolve().is_relative_to(path.resolve()):
            raise ConfigError(
                "--out: {folder} lies in {path}, which is searched; choose a folder outside of it",
                folder=folder,
                path=path,
            )


def deidentify_file(file: Path, folder: Path, key: Key, *, allow_burned_in: bool = False) -> Outcome:
    """De-identify one DICOM file into a folder, under a name made of its new SOP Instance UID.

    Parameters
    ----------
    file : Path
    folder : Path
        Made where it is not there. No file in it is replaced.
    key : Key
    allow_burned_in : bool
        Write files that may hold text in their pixels, too; BurnedInAnnotation and PatientIdentityRemoved say so.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    try:
        return _deidentified(file, folder, key, allow_burned_in=allow_burned_in)
    except OutputError:
        raise
    except Exception as error:  # whatever a header makes the parser raise; its words may quote the patient
        own = own_fault(error)
        if own is not None:
            return Outcome(
                Fate.FAILED,
                Message("not written for a fault of this machine: {fault}", fault=OWN_FAULTS[own]),
            )
        if isinstance(error, NeumoError):
            return Outcome(Fate.REFUSED, error.message.without_subject())
        return Outcome(Fate.REFUSED, Message("cannot be parsed as DICOM ({kind})", kind=type(error).__name__))


def _deidentified(file: Path, folder: Path, key: Key, *, allow_burned_in: bool) -> Outcome:
    image, dataset = _parsed(file)
    refusal = refusal_of(dataset)
    if refusal is not None:
        return Outcome(Fate.REFUSED, refusal)
    radiograph = _decoded(image)
    text = _text_of(dataset, radiograph)
    if text is not None and not allow_burned_in:
        return Outcome(Fate.FLAGGED, text)
    with quiet():
        kept = deidentify(dataset, key, burned_in=text is not None)
        if words_left(dataset, kept):
            return Outcome(Fate.REFUSED, _WORDS_LEFT)
        clean = io.BytesIO()
        dcmwrite(clean, kept, enforce_file_format=True)
    if not _shows_the_same(clean.getvalue(), radiograph):
        return Outcome(Fate.REFUSED, _OTHERWISE)
    return _write(clean.getvalue(), folder / f"{kept.SOPInstanceUID}.dcm", text)


def _parsed(file: Path) -> tuple[ImageFile, Dataset]:
    """Return a file and its data set, pixels included. Raises UnreadableImageError."""
    image = ImageFile(file, whole=True)
    if image.parsed is None:
        raise UnreadableImageError("{file}: is not DICOM; only DICOM files are de-identified", file=file)
    return image, image.parsed.dataset


def _decoded(image: ImageFile) -> Radiograph:
    try:
        return image.radiograph()
    except UnreadableImageError as error:  # whose words quote values of the header
        raise UnreadableImageError("cannot be decoded; neumo read says why") from error


def _text_of(dataset: Dataset, radiograph: Radiograph) -> str | None:
    """Return why text may stand in the pixels, from the header or from the pixels themselves."""
    stated = stated_text_of(dataset)
    if stated is not None:
        return stated
    lines = text_in_rim(radiograph.pixels)
    if not lines and radiograph.deep is not None:  # text that the stated window hides
        lines = text_in_rim((radiograph.deep >> 8).astype(np.uint8))
    if lines:
        return (
            Message("what looks like print stands in the rim of its pixels (1 line)")
            if len(lines) == 1
            else Message(
                "what looks like print stands in the rim of its pixels ({count} lines)", count=len(lines)
            )
        )
    return None


def _shows_the_same(content: bytes, before: Radiograph) -> bool:
    """Whether what would be written is read as the original was."""
    after = ImageFile(content).radiograph()
    return np.array_equal(after.levels, before.levels) and np.array_equal(after.pixels, before.pixels)


def _write(content: bytes, target: Path, text: str | None) -> Outcome:
    try:
        there = target.read_bytes() if target.exists() else None
    except OSError as error:
        raise OutputError(
            "{target}: cannot be read ({reason}); choose another folder", target=target, reason=error.strerror
        ) from error
    if there is not None and there != content:
        return Outcome(
            Fate.REFUSED,
            Message("has the SOP Instance UID of another file, which was written before; see which is right"),
        )
    if there is None:
        with replacing(target) as temporary:
            temporary.write_bytes(content)
    return Outcome(Fate.WRITTEN, "" if text is None else f"written although {text}", target)
