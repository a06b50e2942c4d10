"""Whatever the bytes, they end in a radiograph, in files, in an answer, or in a clear refusal, soon and within bounds.

`make fuzz` tries 20,000 and more; here each run tries the same 500.
"""

from pathlib import Path

import pytest
from tests.fuzz.run import Failure, shares_of, try_target
from tests.fuzz.worker import TARGETS

COUNT = 500


@pytest.mark.timeout(600)
@pytest.mark.parametrize("target", TARGETS)
def test_mutated_inputs_end_as_they_must(target: str) -> None:
    count = shares_of(COUNT)[target]
    tried = try_target(target, 0, count)
    assert not tried.failures, tried.failures
    assert tried.inputs == count
    assert tried.sound > count // 20, f"mutations so violent test no decoder: {tried.outcomes}"


def test_all_targets_together_try_what_was_asked_for() -> None:
    assert sum(shares_of(COUNT).values()) == COUNT and min(shares_of(COUNT).values()) >= 50


def test_an_input_that_fails_is_told_by_its_number_saved_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.fuzz.run._batch", _failing_at_7)
    tried = try_target("multipart", 5, 5)
    assert [failure.index for failure in tried.failures] == [7] and tried.inputs == 4
    saved = tried.failures[0].save(tmp_path / "failures")
    assert saved.name == "multipart-7.bin" and saved.with_suffix(".txt").read_text() == "it broke"
    assert saved.read_bytes() == tried.failures[0].save(tmp_path / "again").read_bytes()


def _failing_at_7(target: str, first: int, count: int, _seconds: int) -> dict[str, object] | Failure:
    if first <= 7 < first + count:
        return Failure(target, 7, "it broke")
    return {"outcomes": {"x": count}, "sound": 0, "slowest": 0.0, "slowest_index": first, "peak_mib": 1}
