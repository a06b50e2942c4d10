"""Cost and benefit of reduced decoding: the answers of full-size radiographs decoded smaller, beside those decoded in full.

    python benchmarks/decode_less.py FOLDER [--limit 180] [--forms original,jpeg-75,...] [--timed 40]

Each film is read as it is, encoded anew as JPEG, and in DICOM: JPEG Baseline; JPEG 2000 Lossless with 8 bits; JPEG 2000 10 : 1 with
12 bits (grey levels spread over them, with noise of one part in two hundred). Both readers take each film in turns. Prints the share of the
same findings and verdicts, the differences of the probabilities, and processor time (decoder processes included) of decoding and preparing,
and of whole readings. Goals: same finding at least .995, mean difference at most .003. The limit is 1 and 0.
"""

import argparse
import io
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from processor_time import timed
from pydicom import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    JPEG2000,
    ComputedRadiographyImageStorage,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    generate_uid,
)

from neumo.bundle.config import BundleConfig
from neumo.core.findings import FINDINGS
from neumo.core.reading import Reading
from neumo.core.statistics import wilson
from neumo.imaging.image_files import find_images
from neumo.imaging.open import ImageFile, open_radiograph
from neumo.imaging.prepare import network_square, scale_intensity
from neumo.imaging.reduction import enough_pixels
from neumo.inference.reader import Reader

Grey = NDArray[np.uint8]


_TOLD_EVERY = 20
"""Films read between two interim reports."""


@dataclass
class Tally:
    """Results of one form of file: readings in full and less, processor seconds of both, reductions."""

    pairs: list[tuple[Reading, Reading]] = field(default_factory=list)
    prepared: list[tuple[float, float]] = field(default_factory=list)
    read: list[tuple[float, float]] = field(default_factory=list)
    reductions: Counter[int] = field(default_factory=Counter)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, default=180)
    parser.add_argument("--forms", default=",".join(FORMS))
    parser.add_argument(
        "--timed", type=int, default=40, help="films whose opening and preparing is timed apart"
    )
    options = parser.parse_args()
    readers = Reader(exact=True, threads=1), Reader(threads=1)
    tallies = {form: Tally() for form in options.forms.split(",")}
    for number, film in enumerate(find_images([options.folder]).images[: options.limit], 1):
        grey = open_radiograph(film).pixels
        for form, tally in tallies.items():
            content = film.read_bytes() if form == "original" else FORMS[form](grey)
            if len(tally.prepared) < options.timed:
                _time_preparing(tally, content, readers[0].bundle.config)
            _read(tally, content, readers)
        if number % _TOLD_EVERY == 0:
            _print_all(tallies)
    _print_all(tallies)


def _print_all(tallies: dict[str, Tally]) -> None:
    whole = Tally()
    for form, tally in tallies.items():
        _print(form, tally)
        whole.pairs += tally.pairs
    _print("all", whole)


def _time_preparing(tally: Tally, content: bytes, config: BundleConfig) -> None:
    enough = enough_pixels(config.image_size, config.field_of_view)

    def prepare(pixels: int | None) -> int:
        radiograph = ImageFile(content).radiograph(pixels)
        square = network_square(radiograph, config.image_size, config.field_of_view, config.intensity)
        scale_intensity(square, config.intensity)
        return radiograph.reduction

    prepare(enough)
    (_, full), (factor, less) = timed(lambda: prepare(None)), timed(lambda: prepare(enough))
    tally.prepared.append((full, less))
    tally.reductions[factor] += 1


def _read(tally: Tally, content: bytes, readers: tuple[Reader, Reader]) -> None:
    (in_full, full), (smaller, less) = (timed(partial(reader.read, content)) for reader in readers)
    tally.read.append((full, less))
    tally.pairs.append((in_full, smaller))


def _print(form: str, tally: Tally) -> None:
    answered = [(a.answer, b.answer) for a, b in tally.pairs if a.answer and b.answer]
    other_ends = sum(a.status is not b.status for a, b in tally.pairs)
    same = wilson(sum(a.finding is b.finding for a, b in answered), len(answered))
    verdicts = sum(a.verdict is b.verdict for a, b in answered)
    differences = np.array(
        [abs(a.probabilities[f] - b.probabilities[f]) for a, b in answered for f in FINDINGS]
    )
    print(
        f"{form}: {len(tally.pairs)} films, {other_ends} read by one alone; same finding {same.share:.4f} "
        f"({same.low:.4f}-{same.high:.4f}), same verdict {verdicts / len(answered):.4f}; |difference of p| mean "
        f"{differences.mean():.5f}, largest {differences.max():.3f}"
    )
    if tally.read:
        sizes = ", ".join(f"{count} x 1/{factor}" for factor, count in sorted(tally.reductions.items()))
        for name, seconds in (("decoding and preparing", tally.prepared), ("whole reading", tally.read)):
            full, less = (float(mean) * 1000 for mean in np.mean(seconds, axis=0))
            print(
                f"    {name}: {full:.1f} ms in full, {less:.1f} ms: {full / less:.2f} x ({sizes})", flush=True
            )


def _jpeg(grey: Grey, quality: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _in_dicom(pixels: Grey | NDArray[np.uint16], bits: int, stream: bytes = b"") -> Dataset:
    dataset, meta = Dataset(), FileMetaDataset()
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.StudyInstanceUID = dataset.SeriesInstanceUID = generate_uid()
    dataset.Modality, dataset.PhotometricInterpretation, dataset.PatientAge = "CR", "MONOCHROME2", "003Y"
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8 * pixels.itemsize, bits, bits - 1
    meta.TransferSyntaxUID = JPEGBaseline8Bit if stream else ExplicitVRLittleEndian
    dataset.file_meta = meta
    dataset.add_new(
        "PixelData", "OB" if stream else "OW", encapsulate([stream]) if stream else pixels.tobytes()
    )
    return dataset


def _jpeg_2000(pixels: Grey | NDArray[np.uint16], bits: int, ratio: float | None) -> bytes:
    dataset = _in_dicom(pixels, bits)
    syntax, ratios = (JPEG2000, [ratio]) if ratio else (JPEG2000Lossless, None)
    dataset.compress(syntax, pixels, generate_instance_uid=False, j2k_cr=ratios)
    return _written(dataset)


def _written(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _twelve_bits(grey: Grey) -> NDArray[np.uint16]:
    noise = np.random.default_rng(1).normal(0, 0.005, grey.shape)
    return (np.clip(grey / 255 + noise, 0, 1) * 4095).astype(np.uint16)


FORMS: dict[str, Callable[[Grey], bytes]] = {
    "original": lambda grey: b"",
    "jpeg-75": lambda grey: _jpeg(grey, 75),
    "dicom-jpeg-90": lambda grey: _written(_in_dicom(grey, 8, _jpeg(grey, 90))),
    "dicom-jpeg-2000": lambda grey: _jpeg_2000(grey, 8, None),
    "dicom-jpeg-2000-12-bits": lambda grey: _jpeg_2000(_twelve_bits(grey), 12, 10.0),
}

if __name__ == "__main__":
    main()
