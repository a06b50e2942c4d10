"""The heat map as a Segmentation: each pixel in its band, on the radiograph that it names, as OHIF opens it."""

from dataclasses import replace
from io import BytesIO
from typing import Any

import highdicom
import numpy as np
import pytest
from pydicom import Dataset, dcmread
from tests.support.hospital_samples import header, reading

from neumo.core.errors import ResultError
from neumo.explain.heatmap import upsample
from neumo.results.dicom import segmentation
from neumo.results.dicom.makers import object_of

MAP = np.zeros((7, 7), np.float32)
MAP[2, 2:4], MAP[3, 2], MAP[5, 5] = (2.0, 1.2), 0.9, -1.0


def made(source: Dataset | None = None, **changes: Any) -> highdicom.seg.Segmentation:
    """A Segmentation as it is sent, read by highdicom."""
    sent = BytesIO()
    given = reading(**{"class_map": MAP, **changes})
    segmentation(given, source or header()).save_as(sent, enforce_file_format=True)
    sent.seek(0)
    return highdicom.seg.Segmentation.from_dataset(dcmread(sent))


@pytest.mark.parametrize("field_of_view", [1.0, 0.7])
def test_each_pixel_lies_in_the_band_of_its_heat(field_of_view: float) -> None:
    found = made(field_of_view=field_of_view)
    heat = upsample(MAP, (90, 80), field_of_view)
    layers = found.get_pixels_by_source_instance(["1.2.3.4.1.1"])[0]
    assert layers.shape == (90, 80, 3) and layers.max() == 1 and (layers.sum(axis=2) <= 1).all()
    bands = layers @ np.array([1, 2, 3])
    for band, (low, high) in enumerate(((0.25, 0.5), (0.5, 0.75), (0.75, 1.01)), start=1):
        inside = (heat > low + 0.011) & (heat < high - 0.011)
        assert inside.any() and (bands[inside] == band).all()
    assert (bands[heat < 0.24] == 0).all()


def test_it_names_its_radiograph_its_maker_and_what_it_is() -> None:
    found = made()
    (series,) = found.ReferencedSeriesSequence
    (instance,) = series.ReferencedInstanceSequence
    assert (series.SeriesInstanceUID, instance.ReferencedSOPInstanceUID) == ("1.2.3.4.1", "1.2.3.4.1.1")
    assert (found.Rows, found.Columns, found.Modality) == (90, 80, "SEG")
    assert found.SegmentationType == "BINARY" and "FrameOfReferenceUID" not in found
    for number, segment in enumerate(found.SegmentSequence, start=1):
        (algorithm,) = segment.SegmentationAlgorithmIdentificationSequence
        assert (segment.SegmentNumber, algorithm.AlgorithmName, algorithm.AlgorithmVersion) == (
            number,
            "tiny",
            "1",
        )
        assert algorithm.AlgorithmFamilyCodeSequence[0].CodeValue == "123110"
        assert segment.SegmentedPropertyTypeCodeSequence[0].CodeMeaning == "Visual explanation"
    labels = [
        segment.SegmentLabel for segment in segmentation(reading(), header(), language="es").SegmentSequence
    ]
    assert labels[0].startswith("Calor del 25")


def test_viewers_find_measures_and_orientation_only_where_the_spacing_is_stated() -> None:
    """OHIF 3.13 opens no Segmentation without them; a spacing that nobody states is not made up."""
    (shared,) = made().SharedFunctionalGroupsSequence
    assert shared.PixelMeasuresSequence[0].PixelSpacing == [0.2, 0.1]
    assert shared.PlaneOrientationSequence[0].ImageOrientationPatient == [1, 0, 0, 0, 1, 0]
    for spacing in (None, [0, 0.1]):
        (shared,) = segmentation(reading(), header(ImagerPixelSpacing=spacing)).SharedFunctionalGroupsSequence
        assert len(shared) == 0
    own = made(header(PixelSpacing=[0.3, 0.3])).SharedFunctionalGroupsSequence[0]
    assert own.PixelMeasuresSequence[0].PixelSpacing == [0.3, 0.3]


def test_what_was_compressed_with_loss_is_said_to_be() -> None:
    lossy = {"LossyImageCompression": "01", "LossyImageCompressionRatio": "12"}
    assert made(header(**lossy)).LossyImageCompressionRatio == 12
    assert made().LossyImageCompression == "00"


@pytest.mark.parametrize("nothing", [None, np.full((3, 3), -1, np.float32)])
def test_without_heat_there_is_none(nothing: Any) -> None:
    cold = reading(class_map=nothing)
    assert object_of("seg", cold, header(), "en") is None
    with pytest.raises(ResultError, match="no heat map"):
        segmentation(cold, header())


def test_a_header_without_its_size_is_told() -> None:
    with pytest.raises(ResultError, match="no Rows and Columns"):
        segmentation(reading(), header(Rows=None))


def test_a_map_of_the_same_heat_gives_the_same_object() -> None:
    first = segmentation(reading(class_map=MAP), header())
    hotter = segmentation(reading(class_map=MAP * np.float32(3)), header())
    assert first.SOPInstanceUID == hotter.SOPInstanceUID, "heat is a share of its peak"
    other = segmentation(replace(reading(class_map=MAP), field_of_view=0.5), header())
    assert other.SOPInstanceUID != first.SOPInstanceUID
