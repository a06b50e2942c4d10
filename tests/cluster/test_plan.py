"""The plan: every location once, in shards of the size wanted, also of more than fits in memory."""

import random

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neumo.cluster.filters import where
from neumo.cluster.locations import Location
from neumo.cluster.plan import PLAN_SCHEMA, shards_of
from neumo.core.errors import ConfigError


def names(shards: list[pa.Table]) -> list[str]:
    return [name for shard in shards for name in shard["location"].to_pylist()]


@settings(max_examples=60)
@given(
    st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=4), max_size=40),
    st.integers(1, 9),
    st.sampled_from([3, 1_000]),
)
def test_every_location_is_in_one_shard_however_often_it_was_listed(
    listed: list[str], size: int, in_memory: int
) -> None:
    shards = list(shards_of(map(Location, listed), size, in_memory=in_memory, buckets=3))
    assert sorted(names(shards)) == sorted(set(listed))
    assert all(0 < shard.num_rows <= size and shard.schema == PLAN_SCHEMA for shard in shards)
    assert all(shard.num_rows == size for shard in shards[:-1])


def test_the_plan_does_not_depend_on_the_order_of_the_listing() -> None:
    listed = [Location(f"{number:05d}.dcm", number) for number in range(2_000)]
    mixed = random.Random(1).sample(listed, len(listed))
    for memory in (100, 10_000):
        one, other = (list(shards_of(order, 300, in_memory=memory)) for order in (listed, mixed))
        assert [shard.to_pylist() for shard in one] == [shard.to_pylist() for shard in other]


def test_a_condition_is_asked_of_every_location() -> None:
    listed = [Location(f"{number}.dcm", number) for number in range(100)]
    kept = where("size >= 90 AND location LIKE '9%'")
    assert kept is not None
    for memory in (10, 1_000):
        shards = list(shards_of(listed, 4, kept.keep, in_memory=memory, buckets=5))
        assert sorted(names(shards)) == [f"{number}.dcm" for number in range(90, 100)]


@pytest.mark.parametrize(
    "condition",
    [
        "", "size <", "colour = 1", "1=1) UNION ALL SELECT 'x', 1, NULL --", "true; DROP TABLE x",
        "location IN (SELECT content FROM read_text('/etc/hostname'))", "size > (SELECT count(*) FROM glob('/*'))",
    ],
)  # fmt: skip
def test_what_is_no_condition_on_the_columns_is_refused_before_anything_is_listed(condition: str) -> None:
    with pytest.raises(ConfigError, match="--where"):
        where(condition)


def test_sizes_and_times_are_kept() -> None:
    (shard,) = shards_of([Location("b", 7), Location("a")], 10)
    assert shard["size"].to_pylist() == [None, 7]
    assert pc.all(pc.is_null(shard["modified"])).as_py()
