import json
from pathlib import Path

import numpy as np

from neumo.datasets.layout import SYNTHETIC_MARKER, open_dataset
from neumo.datasets.phantoms.dataset import make_phantoms
from neumo.datasets.phantoms.outline import phantom_outlines
from neumo.imaging import open_radiograph


def test_the_outline_lies_where_the_air_of_its_phantom_is(phantoms: Path) -> None:
    manifest = open_dataset(phantoms)
    entries = manifest.entries
    outlines = phantom_outlines(phantoms, [entry.path for entry in entries], 64)
    assert outlines is not None
    clear = [entry for entry in entries if entry.finding.index == 0]
    own: list[float] = []
    others: list[float] = []
    for entry, other in zip(clear, [*clear[1:], clear[0]], strict=True):
        pixels = open_radiograph(manifest.file(entry)).pixels.astype(float)
        edges = np.hypot(*np.gradient(pixels))
        for fields, name in ((own, entry.path), (others, other.path)):
            rim = np.hypot(*np.gradient(outlines[name].astype(float)))
            fields.append(float((rim * edges).sum() / rim.sum()))
    assert all(0.1 < field.mean() < 0.7 and field.max() == 1 for field in outlines.values())
    assert np.mean(own) > 1.15 * np.mean(others), "an image's edges lie on its own outline"


def test_an_unknown_set_has_no_outlines(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    make_phantoms(folder, per_class=2, seed=1, size=64)
    known = [entry.path for entry in open_dataset(folder).entries]
    assert phantom_outlines(folder, known, 32) is not None
    assert phantom_outlines(folder, [*known, "train/NORMAL/renamed.jpeg"], 32) is None
    marker = json.loads((folder / SYNTHETIC_MARKER).read_text())
    (folder / SYNTHETIC_MARKER).write_text(json.dumps({**marker, "generator_version": 0}))
    assert phantom_outlines(folder, known, 32) is None
    (folder / SYNTHETIC_MARKER).write_text("{}")
    assert phantom_outlines(folder, known, 32) is None
