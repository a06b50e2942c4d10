"""Distances from training."""

import time

import numpy as np
import pytest

from neumo.bundle.gate_statistics import GateStatistics


@pytest.fixture
def wide() -> GateStatistics:
    """Statistics as large as those of a real network."""
    random = np.random.default_rng(3)
    components = np.linalg.qr(random.normal(size=(1808, 256)))[0].T
    return GateStatistics(
        random.normal(size=1808).astype(np.float32),
        np.ascontiguousarray(components, dtype=np.float32),
        random.uniform(1, 2, 256).astype(np.float32),
        2.0,
    )


def test_one_image_lies_as_far_as_among_others(wide: GateStatistics) -> None:
    embeddings = np.random.default_rng(4).normal(size=(5, 1808)).astype(np.float32)
    alone = [wide.distance(embedding[np.newaxis])[0] for embedding in embeddings]
    assert alone == list(wide.distance(embeddings))  # to the bit: receipts hold it


def test_one_image_keeps_no_other_thread_busy(wide: GateStatistics) -> None:
    embedding = np.ones((1, 1808), dtype=np.float32)
    wide.distance(embedding)
    time.sleep(0.3)  # until threads of earlier products have gone to sleep
    begin, own = time.process_time(), time.thread_time()
    for _ in range(20):
        wide.distance(embedding)
        time.sleep(0.005)
    spent, own = time.process_time() - begin, time.thread_time() - own
    assert spent < 2 * own + 0.01
