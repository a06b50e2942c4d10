"""A bundle on disk: its checksums, and loading it once they have been verified."""

import hashlib
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neumo.bundle.config import BundleConfig, read_config
from neumo.bundle.evidence import EVIDENCE, read_evidence
from neumo.bundle.gate_statistics import GateStatistics, read_gate_statistics
from neumo.bundle.places import bundle_path
from neumo.bundle.reference import read_reference
from neumo.bundle.signing import SHIPPED, SIGNATURES, require_trusted
from neumo.core.errors import BundleError
from neumo.core.evidence import Evidence
from neumo.core.faults import own_fault
from neumo.core.files import write_text

if TYPE_CHECKING:
    from neumo.bundle.site import SiteStatement

MODEL, CONFIG, GATE, CARD, REFERENCE = "model.onnx", "config.json", "gate.npz", "README.md", "reference.json"
FILES = (CARD, CONFIG, GATE, MODEL, REFERENCE)
"""Files that every bundle holds besides its checksums."""

SUMS = "SHA256SUMS"
_SUM_LINE = re.compile(r"(?P<digest>[0-9a-f]{64}) [ *](?P<name>[^/\\\x00-\x1f\x7f-\x9f]+)")
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|\\u00[0189][0-9a-f]|\\u007f|\\u20(?:2[a-e]|6[6-9])",
    re.IGNORECASE,
)
"""Control characters of terminals and of the direction of writing, as they are or as JSON escapes them."""
_ESCAPED_SPACE = frozenset({"\\u0009", "\\u000a", "\\u000d", "\r"})
"""Control characters that JSON files may hold: tabulators and line ends."""
_MAX_BYTES = 512 * 2**20
"""Most bytes of all files of a bundle together."""


@dataclass(frozen=True)
class Bundle:
    """A loaded bundle, whose checksums were verified.

    Attributes
    ----------
    path : Path
        Its folder.
    digest : str
        SHA-256 of SHA256SUMS, 64 hexadecimal digits: it stands for every byte of the bundle.
    config : BundleConfig
    gate_statistics : GateStatistics
    model : bytes
        The ONNX graph with its weights; exactly the bytes that were checked.
    reference : mapping
        Reference readings, plain JSON (see `neumo.bundle.reference`).
    evidence : tuple of Evidence
        The metrics that it states; empty where it states none.
    vouched : str
        Who vouches for it: "shipped with neumo", "signed by NAME", or "" where nobody does.
    site : SiteStatement or None
        Where it was commissioned, and who accepted it; None where it was not.
    """

    path: Path
    digest: str
    config: BundleConfig
    gate_statistics: GateStatistics = field(repr=False)
    model: bytes = field(repr=False)
    reference: dict[str, Any] = field(repr=False)
    evidence: tuple[Evidence, ...] = field(default=(), repr=False)
    vouched: str = ""
    site: "SiteStatement | None" = None

    @property
    def graph_file(self) -> Path:
        """Path of the ONNX file; run `model`, whose bytes were checked, rather than reading the file again."""
        return self.path / MODEL


def load_bundle(
    source: Path | str | None = None, *, trusted: Path | str | None = None, check_trust: bool = True
) -> Bundle:
    """Load a bundle after checking every byte of it, and that somebody who is trusted signed it where that is required.

    Parameters
    ----------
    source : Path or str, optional
        A bundle's folder or the name of an installed bundle. Without it the environment variable
        NEUMO_BUNDLE, which holds either, and without that the built-in bundle. An installed bundle is never
        used unless it is named, so that installing one changes no reading.
    trusted : Path or str, optional
        File of trusted keys, one of which must have signed the bundle; without it the one that the environment variable
        NEUMO_TRUSTED_KEYS names, and without that no signature is required. The built-in bundle needs none.
    check_trust : bool
        False where it is only looked at or changed, and no image is read with it.

    Raises
    ------
    BundleError
        There is no such bundle, a file is missing, extra, changed or a symbolic link, or a file does not
        hold what it should; the message names the file. Or a signature is required and none fits.
    ConfigError, MissingExtraError
        The trusted keys cannot be read, or signatures not be checked by this install.
    """
    folder = bundle_path(source)
    contents = _checked_contents(folder)
    digest = _digest(contents[SUMS])
    vouched = require_trusted(folder, digest, trusted) if check_trust else ""
    site = None if digest in SHIPPED else _checked_site(contents, folder)  # the bytes of those are known
    return Bundle(
        path=folder,
        digest=digest,
        config=read_config(contents[CONFIG], folder / CONFIG),
        gate_statistics=read_gate_statistics(contents[GATE], folder / GATE),
        model=contents[MODEL],
        reference=read_reference(contents[REFERENCE], folder / REFERENCE),
        evidence=read_evidence(contents[EVIDENCE], folder / EVIDENCE) if EVIDENCE in contents else (),
        vouched=vouched,
        site=site,
    )


def is_bundle(folder: Path) -> bool:
    """Whether a folder looks like a bundle; nothing is checked."""
    return (folder / SUMS).is_file() and (folder / MODEL).is_file()


