"""The shipped bundle answers a sample alike, however many bits a file spends on it."""

from importlib.resources import as_file, files
from typing import Any

import numpy as np
import pytest
from tests.support.deep_samples import png
from tests.support.dicom_samples import dicom_file

from neumo import Reader
from neumo.imaging import open_radiograph

TOLERANCE = 0.01
"""Tolerance of each probability; half a grey level of 10 bits moved 16 other radiographs by .006 at most."""


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(threads=1)


@pytest.mark.parametrize("name", ["train-normal", "train-bacterial", "train-viral"])
def test_answers_do_not_depend_on_how_many_bits_a_file_spends(name: str, reader: Reader) -> None:
    with as_file(files("neumo.samples") / f"{name}.jpeg") as file:
        expected = reader.read(file).answer
        pixels = open_radiograph(file).pixels.astype(np.uint16)
    assert expected is not None
    twelve, hot = pixels * 16 + 8, pixels * 16 + 8
    hot[hot.shape[0] // 2, hot.shape[1] // 2] = 65535
    window: dict[str, Any] = {"WindowCenter": 2048, "WindowWidth": 500_000}
    forms = {
        "12 bits in a PNG of 16": png(twelve),
        "scaled by 4": png(twelve * 4),
        "scaled by 16": png(twelve * 16),
        "10 bits": png(twelve // 4),
        "10 bits scaled by 64": png(twelve // 4 * 64),
        "12 bits in DICOM": dicom_file(twelve, bits=12),
        "a window wider than the image": dicom_file(twelve, bits=12, **window),
        "a defective pixel": dicom_file(hot),
        "inverted": dicom_file(65535 - twelve, PhotometricInterpretation="MONOCHROME1"),
    }
    for form, content in forms.items():
        answer = reader.read(content).answer
        assert answer is not None, form
        moved = max(abs(answer.probabilities[f] - p) for f, p in expected.probabilities.items())
        assert moved <= TOLERANCE, (form, moved)
