"""Three training radiographs of the public data set, one of each class, to try neumo with (CC BY 4.0)."""

from importlib.resources import files
from pathlib import Path

from neumo.core.errors import OutputError
from neumo.core.files import replacing

_ROOM = Path(str(files("neumo.samples")))
_NOTICE = "README.md"


def sample_files() -> tuple[Path, ...]:
    """Return the paths of the packaged radiographs: normal, bacterial, viral."""
    return tuple(_ROOM / f"train-{kind}.jpeg" for kind in ("normal", "bacterial", "viral"))


def write_samples(folder: Path) -> tuple[Path, ...]:
    """Copy the radiographs and their attribution into a folder, which is made where it is missing.

    Returns
    -------
    tuple of Path
        The radiographs' copies: normal, bacterial, viral.

    Raises
    ------
    OutputError
        A file of the same name but with other contents lies there, or the folder cannot be written.
    """
    contents = {folder / source.name: source.read_bytes() for source in (*sample_files(), _ROOM / _NOTICE)}
    for target, content in contents.items():
        if target.exists() and not _holds(target, content):
            raise OutputError("{target} exists and is another file; choose another folder", target=target)
    for target, content in contents.items():
        with replacing(target) as partial:
            partial.write_bytes(content)
    return tuple(folder / source.name for source in sample_files())


def _holds(file: Path, content: bytes) -> bool:
    try:
        return file.read_bytes() == content
    except OSError:
        return False
