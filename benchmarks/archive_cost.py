"""Cost of reading a radiograph, by transfer syntax: processor seconds, bytes; and what a million take.

    python benchmarks/archive_cost.py FILE.dcm [--rounds 5] [--side 3000]

The file is enlarged, with noise of one part in two hundred, to as many pixels as a digital detector gives (12 bits), and
stored in every transfer syntax that can be written here. Processor time of one reader with its decoders counts, which
other work on the machine hardly changes; medians. JPEG 2000 is decoded as far as is needed; "exact" is what every pixel costs.
"""

import argparse
import io
import statistics
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from processor_time import timed
from pydicom import Dataset, dcmread
from pydicom.uid import (
    JPEG2000,
    UID,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from neumo.core.reading import Status
from neumo.inference.reader import Reader

SYNTAXES: tuple[tuple[UID, list[float] | None], ...] = (
    (RLELossless, None),
    (JPEGLSLossless, None),
    (JPEG2000Lossless, None),
    (JPEG2000, [10.0]),
)
"""With the compression ratio where one is lost."""
_MILLION = 1e6
_GIGABIT = 1e9 / 8


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--side", type=int, default=3000)
    options = parser.parse_args()
    reader, exact = (Reader(allow_outside_range=True, threads=1, exact=exact) for exact in (False, True))
    print(
        f"{'transfer syntax':<28}{'MB':>7}{'exact':>9}{'s/file':>9}{'core-h/million':>16}{'TB/million':>12}"
        f"{'h at 1 Gbit/s':>15}"
    )
    for name, content in variants(options.file, options.side):
        one(reader, content)  # its decoder is started
        rounds = [(one(reader, content), one(exact, content)) for _ in range(options.rounds)]
        seconds, in_full = map(statistics.median, zip(*rounds, strict=True))
        size = len(content)
        print(
            f"{name:<28}{size / 1e6:>7.1f}{in_full:>9.3f}{seconds:>9.3f}{seconds * _MILLION / 3600:>16,.0f}"
            f"{size * _MILLION / 1e12:>12.1f}{size * _MILLION / _GIGABIT / 3600:>15.0f}",
            flush=True,
        )


def one(reader: Reader, content: bytes) -> float:
    reading, seconds = timed(lambda: reader.read(content))
    assert reading.status is not Status.FAILED, reading.reasons
    return seconds


def variants(file: Path, side: int) -> Iterator[tuple[str, bytes]]:
    """Yield the radiograph at full size in every transfer syntax."""
    plain = dcmread(file)
    small = Image.fromarray(plain.pixel_array.astype(np.float32) / float(plain.pixel_array.max()), "F")
    grey = np.asarray(small.resize((side, side), Image.Resampling.BICUBIC))
    noisy = grey + np.random.default_rng(1).normal(0, 0.005, grey.shape)
    pixels = (np.clip(noisy, 0, 1) * 4095).astype(np.uint16)
    plain.decompress()
    plain.Rows = plain.Columns = side
    plain.BitsAllocated, plain.BitsStored, plain.HighBit = 16, 12, 11
    plain.add_new("PixelData", "OW", pixels.tobytes())
    for keyword in ("WindowCenter", "WindowWidth", "SmallestImagePixelValue", "LargestImagePixelValue"):
        if keyword in plain:
            del plain[keyword]
    yield "Explicit VR Little Endian", written(plain)
    for syntax, ratio in SYNTAXES:
        copy = dcmread(io.BytesIO(written(plain)))
        copy.compress(syntax, pixels, generate_instance_uid=False, j2k_cr=ratio)
        yield syntax.name[:27], written(copy)


def written(dataset: Dataset) -> bytes:
    if not dataset.file_meta.TransferSyntaxUID.is_compressed:
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


if __name__ == "__main__":
    main()
