"""The lease of a dataset: one run at a time, told without any clock, and abandoned ones are taken over."""

from pathlib import Path

import pytest

from neumo.cluster.lease import lease
from neumo.cluster.places import open_place
from neumo.core.errors import ClusterError


def test_a_second_run_is_refused_while_the_first_renews(tmp_path: Path) -> None:
    place = open_place(str(tmp_path))
    with (
        lease(place, renewed=0.02),
        pytest.raises(ClusterError, match="another run writes"),
        lease(place, watched=1.0),
    ):
        pass
    assert place.entries() == []


def test_an_abandoned_lease_is_taken_over_and_removed_at_the_end(tmp_path: Path) -> None:
    place = open_place(str(tmp_path))
    for left in ('{"run": "gone", "renewed": 7}', "half a lea", ""):
        (tmp_path / "_lease.json").write_text(left)
        with lease(place, watched=0.01):
            assert "gone" not in (tmp_path / "_lease.json").read_text()
        assert place.entries() == []


def test_the_lease_of_another_run_is_left_alone_at_the_end(tmp_path: Path) -> None:
    place = open_place(str(tmp_path))
    with lease(place, renewed=60):
        (tmp_path / "_lease.json").write_text('{"run": "another", "renewed": 1}')
    assert "another" in (tmp_path / "_lease.json").read_text()
