import pytest
from pydicom.dataset import Dataset

from neumo.imaging.dicom.pixel_spacing import PixelSpacing, pixel_spacing


def header(**elements: object) -> Dataset:
    dataset = Dataset()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


@pytest.mark.parametrize(
    ("elements", "found"),
    [
        ({}, None),
        ({"ImagerPixelSpacing": [0.2, 0.1]}, PixelSpacing(0.2, 0.1, calibrated=False)),
        (
            {"PixelSpacing": [0.2, 0.2], "ImagerPixelSpacing": [0.2, 0.2]},
            PixelSpacing(0.2, 0.2, calibrated=False),
        ),
        (
            {"PixelSpacing": [0.18, 0.18], "ImagerPixelSpacing": [0.2, 0.2]},
            PixelSpacing(0.18, 0.18, calibrated=True),
        ),
        (
            {"PixelSpacing": [0.2, 0.2], "PixelSpacingCalibrationType": "FIDUCIAL"},
            PixelSpacing(0.2, 0.2, calibrated=True),
        ),
        ({"PixelSpacing": [0.2, 0.2]}, PixelSpacing(0.2, 0.2, calibrated=False)),
        ({"PixelSpacing": [0, 0]}, None),
        ({"PixelSpacing": [-1, 1]}, None),
        ({"PixelSpacing": [1e9, 1]}, None),
        ({"PixelSpacing": 0.2}, None),
    ],
)
def test_spacing_is_of_the_patient_only_where_that_is_stated(
    elements: dict[str, object], found: PixelSpacing | None
) -> None:
    assert pixel_spacing(header(**elements)) == found
