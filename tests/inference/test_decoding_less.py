"""A reader that decodes large films smaller: what it states, when it does not, and that receipts bring it back."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from neumo.bundle.folder import Bundle
from neumo.core.reading import Reading, Status
from neumo.inference.reader import Reader
from neumo.inference.replay import replay

SIDE = 640


@pytest.fixture(scope="module")
def large(films: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A phantom at ten times the size of the tiny network's square."""
    target = tmp_path_factory.mktemp("large") / "film.jpeg"
    with Image.open(films[0]) as film:
        film.convert("L").resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(target, quality=95)
    return target


def factor_of(reading: Reading) -> int:
    assert reading.receipt is not None
    return int(reading.receipt["pixels"][0].get("reduction", 1))


def test_a_large_film_is_decoded_smaller_and_read_alike(bundle: Bundle, large: Path) -> None:
    less, full = Reader(bundle, threads=1).read(large), Reader(bundle, threads=1, exact=True).read(large)
    assert (factor_of(less), factor_of(full)) == (4, 1)
    assert less.answer is not None and full.answer is not None
    assert less.answer.finding is full.answer.finding
    assert less.answer.probabilities == pytest.approx(full.answer.probabilities, abs=0.05)
    assert less.receipt is not None and full.receipt is not None
    assert (less.receipt["options"]["exact"], full.receipt["options"]["exact"]) == (False, True)
    assert less.receipt["file"] == full.receipt["file"]
    assert {key: value for key, value in less.receipt["pixels"][0].items() if key != "reduction"} == (
        full.receipt["pixels"][0]
    )


def test_a_film_that_is_kept_is_decoded_in_full(bundle: Bundle, large: Path) -> None:
    kept = Reader(bundle, threads=1, keep_pixels=True).read(large)
    assert kept.pixels is not None and kept.pixels.shape == (SIDE, SIDE)
    assert factor_of(kept) == 1 and kept.receipt is not None and kept.receipt["options"]["exact"] is True
    full = Reader(bundle, threads=1, exact=True).read(large)
    assert full.answer == kept.answer


@pytest.mark.parametrize("exact", [False, True])
def test_a_receipt_brings_back_what_was_decoded(bundle: Bundle, large: Path, exact: bool) -> None:
    reading = Reader(bundle, threads=1, exact=exact).read(large)
    receipt = json.loads(json.dumps(reading.receipt))
    again = replay(receipt, large, bundle)
    assert again.identical and factor_of(again.reading) == factor_of(reading)
    if exact:  # as receipts were before there was a choice
        del receipt["options"]["exact"]
        assert replay(receipt, large, bundle).identical


def test_what_would_be_refused_is_looked_at_in_full(bundle: Bundle, tmp_path: Path) -> None:
    """Noise is averaged away where it is decoded smaller: what is seen then is no reason to refuse an image."""
    file = tmp_path / "noise.jpeg"
    noise = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE), dtype=np.uint8)
    Image.fromarray(noise).save(file, quality=95)
    less, full = Reader(bundle, threads=1).read(file), Reader(bundle, threads=1, exact=True).read(file)
    assert less.status is full.status is Status.REFUSED
    assert factor_of(less) == 1 and less.reasons == full.reasons
    assert less.receipt is not None and full.receipt is not None
    assert less.receipt["logits"] == full.receipt["logits"]
