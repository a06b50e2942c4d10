import json
from pathlib import Path

import pytest

from neumo.core.errors import EvaluationError, OutputError
from neumo.evaluation.robustness.corruptions import CORRUPTIONS, STRENGTHS
from neumo.inference.reader import Reader
from neumo.study import evaluate_corruptions as module
from neumo.study.evaluate_corruptions import CELLS_FILE, evaluate_corruptions


@pytest.fixture
def two_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two kinds of corruption at the least and the largest strength are enough here."""
    monkeypatch.setattr(module, "CORRUPTIONS", {kind: CORRUPTIONS[kind] for kind in ("contrast", "blur")})
    monkeypatch.setattr(module, "STRENGTHS", (STRENGTHS[0], STRENGTHS[-1]))


@pytest.mark.usefixtures("two_kinds")
def test_every_kind_and_strength_has_a_cell(bundle: Path, phantoms: Path, tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    cells = evaluate_corruptions(Reader(bundle), phantoms, tmp_path, reading=lambda *call: calls.append(call))
    found = [(cell.kind, cell.strength) for cell in cells]
    assert found == [("clean", 0), ("contrast", 1), ("contrast", 5), ("blur", 1), ("blur", 5)]
    assert all(cell.images == 12 and 0 <= cell.refused <= 1 for cell in cells)
    assert calls[-1] == (60, 60)
    record = json.loads((tmp_path / CELLS_FILE).read_text())
    assert [cell["kind"] for cell in record["cells"]] == [kind for kind, _ in found]
    assert {"corruptions.png", "corruptions.svg"} <= {file.name for file in tmp_path.iterdir()}


def test_what_cannot_be_done_is_told_first(bundle: Path, phantoms: Path, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="no images of the part 'val'"):
        evaluate_corruptions(Reader(bundle), phantoms, tmp_path, part="val")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="is no folder"):
        evaluate_corruptions(
            Reader(bundle), phantoms, tmp_path / "file", reading=lambda *call: pytest.fail("read")
        )
