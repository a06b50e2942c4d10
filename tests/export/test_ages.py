"""The ages that a bundle reads are those that its training images give evidence for."""

import pytest
from tests.datasets.test_collections import B, N, P, V, entry

from neumo.core.errors import ExportError
from neumo.datasets.manifest import Entry
from neumo.export.ages import MIN_IMAGES, age_ranges, narrowed

KERMANY = [entry(label, source="kermany") for label in (N, B, V) for _ in range(MIN_IMAGES)]


def adults(age: str, normal: int = MIN_IMAGES, sick: int = MIN_IMAGES) -> list[Entry]:
    return [entry(label, source="nih", age=age) for label, n in ((N, normal), (P, sick)) for _ in range(n)]


@pytest.mark.parametrize(
    ("others", "read"),
    [
        ([], (1, 5)),
        (adults("43"), (1, 5)),  # nothing is known of 6 to 17 between them, and there are fewer
        (adults("12") + adults("43"), (1, 43)),
        (adults("12") + adults("43") + adults("88.5"), (1, 88)),
        (adults("12", sick=MIN_IMAGES - 1) + adults("43"), (1, 5)),
        (adults("0.5") + adults("9 years"), (0, 9)),
        (adults("43", 200, 200), (43, 43)),
        (adults("nobody knows"), (1, 5)),
    ],
)
def test_neighbouring_age_bands_with_enough_images_of_both_outcomes_are_read(
    others: list[Entry], read: tuple[int, int]
) -> None:
    assert age_ranges([*KERMANY, *others]) == (read, (1, 5))


def test_etiology_needs_images_of_both_kinds() -> None:
    school = [entry(label, source="a", age="9") for label in (N, B, V) for _ in range(MIN_IMAGES)]
    assert age_ranges([*KERMANY, *school]) == ((1, 9), (1, 9))
    assert age_ranges([*KERMANY, *school[:-1]]) == ((1, 9), (1, 5))


def test_without_ages_nobody_could_be_read() -> None:
    with pytest.raises(ExportError, match="column age"):
        age_ranges([entry(label, source="ours") for label in (N, B, V) for _ in range(99)])


def test_fewer_ages_may_be_read_than_there_is_evidence_for_and_no_others() -> None:
    assert narrowed((1, 88), None) == (1, 88)
    assert narrowed((1, 88), (1, 5)) == (1, 5)
    for wanted in ((0, 5), (18, 90), (0, float("inf"))):
        with pytest.raises(ExportError, match="evidence for ages 1-88 only"):
            narrowed((1, 88), wanted)
