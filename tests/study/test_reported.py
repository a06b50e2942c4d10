import numpy as np
import pytest

from neumo.core.findings import FINDINGS
from neumo.study.reported import reported_runs


def test_each_matrix_reproduces_every_figure_that_the_study_printed() -> None:
    runs = reported_runs()
    assert [run.number for run in runs] == [1, 2, 3, 4]
    for run in runs:
        matrix = run.confusion
        assert matrix.sum(axis=1).tolist() == [234, 242, 148]
        right = np.diag(matrix)
        precision, recall = right / matrix.sum(axis=0), right / matrix.sum(axis=1)
        f1 = 2 * precision * recall / (precision + recall)
        for finding in FINDINGS:
            measured = [values[finding.index] for values in (precision, recall, f1)]
            assert run.report[finding] == pytest.approx(measured, abs=0.0051)
        assert run.accuracy == pytest.approx(right.sum() / 624, abs=0.0051)
        assert run.macro_f1 == pytest.approx(f1.mean(), abs=0.0051)
