import numpy as np
from numpy.typing import NDArray

from neumo.export.restyling import damage, restyling, softened

SIDE = 64
_ROWS, _COLUMNS = np.mgrid[:SIDE, :SIDE]
_TEXTURE = np.random.default_rng(0).integers(0, 20, (60, SIDE, SIDE))
SQUARES = (_ROWS * 2 + _COLUMNS + _TEXTURE).astype(np.uint8)


def changed(seed: int) -> NDArray[np.uint8]:
    restyle = restyling(seed)
    return np.concatenate([restyle(SQUARES[:30]), restyle(SQUARES[30:])])


def test_every_square_is_changed_and_stays_alike() -> None:
    squares = changed(1)
    assert squares.shape == SQUARES.shape
    assert squares.dtype == np.uint8
    for before, after in zip(SQUARES, squares, strict=True):
        assert not np.array_equal(before, after)
        assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.2


def test_the_seed_says_how() -> None:
    assert np.array_equal(changed(1), changed(1))
    assert not np.array_equal(changed(1), changed(2))


def test_the_squares_themselves_are_left_alone() -> None:
    before = SQUARES.copy()
    changed(3)
    assert np.array_equal(SQUARES, before)


def test_margins_and_frames_occur_in_many_squares() -> None:
    flat = np.full((200, SIDE, SIDE), 200, np.uint8)
    framed = [square for square in restyling(4)(flat) if square[0].max() == 0]
    assert 10 < len(framed) < 70


def test_softening_takes_the_finest_detail_away() -> None:
    stripes = np.where(_COLUMNS % 2 == 0, 0, 255).astype(np.uint8)
    assert np.ptp(softened(stripes)[8:-8, 8:-8]) < 20


def test_damage_is_no_export() -> None:
    spoilt = damage(5)(SQUARES)
    assert spoilt.shape == SQUARES.shape
    assert np.array_equal(spoilt, damage(5)(SQUARES))
    pairs = list(zip(SQUARES, spoilt, strict=True))
    inverted = sum(np.array_equal(255 - before, after) for before, after in pairs)
    turned = sum(
        any(np.array_equal(np.rot90(before, k), after) for k in (1, 2, 3)) for before, after in pairs
    )
    torn = sum(np.array_equal(np.roll(before, (32, 32), (0, 1)), after) for before, after in pairs)
    # Enlarged, a part rises by less than half as much from row to row.
    rises = np.diff(spoilt.astype(float).mean(axis=2), axis=1).mean(axis=1)
    cut = int(((rises > 0) & (rises < 1.2)).sum())
    assert inverted > 3
    assert turned > 8
    assert torn > 3
    assert cut > 8
