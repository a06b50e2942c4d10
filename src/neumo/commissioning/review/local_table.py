"""Writes the decided radiographs of a review as the table that `neumo commission` takes."""

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from neumo.commissioning.review.population import Decided
from neumo.commissioning.review.review import LABELLED
from neumo.commissioning.template import COLUMNS, require_new, write_table
from neumo.core.decision import Conclusion
from neumo.core.errors import UnreadableImageError
from neumo.core.spreadsheets import guarded_path
from neumo.imaging.dicom.parse import parse_file
from neumo.imaging.dicom.recognise import is_dicom
from neumo.imaging.image_files import find_images


@dataclass(frozen=True, slots=True)
class Written:
    """Counts of the table of decided radiographs.

    Attributes
    ----------
    rows : int
    missing : int
        Decided radiographs left out, since no file of theirs was found.
    unlabelled : int
        Left out, since the decision calls the image inadequate or wrong.
    unnamed : int
        Rows whose patient has to be filled in.
    """

    rows: int
    missing: int
    unlabelled: int
    unnamed: int


def write_local_table(
    target: Path,
    decided: Sequence[Decided],
    images: Path | None = None,
    opinions: Mapping[int, Sequence[Conclusion]] | None = None,
    *,
    beside: Path | None = None,
) -> Written:
    """Write a row for each decided radiograph whose file is found.

    Files are known again by their SHA-256, where they were read from and below `images`; DICOM objects, whose files
    differ from archive to archive, also by their SOP Instance UID.

    Parameters
    ----------
    target : Path
        Not there yet.
    decided : sequence of Decided
    images : Path, optional
        Folder that is searched, with its subfolders.
    opinions : mapping of int to sequence of Conclusion, optional
        By reading, what each person concluded who decided blinded.
    beside : Path, optional
        Folder that the paths start from and do not leave; without it, that of the table, which they may leave.

    Raises
    ------
    OutputError
        The table exists, or cannot be written.
    """
    require_new(target)
    labelled = [each for each in decided if each.conclusion in LABELLED]
    found = _found(labelled, () if images is None else find_images([images]).images, within=beside)
    rows = [
        _row(each, found[each.reading], beside or target.parent, (opinions or {}).get(each.reading, ()))
        for each in labelled
        if each.reading in found
    ]
    write_table(target, rows)
    unnamed = sum(each.reading in found and not each.patient for each in labelled)
    return Written(len(rows), len(labelled) - len(rows), len(decided) - len(labelled), unnamed)


def _found(
    decided: Sequence[Decided], files: Iterable[Path], *, within: Path | None = None
) -> dict[int, Path]:
    """Return the file of each reading that has one."""
    by_digest = {each.sha256: each.reading for each in decided if each.sha256}
    by_uid = {each.file: each.reading for each in decided if each.file}
    found: dict[int, Path] = {}
    where_read = (
        path
        for each in decided
        if (path := Path(each.file)).is_absolute()
        and (within is None or path.resolve().is_relative_to(within.resolve()))
    )
    for file in (*where_read, *files):
        try:
            with file.open("rb") as stream:
                head = stream.read(132)
                stream.seek(0)
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            reading = by_digest.get(digest)
            if reading is None and is_dicom(head):
                reading = by_uid.get(str(parse_file(file).get("SOPInstanceUID", "")))
        except (OSError, UnreadableImageError):
            continue
        if reading is not None:
            found.setdefault(reading, file)
    return found


def _row(each: Decided, file: Path, beside: Path, opinions: Sequence[Conclusion]) -> list[str]:
    path = Path(os.path.relpath(file, beside)).as_posix()
    basis = ["decision on record", "blinded" if each.blinded else "answer seen"]
    if each.verified:
        basis.append("verified")
    if len(opinions) > 1:
        told = "who agree" if len(set(opinions)) == 1 else "who differ"
        basis.append(f"{len(opinions)} blinded readers {told}")
    values = {
        # An apostrophe before it, as other cells get, would be another file's name.
        "path": guarded_path(path),
        "label": each.conclusion.value,
        "patient": each.patient,
        "age": "" if each.age is None else f"{each.age:g}",
        "sex": each.sex,
        "label_basis": ", ".join(basis),
    }
    return [values.get(column, "") for column in COLUMNS]
