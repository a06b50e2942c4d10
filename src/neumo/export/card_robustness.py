"""Sections of the model card on corrupted images and on heat maps."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neumo.core.errors import ExportError


def damage_section(source: Path, bundle: str) -> str:
    """Write corruptions.json of an evaluated bundle as a table.

    Parameters
    ----------
    source : Path
    bundle : str
        Digest of the bundle that must have been evaluated.

    Raises
    ------
    ExportError
        The file is no such thing, or of another bundle.
    """
    try:
        value = json.loads(source.read_text(encoding="utf-8"))
        clean, *damaged = value["cells"]
        rows: dict[str, list[str]] = {}
        for cell in damaged:
            rows.setdefault(cell["kind"], []).append(_cell(cell))
        measured, part, images = value["bundle"], value["part"], clean["images"]
        undamaged = _cell(clean)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ExportError(
            f"{source}: is not the corruptions.json of an evaluated bundle ({error!r})"
        ) from error
    if measured != bundle:
        raise ExportError(f"{source}: was measured with another bundle")
    lines = "\n".join(f"| {kind.replace('_', ' ')} | {' | '.join(cells)} |" for kind, cells in rows.items())
    strengths = max(len(cells) for cells in rows.values())
    return (
        "### Damaged images\n\n"
        f"`neumo evaluate BUNDLE --corruptions`, {images} {part} images: accuracy of those that were read, and in "
        f"brackets the share that the gate refused; undamaged {undamaged}.\n\n"
        f"| damage, strength | {' | '.join(str(i + 1) for i in range(strengths))} |\n"
        f"|---{'|---' * strengths}|\n{lines}"
    )


def heat_map_section(source: Path) -> str:
    """Write explanations.json of an evaluated bundle as tables; the caller has checked whose it is.

    Raises
    ------
    ExportError
        The file is no such thing.
    """
    try:
        value = json.loads(source.read_text(encoding="utf-8"))
        outcomes = "\n".join(
            f"| {verdict['name'].replace('_', ' ')} | {'passed' if verdict['passed'] else '**failed**'} "
            f"| {verdict['rule']} |"
            for verdict in value["verdicts"]
        )
        worse = "".join(
            f"\nCalled {found['finding']}: {found['check']} is worse than in random order."
            for found in value["worse_than_random"]
        )
        sample = f"{value['images']} images of {value['patients']} patients"
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ExportError(
            f"{source}: is not the explanations.json of an evaluated bundle ({error!r})"
        ) from error
    return (
        f"### Heat maps\n\n`neumo evaluate BUNDLE --explanations N`, {sample}.\n\n"
        f"| check | outcome | rule |\n|---|---|---|\n{outcomes}\n{worse}"
    ).rstrip()


def _cell(cell: Mapping[str, Any]) -> str:
    right = cell["accuracy"]["value"]
    return f"{'-' if right is None else f'{right:.2f}'} ({cell['refused']:.2f})"
