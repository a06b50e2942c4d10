"""What a server finds in the folder of commissioning after another one ended, and which runs stay."""

from pathlib import Path

import pytest

from neumo.web.commissioning.folder import CommissioningFolder
from neumo.web.http.problems import Problem


def finished(folder: CommissioningFolder, run: str, accepted: bool = False) -> None:
    folder.work.mkdir()
    folder.finish(run, {"id": run, "acceptance": {"by": "A"} if accepted else None})


def test_a_run_whose_server_ended_is_called_interrupted_and_leaves_its_readings_alone(tmp_path: Path) -> None:
    before = CommissioningFolder(tmp_path / "c")
    before.note_attempt({"id": "a", "status": "running"})
    for place in (before.work, before.readings):
        place.mkdir()
        (place / "file").touch()
    before.progress.write_text('{"step": "reading", "done": 1, "total": 2}')
    after = CommissioningFolder(tmp_path / "c")
    assert after.attempt() == {"id": "a", "status": "interrupted"}
    assert not after.work.exists() and after.now_done() is None and (after.readings / "file").is_file()


def test_accepted_runs_stay_and_others_make_room(tmp_path: Path) -> None:
    folder = CommissioningFolder(tmp_path / "c")
    names = [f"20261129-10000{number}-abcd" for number in range(4)]
    for name, accepted in zip(names, (True, False, False, False), strict=True):
        finished(folder, name, accepted)
    assert [run["id"] for run in folder.runs()] == [names[3], names[0]]


@pytest.mark.parametrize("name", ["../runs", "..", "20261129-100009-abcd", ""])
def test_there_is_no_run_of_another_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(Problem):
        CommissioningFolder(tmp_path / "c").run(name)