def write_sums(folder: Path) -> str:
    """Write SHA256SUMS over all files of a finished bundle, and return the bundle's digest.

    Raises
    ------
    BundleError
        A required file is missing, or the folder holds something that is no regular file.
    OutputError
        It cannot be written.
    """
    names = sorted(_file_names(folder) - {SUMS, SIGNATURES})
    _require_files(folder, set(names))
    lines = [f"{_digest((folder / name).read_bytes())}  {name}\n" for name in names]
    write_text(folder / SUMS, "".join(lines))
    return _digest("".join(lines).encode())


def _checked_contents(folder: Path) -> dict[str, bytes]:
    """Every file's bytes, once its sum was found right."""
    names = _file_names(folder)
    _require_files(folder, names, SUMS)
    _require_small(folder, names)
    sums = _contents(folder / SUMS)
    expected = _parsed_sums(sums, folder / SUMS)
    _require_files(folder, set(expected))
    _require_files(folder, names, *expected)
    extra = sorted(names - {SUMS, SIGNATURES, *expected})
    if extra:
        raise BundleError(
            "{file}: does not belong to the bundle; remove it or install the bundle again",
            file=folder / extra[0],
        )
    contents = {name: _contents(folder / name) for name in expected}
    for name, digest in expected.items():
        if _digest(contents[name]) != digest:
            raise BundleError(
                "{file}: was changed since the bundle was made (its SHA-256 is not that of {sums}); "
                "install the bundle again",
                file=folder / name,
                sums=SUMS,
            )
    return {**contents, SUMS: sums}


def _checked_site(contents: dict[str, bytes], folder: Path) -> "SiteStatement | None":
    """Refuse what a bundle may not hold, and return where it was commissioned."""
    from neumo.bundle.graph_check import require_self_contained
    from neumo.bundle.site import ACCEPTANCE, SITE, read_site

    _require_plain_text(contents, folder, (CONFIG, REFERENCE, EVIDENCE, CARD, SITE, ACCEPTANCE))
    require_self_contained(contents[MODEL], folder / MODEL)
    return read_site(contents, folder)


def _require_plain_text(contents: dict[str, bytes], folder: Path, names: Iterable[str]) -> None:
    """Refuse control characters, which could do something to the terminal that shows a name or a metric."""
    for name in names:
        for found in _CONTROL.finditer(contents.get(name, b"").decode("utf-8", errors="replace")):
            if found[0].lower() not in _ESCAPED_SPACE:
                raise BundleError(
                    "{file}: holds control characters; install the bundle again", file=folder / name
                )


def _file_names(folder: Path) -> set[str]:
    try:
        entries = {entry.name: entry.lstat().st_mode for entry in folder.iterdir()}
    except OSError as error:
        if own_fault(error) is not None:
            raise BundleError(
                "{file}: cannot be read ({reason})", file=folder, reason=error.strerror
            ) from error
        raise BundleError(
            "{folder}: is no bundle folder ({reason}); give the folder that holds {sums}",
            folder=folder,
            reason=error.strerror,
            sums=SUMS,
        ) from error
    for name, mode in sorted(entries.items()):
        if stat.S_ISLNK(mode):
            raise BundleError(
                "{file}: is a symbolic link; a bundle holds its files themselves", file=folder / name
            )
        if not stat.S_ISREG(mode):
            raise BundleError(
                "{file}: is no regular file; a bundle is one flat folder of files", file=folder / name
            )
    return set(entries)


def _require_small(folder: Path, names: set[str]) -> None:
    """Refuse what would fill memory before its sum could be taken."""
    try:
        size = sum((folder / name).lstat().st_size for name in names)
    except OSError as error:
        raise BundleError("{file}: cannot be read ({reason})", file=folder, reason=error.strerror) from error
    if size > _MAX_BYTES:
        raise BundleError(
            "{folder}: holds {size:,} bytes, and a bundle at most {most:,}",
            folder=folder,
            size=size,
            most=_MAX_BYTES,
        )


def _require_files(folder: Path, present: set[str], *names: str) -> None:
    missing = sorted(set(names or FILES) - present)
    if missing:
        raise BundleError(
            "{file}: is missing or not listed in {sums}; install the bundle again",
            file=folder / missing[0],
            sums=SUMS,
        )


def _parsed_sums(sums: bytes, source: Path) -> dict[str, str]:
    expected: dict[str, str] = {}
    for number, line in enumerate(sums.decode("utf-8", errors="replace").splitlines(), start=1):
        match = _SUM_LINE.fullmatch(line)
        if match is None or match["name"] in {*expected, SUMS, SIGNATURES, ".", ".."}:
            raise BundleError(
                "{source}: line {number} is not a sum and a new file name; install the bundle again",
                source=source,
                number=number,
            )
        expected[match["name"]] = match["digest"]
    return expected


def _contents(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BundleError("{file}: cannot be read ({reason})", file=file, reason=error.strerror) from error


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
