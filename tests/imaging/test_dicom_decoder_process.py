"""Decoders in processes of their own: a fault of this machine is never told as one of the file."""

import errno
from collections import defaultdict
from pathlib import Path
from typing import Any

import gdcm
import numpy as np
import pytest
from tests.support.dicom_samples import by_gdcm, dicom_file

from neumo.core.errors import ChildError
from neumo.imaging.dicom import decoder_process
from neumo.inference.opening import open_source


class _FaultyDecoder:
    """A decoder's process that meets a fault of this machine over every frame."""

    def __init__(self, outcome: ChildError | dict[str, Any]) -> None:
        self._outcome = outcome

    def ask(self, _request: object, _frame: bytes) -> tuple[dict[str, Any], bytes]:
        if isinstance(self._outcome, ChildError):
            raise self._outcome
        return self._outcome, b""

    def end(self) -> None:
        """Do nothing."""


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (ChildError("killed", "was killed"), "out_of_memory"),
        ({"error": "OSError", "errno": errno.EMFILE, "own": "too_many_files"}, "unreadable_file"),
        (ChildError("crash", "ended"), "not_an_image"),
    ],
)
def test_faults_of_the_machine_are_not_called_corruption(
    outcome: ChildError | dict[str, Any], code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        decoder_process, "_idle", defaultdict(lambda: [_FaultyDecoder(outcome) for _ in range(2)])
    )
    pixels = np.add.outer(np.arange(40), np.arange(60)).astype(np.uint16)
    content = by_gdcm(dicom_file(pixels), gdcm.TransferSyntax.JPEGLosslessProcess14_1, tmp_path)
    failure = open_source(content).failure
    assert failure is not None and failure.code == code
