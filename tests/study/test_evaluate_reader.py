import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.support.tiny_bundle import CONFIGURATION, make_bundle

from neumo.core.errors import EvaluationError, OutputError
from neumo.core.findings import FINDINGS
from neumo.evaluation.predictions import read_predictions
from neumo.inference.reader import Reader
from neumo.study.evaluate_reader import FIGURES_FILE, PREDICTIONS_FILE, evaluate_reader


@pytest.fixture
def reader(bundle: Path) -> Reader:
    return Reader(bundle)


def test_a_reader_is_evaluated_as_it_reads(reader: Reader, phantoms: Path, tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    evaluated = evaluate_reader(
        reader, phantoms, tmp_path, command="neumo evaluate tiny", reading=lambda *call: calls.append(call)
    )
    read = evaluated.evaluation.images
    assert evaluated.images == 12 == read + evaluated.refused.total()
    assert calls == [(number, 12) for number in range(1, 13)]
    predictions = read_predictions(tmp_path / PREDICTIONS_FILE, synthetic=True)
    first = reader.read(phantoms / predictions.paths[0])
    assert first.answer is not None
    expected = [first.answer.probabilities[finding] for finding in FINDINGS]
    np.testing.assert_allclose(predictions.probabilities[0], expected, atol=1e-6)
    assert evaluated.coverage.keys() == {0.9, 0.95}
    assert evaluated.coverage[0.9][None].images == read
    assert evaluated.operating_points.keys() == CONFIGURATION.operating_points.keys()
    record = json.loads((tmp_path / FIGURES_FILE).read_text())
    assert record["command"] == "neumo evaluate tiny" and record["part"] == "test"
    assert (record["data_set"], record["ages"]) == ("phantoms", [1, 5])
    assert record["bundle"]["digest"] == reader.bundle.digest
    assert record["refused"] == sum(record["refused_by_reason"].values())


def test_a_part_without_images_is_an_error(reader: Reader, phantoms: Path, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="no images of the part 'val'"):
        evaluate_reader(reader, phantoms, tmp_path, part="val")
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_refuses_everything_cannot_be_evaluated(phantoms: Path, tmp_path: Path) -> None:
    closed = make_bundle(tmp_path / "closed", phantoms, gate=replace(CONFIGURATION.gate, distance=0.0))
    with pytest.raises(EvaluationError, match="every image was refused"):
        evaluate_reader(Reader(closed), phantoms, tmp_path / "out")


def test_an_unwritable_folder_is_told_before_the_first_image_is_read(
    reader: Reader, phantoms: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="is no folder"):
        evaluate_reader(reader, phantoms, tmp_path / "file", reading=lambda *call: pytest.fail("read"))
