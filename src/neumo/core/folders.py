"""Walking through folders of files, in a fixed order."""

import os
from collections.abc import Iterator
from pathlib import Path


def walk_files(folder: Path, *, follow_links: bool = False) -> Iterator[Path]:
    """Yield the files in a folder at any depth: those of a folder by name, before those of the folders in it.

    Parameters
    ----------
    folder : Path
    follow_links : bool
        Whether to enter folders through symbolic links; each folder is entered once, so that a link back ends.
    """
    entered: set[Path] = set()
    for root, folders, names in os.walk(folder, followlinks=follow_links):
        real = Path(root).resolve()
        if real in entered:
            folders.clear()
            continue
        entered.add(real)
        folders.sort()
        yield from (Path(root) / name for name in sorted(names))
