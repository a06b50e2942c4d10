"""Gates that tell parts of radiographs from whole ones."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neumo.bundle.gate_statistics import read_gate_statistics
from neumo.export.fit_gate import fit_gate_statistics

Floats = NDArray[np.float32]


def embeddings(count: int, seed: int, shift: float = 0.0) -> Floats:
    """Embeddings of 24 features; `shift` moves the fourth by so many of its deviations, which no distance notices."""
    random = np.random.default_rng(seed)
    made: Floats = random.normal(size=(count, 24)).astype(np.float32)
    made[:, 3] += np.float32(shift)
    return made


WHOLE, PARTS = embeddings(1200, 1), embeddings(1200, 2, shift=6.0)
"""What the gates are fitted to."""
NEW, NEW_PARTS = embeddings(1000, 3), embeddings(1000, 4, shift=6.0)


def test_parts_lie_beyond_what_whole_images_keep_within() -> None:
    alone, taught = fit_gate_statistics(WHOLE), fit_gate_statistics(WHOLE, parts=PARTS)
    refused = {
        name: float((gate.distance(NEW_PARTS) > np.quantile(gate.distance(NEW), 0.985)).mean())
        for name, gate in (("alone", alone), ("taught", taught))
    }
    assert refused["alone"] < 0.9
    assert refused["taught"] > 0.98


def test_whole_images_are_as_far_as_before_but_for_a_few() -> None:
    alone, taught = fit_gate_statistics(WHOLE), fit_gate_statistics(WHOLE, parts=PARTS)
    limit = np.quantile(alone.distance(WHOLE), 0.985)
    assert abs(float((taught.distance(NEW) > limit).mean() - (alone.distance(NEW) > limit).mean())) < 0.01
    assert (taught.distance(NEW) >= alone.distance(NEW)).all()


def test_a_gate_is_read_as_it_was_saved(tmp_path: Path) -> None:
    for name, gate in (
        ("alone", fit_gate_statistics(WHOLE)),
        ("taught", fit_gate_statistics(WHOLE, parts=PARTS)),
    ):
        file = tmp_path / f"{name}.npz"
        gate.save(file)
        again = read_gate_statistics(file.read_bytes(), file)
        np.testing.assert_allclose(again.distance(NEW_PARTS), gate.distance(NEW_PARTS), rtol=1e-6)
