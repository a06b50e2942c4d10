"""Several frames that no header counts are refused, and not dropped in silence."""

import io

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless
from tests.support.dicom_samples import compressed, dataset_of, written

from neumo.core.errors import UnsupportedImageError
from neumo.imaging import open_radiograph

STORED = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)


@pytest.mark.parametrize("times", [2, 3])
def test_native_pixels_that_are_a_multiple_of_one_image(times: int) -> None:
    """A multiple is also what a wrong Bits Allocated makes."""
    dataset = dataset_of(STORED)
    dataset.add_new("PixelData", "OW", STORED.tobytes() * times)
    with pytest.raises(UnsupportedImageError, match=f"{times} times as long as 64 x 64"):
        open_radiograph(written(dataset, ExplicitVRLittleEndian))


@pytest.mark.parametrize("syntax", [JPEGLSLossless, JPEG2000Lossless, RLELossless])
def test_compressed_frames_and_one_frame_in_several_fragments(syntax: UID) -> None:
    content = compressed(STORED, syntax)
    dataset = dcmread(io.BytesIO(content))
    frame = next(generate_frames(dataset.PixelData, number_of_frames=1))
    dataset.PixelData = encapsulate([frame], fragments_per_frame=3)
    np.testing.assert_array_equal(
        open_radiograph(written(dataset, syntax)).pixels, open_radiograph(content).pixels
    )
    dataset.PixelData = encapsulate([frame, frame])
    with pytest.raises(UnsupportedImageError, match="2 frames"):
        open_radiograph(written(dataset, syntax))
