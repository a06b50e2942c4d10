import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid
from tests.support.programs import without_override
from tests.support.tiny_bundle import tiny_graph

import neumo
from neumo.bundle.folder import Bundle
from neumo.core.age_override import AgeOverride
from neumo.core.errors import BundleError, ConfigError
from neumo.core.findings import FINDINGS, Finding
from neumo.core.labels import PNEUMONIA_OR_NOT
from neumo.core.radiograph import Radiograph
from neumo.core.reading import Reading, Status
from neumo.explain.heatmap import map_of
from neumo.imaging import fit_square, open_radiograph
from neumo.imaging.open import ImageFile
from neumo.imaging.prepare import scale_intensity
from neumo.inference.reader import Reader
from neumo.inference.replay import replay
from neumo.inference.session import Session


def dicom(target: Path, pixels: NDArray[np.uint8], **tags: object) -> Path:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset(str(target), {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    data.Rows, data.Columns = pixels.shape
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation = 7, 0
    data.WindowCenter, data.WindowWidth = 128, 256
    data.PatientName, data.PatientID, data.PatientBirthDate = "Secret^Name", "SECRET-ID", "20200317"
    for keyword, value in {"Modality": "CR", "PatientAge": "003Y", "ViewPosition": "AP", **tags}.items():
        setattr(data, keyword, value)
    data.PixelData = pixels.tobytes()
    data.save_as(target, enforce_file_format=True)
    return target


def answered(reading: Reading) -> tuple[object, ...]:
    assert reading.answer is not None and reading.receipt is not None
    return reading.status, reading.answer.finding, reading.sha256


def test_a_reading_is_what_the_graph_says_of_the_prepared_pixels(
    bundle: Bundle, reader: Reader, films: list[Path]
) -> None:
    reading, config = reader.read(films[0]), bundle.config
    square = fit_square(open_radiograph(films[0]).pixels, config.image_size, config.field_of_view)
    outputs = Session(bundle, 1).run(scale_intensity(square, config.intensity)[np.newaxis, np.newaxis])
    powers = np.exp(outputs.logits[0].astype(np.float64) / config.temperature)
    assert reading.answer is not None and outputs.class_maps is not None and reading.class_map is not None
    for finding, probability in zip(FINDINGS, powers / powers.sum(), strict=True):
        assert reading.answer.probabilities[finding] == pytest.approx(probability, abs=1e-6)
    np.testing.assert_allclose(
        reading.class_map, map_of(outputs.class_maps[0], reading.answer.finding), rtol=1e-4, atol=1e-5
    )
    assert reading.sha256 == hashlib.sha256(films[0].read_bytes()).hexdigest()
    assert reading.file == str(films[0]) and reading.pixels is None


def test_path_text_bytes_and_pixels_are_read_alike(reader: Reader, films: list[Path]) -> None:
    file = films[1]
    of_path, of_text, of_bytes = reader.read(file), reader.read(str(file)), reader.read(file.read_bytes())
    assert answered(of_path) == answered(of_text) == answered(of_bytes)
    of_pixels = reader.read(open_radiograph(file).pixels)
    assert of_pixels.sha256 is None and of_pixels.answer == of_path.answer
    assert (of_bytes.file, of_pixels.file) == ("bytes", "pixels")


def test_many_are_read_in_order_and_bad_ones_cost_nothing(
    reader: Reader, films: list[Path], tmp_path: Path
) -> None:
    text = tmp_path / "text.png"
    text.write_text("no image")
    short = tmp_path / "short.jpeg"
    short.write_bytes(films[0].read_bytes()[:900])
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    blank = tmp_path / "blank.png"
    Image.new("L", (90, 90), 20).save(blank)
    bad = [text, short, pipe, tmp_path, tmp_path / "absent.png", blank]
    sources = [file for pair in zip(films * 2, bad * 4, strict=False) for file in pair]
    readings = list(reader.read_many(sources))
    assert [reading.file for reading in readings] == [str(source) for source in sources]
    for reading in readings:
        alone = reader.read(Path(reading.file))
        assert (reading.status, reading.reasons) == (alone.status, alone.reasons)
        if alone.answer is not None and reading.answer is not None:
            assert reading.answer.probabilities == pytest.approx(alone.answer.probabilities, abs=1e-5)
    by_file = {Path(reading.file).name: reading for reading in readings}
    reasons = {name: [reason.code for reason in reading.reasons] for name, reading in by_file.items()}
    assert reasons["text.png"] == reasons["short.jpeg"] == ["not_an_image"]
    assert reasons["pipe"] == reasons["absent.png"] == ["unreadable_file"]
    assert by_file["blank.png"].status is Status.REFUSED
    assert by_file["text.png"].sha256 == hashlib.sha256(b"no image").hexdigest()
    assert all(
        "line" not in str(reason) and "Error" not in str(reason) for r in readings for reason in r.reasons
    )


def test_a_file_without_permission_is_a_failure_of_that_file(films: list[Path], tmp_path: Path) -> None:
    locked = tmp_path / "locked.jpeg"
    locked.write_bytes(films[0].read_bytes())
    locked.chmod(0)
    program = (
        "import sys; from neumo import Reader; print(*[r.code for r in Reader().read(sys.argv[1]).reasons])"
    )
    command = without_override([sys.executable, "-c", program, str(locked)])
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == ["unreadable_file"], done.stderr


def test_a_decoder_that_stumbles_costs_one_file_only(
    reader: Reader, films: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stumbling(ImageFile):
        def radiograph(self, enough: int | None = None) -> Radiograph:
            if self.path == films[1]:
                raise KeyError("a fault of some decoder")
            return super().radiograph(enough)

    monkeypatch.setattr("neumo.inference.opening.ImageFile", Stumbling)
    assert [r.status for r in reader.read_many(films[:3])] == [Status.READ, Status.FAILED, Status.READ]


def test_files_are_opened_only_as_far_ahead_as_memory_allows(reader: Reader, films: list[Path]) -> None:
    taken = 0

    def endless() -> Iterator[Path]:
        nonlocal taken
        while True:
            taken += 1
            yield films[taken % len(films)]

    readings = reader.read_many(endless())
    for _ in range(40):
        next(readings)
    assert taken <= 40 + 64
    before = threading.active_count()
    readings.close()  # type: ignore[attr-defined]  # it is a generator
    assert threading.active_count() < before, "an abandoned run leaves no threads behind"


def test_threads_share_a_reader(reader: Reader, films: list[Path]) -> None:
    expected = [reader.read(film).receipt for film in films]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            assert [reading.receipt for reading in pool.map(reader.read, films)] == expected


def test_dicom_is_read_with_what_its_header_says(
    reader: Reader, bundle: Bundle, films: list[Path], tmp_path: Path
) -> None:
    pixels = open_radiograph(films[0]).pixels
    child = reader.read(dicom(tmp_path / "child", pixels))
    assert child.status is Status.READ and child.warnings == ()
    assert child.answer == reader.read(pixels).answer
    lateral = reader.read(dicom(tmp_path / "lateral", pixels, ViewPosition="LL"))
    assert [reason.code for reason in lateral.reasons] == ["not_frontal"]
    grown = dicom(tmp_path / "grown", pixels, PatientAge="054Y")
    refused = reader.read(grown)
    assert [reason.code for reason in refused.reasons] == ["outside_age_range"]
    allowed = Reader(bundle, allow_outside_range=True, threads=1).read(grown)
    assert allowed.status is Status.READ
    assert [warning.code for warning in allowed.warnings] == ["outside_age_range", "etiology_not_assessed"]
    assert allowed.answer is not None and allowed.answer.outcomes == PNEUMONIA_OR_NOT
    assert child.answer is not None and child.answer.outcomes == FINDINGS
    assert allowed.answer.probabilities[Finding.NORMAL] == child.answer.probabilities[Finding.NORMAL]
    for reading in (child, allowed):
        assert reading.receipt is not None
        text = json.dumps(reading.receipt, allow_nan=False)
        assert "SECRET" not in text.upper() and "20200317" not in text and "pydicom" in text


@pytest.mark.parametrize(
    ("stated", "codes", "outcomes"),
    [
        ("004Y", (), FINDINGS),
        ("005Y", (), FINDINGS),
        ("006Y", ("etiology_not_assessed",), PNEUMONIA_OR_NOT),
        ("064Y", ("etiology_not_assessed",), PNEUMONIA_OR_NOT),
        ("011M", ("etiology_not_assessed",), PNEUMONIA_OR_NOT),
        ("", ("age_unreadable", "etiology_age_unknown"), FINDINGS),
    ],
)
def test_where_a_bundle_reads_all_ages_the_etiology_ends_where_its_evidence_does(
    bundle: Bundle, films: list[Path], tmp_path: Path, stated: str, codes: tuple[str, ...], outcomes: object
) -> None:
    gate = replace(bundle.config.gate, age_years=(0.0, 90.0))
    wide = replace(bundle, config=replace(bundle.config, gate=gate))
    reader, pixels = Reader(wide, threads=1), open_radiograph(films[0]).pixels
    file = dicom(tmp_path / "film", pixels, PatientAge=stated)
    reading = reader.read(file)
    assert reading.status is Status.READ and reading.answer is not None
    assert tuple(warning.code for warning in reading.warnings) == codes
    assert reading.answer.outcomes == outcomes
    assert reading.receipt is not None and replay(reading.receipt, file, wide).identical
    kept = Reader(wide, threads=1, keep_pixels=True).read(file)
    assert kept.answer == reading.answer and kept.class_map is not None and kept.class_maps is not None
    np.testing.assert_allclose(kept.class_map, map_of(kept.class_maps, reading.answer.finding))


def test_the_age_range_is_overridden_for_one_reading_on_somebody_s_word(
    reader: Reader, bundle: Bundle, films: list[Path], tmp_path: Path
) -> None:
    pixels, override = open_radiograph(films[0]).pixels, AgeOverride("small for his age", "Ana")
    baby = dicom(tmp_path / "baby", pixels, PatientAge="008M")
    refused, read = reader.read(baby), reader.read(baby, age_override=override)
    assert [reason.code for reason in refused.reasons] == ["outside_age_range"]
    assert "8 months old" in refused.reasons[0].text
    assert [warning.code for warning in read.warnings] == [
        "age_overridden",
        "outside_age_range",
        "etiology_not_assessed",
    ]
    of_a_child = reader.read(pixels).answer
    assert read.answer is not None and of_a_child is not None
    assert read.answer.outcomes == PNEUMONIA_OR_NOT, "nothing overrides what there is no evidence for"
    assert read.answer.probabilities[Finding.NORMAL] == of_a_child.probabilities[Finding.NORMAL]
    assert reader.read(baby) == refused, "for that reading alone"
    assert refused.receipt is not None and read.receipt is not None
    assert refused.receipt["options"]["allow_outside_range"] is False
    assert read.receipt["options"]["allow_outside_range"] is True and "small" not in str(read.receipt)
    assert replay(read.receipt, baby, bundle).identical
    child = dicom(tmp_path / "child", pixels)
    assert reader.read(child, age_override=override) == reader.read(child), "nothing was overridden"
    lateral = reader.read(
        dicom(tmp_path / "lateral", pixels, PatientAge="008M", ViewPosition="LL"), age_override=override
    )
    assert [reason.code for reason in lateral.reasons] == ["not_frontal"]
    assert [warning.code for warning in lateral.warnings] == ["age_overridden"]
    allowing = Reader(bundle, allow_outside_range=True, threads=1)
    assert "age_overridden" not in [w.code for w in allowing.read(baby, age_override=override).warnings]


def test_operating_point_prevalence_and_coverage_change_what_they_should(
    bundle: Bundle, films: list[Path]
) -> None:
    plain = Reader(bundle, threads=1)
    sensitive = Reader(bundle, operating_point="high_sensitivity", coverage=0.95, prevalence=0.01, threads=1)
    for film in films:
        before, after = plain.read(film).answer, sensitive.read(film).answer
        assert before is not None and after is not None
        assert after.probabilities[Finding.NORMAL] > before.probabilities[Finding.NORMAL]
        assert set(before.prediction_set) <= set(after.prediction_set)
        assert after.pneumonia == (1 - before.probabilities[Finding.NORMAL] >= 0.3)
        assert before.ppv is None and after.ppv is not None and after.ppv < 0.5
        assert after.pneumonia >= before.pneumonia


@pytest.mark.parametrize("wrong", [{"operating_point": "best"}, {"coverage": 0.8}, {"prevalence": 2.0}])
def test_options_that_the_bundle_does_not_hold_are_refused(bundle: Bundle, wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"operating point|coverage|prevalence"):
        Reader(bundle, **wrong)  # type: ignore[arg-type]


def test_pixels_are_kept_where_they_are_wanted(bundle: Bundle, films: list[Path]) -> None:
    kept = Reader(bundle, keep_pixels=True, threads=1).read(films[0]).pixels
    assert kept is not None and kept.shape == open_radiograph(films[0]).pixels.shape


def test_a_graph_without_class_maps_reads_without_them(bundle: Bundle, films: list[Path]) -> None:
    bare = replace(bundle, model=tiny_graph(class_maps=False).SerializeToString())
    reading = Reader(bare, threads=1).read(films[0])
    assert reading.status is Status.READ and reading.class_map is None


def test_without_class_maps_a_picture_is_explained_by_occlusion(bundle: Bundle, films: list[Path]) -> None:
    bare = replace(bundle, model=tiny_graph(class_maps=False).SerializeToString())
    reading = Reader(bare, threads=1, keep_pixels=True).read(films[0])
    assert reading.class_map is not None and reading.class_map.shape == (12, 12)
    assert np.ptp(reading.class_map) > 0


@pytest.mark.parametrize("lost", ["logits", "embedding"])
def test_a_graph_of_another_kind_is_refused(bundle: Bundle, lost: str) -> None:
    model = tiny_graph()
    kept = [output for output in model.graph.output if output.name != lost]
    del model.graph.output[:]
    model.graph.output.extend(kept)
    with pytest.raises(BundleError, match="logits and embedding"):
        Session(replace(bundle, model=model.SerializeToString()), 1)
    with pytest.raises(BundleError, match="cannot load"):
        Session(replace(bundle, model=onnx.ModelProto().SerializeToString()), 1)


def test_the_package_offers_the_reader_without_importing_it_first() -> None:
    code = "import sys, neumo; assert 'numpy' not in sys.modules; neumo.Reader; assert 'pydicom' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert neumo.Reader is Reader


def test_a_header_is_kept_where_it_is_asked_for(bundle: Bundle, films: list[Path], tmp_path: Path) -> None:
    with Image.open(films[0]) as image:
        file = dicom(tmp_path / "film.dcm", np.asarray(image.convert("L")), PatientID="4711")
    reader = Reader(bundle, threads=1, keep_header=True)
    read, picture = reader.read_many([file, films[0]])
    assert read.header is not None and read.header.PatientID == "4711" and "PixelData" not in read.header
    assert picture.header is None
    assert Reader(bundle, threads=1).read(file).header is None
    assert "4711" not in str(read.to_json())
