from pathlib import Path

import pytest
from tests.support.small_runs import make_run

from neumo.core.errors import EvaluationError
from neumo.study.compare_runs import compare_runs


def test_runs_are_compared_by_the_names_of_their_folders(tmp_path: Path) -> None:
    for name, skill in (("weak", 0.5), ("strong", 3.0)):
        make_run(tmp_path / name, seed=1, skill=skill)
    calls: list[tuple[int, int]] = []
    comparison = compare_runs(
        [tmp_path / "weak", tmp_path / "strong"],
        resamples=40,
        progress=lambda done, total: calls.append((done, total)),
    )
    (pair,) = comparison.pairs
    assert (pair.earlier, pair.later) == ("weak", "strong")
    assert pair.differences["accuracy"].low > 0 and comparison.synthetic
    assert calls[-1] == (40, 40)


def test_folders_of_one_name_are_told_apart_by_their_paths(tmp_path: Path) -> None:
    runs = [tmp_path / place / "run" for place in ("here", "there")]
    for run in runs:
        make_run(run, seed=1, skill=1.0)
    assert [run.name for run in compare_runs(runs, resamples=40).runs] == [str(run) for run in runs]


def test_one_run_is_no_comparison(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="two or more"):
        compare_runs([tmp_path])
