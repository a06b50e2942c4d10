"""OpenVINO compared with ONNX Runtime: processor time an image, and how far its answers differ.

    pip install openvino nncf
    python benchmarks/openvino_engine.py FOLDER... [--images 300]

The graph of the built-in bundle in single precision, in bfloat16 and in eight bits (NNCF, post-training, calibrated on every
second image; layers kept in float as named), each on one thread, on the images that were not calibrated with. Beside each stand
the share of images with the same most probable finding, the same call at the operating point and the same refusal by the gate, and the
mean difference of probabilities. What it must hold is .99 of the first two. Times are processor time, so that other work matters little.
"""

import argparse
import importlib
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neumo.imaging import open_radiograph
from neumo.imaging.prepare import network_square, scale_intensity
from neumo.inference.posterior import calibrated
from neumo.inference.reader import Reader
from neumo.inference.session import Session

Floats = NDArray[np.floating[Any]]
Run = Callable[[Floats], tuple[Floats, Floats]]
"""Logits and embeddings of images (N, 1, side, side)."""
BATCH, TURNS = 8, 8


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--images", type=int, default=300, help="of each folder")
    options = parser.parse_args()
    os.environ["NNCF_CI"] = "1"  # no telemetry
    nncf, openvino = (importlib.import_module(name) for name in ("nncf", "openvino"))
    reader = Reader(threads=1)
    images = prepared(reader, options.folders, options.images)
    calibrated_on, measured_on = images[::2], images[1::2]
    core, graph = openvino.Core(), reader.bundle.model

    def compiled(model: Any, precision: str) -> Run:
        settings = {
            "INFERENCE_NUM_THREADS": 1,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": precision,
        }
        request = core.compile_model(model, "CPU", settings).create_infer_request()

        def run(batch: Floats) -> tuple[Floats, Floats]:
            outputs = request.infer({"images": batch})
            return outputs["logits"].copy(), outputs["embedding"].copy()

        return run

    def in_eight_bits(in_float: list[str]) -> Run:
        data = nncf.Dataset([image[np.newaxis] for image in calibrated_on])
        ignored = nncf.IgnoredScope(names=in_float) if in_float else None
        model = nncf.quantize(
            core.read_model(graph),
            data,
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(calibrated_on),
            ignored_scope=ignored,
        )
        return compiled(model, "f32")

    session = Session(reader.bundle, 1)

    def onnx_runtime(batch: Floats) -> tuple[Floats, Floats]:
        outputs = session.run(batch.astype(np.float32))
        return outputs.logits, outputs.embeddings

    operations = core.read_model(graph).get_ordered_ops()
    kinds = {"Convolution", "GroupConvolution", "MatMul"}
    layers = [one.get_friendly_name() for one in operations if one.get_type_name() in kinds]
    depthwise = [one.get_friendly_name() for one in operations if one.get_type_name() == "GroupConvolution"]
    own = measured(onnx_runtime, measured_on)
    print(
        f"{len(measured_on)} images; ONNX Runtime: {own[2]:.2f} ms an image, {own[3]:.2f} in batches of {BATCH}"
    )
    engines: dict[str, Callable[[], Run]] = {
        "single precision": lambda: compiled(core.read_model(graph), "f32"),
        "bfloat16": lambda: compiled(core.read_model(graph), "bf16"),
        "8 bits": lambda: in_eight_bits([]),
        "8 bits but for depthwise layers": lambda: in_eight_bits(depthwise),
        "8 bits but for the first 8 layers": lambda: in_eight_bits(layers[:8]),
        "8 bits but for both": lambda: in_eight_bits(sorted({*layers[:8], *depthwise})),
    }
    for name, run in engines.items():
        print(f"{name}: {compared(reader, own, measured(run(), measured_on))}", flush=True)


def prepared(reader: Reader, folders: list[Path], count: int) -> NDArray[np.float32]:
    """Images of each folder as the network sees them."""
    config, chosen = reader.bundle.config, random.Random(1)
    found = []
    for folder in folders:
        files = sorted(
            file for file in folder.rglob("*") if file.suffix.lower() in {".jpeg", ".jpg", ".png", ".dcm"}
        )
        for file in chosen.sample(files, min(count, len(files))):
            square = network_square(
                open_radiograph(file), config.image_size, config.field_of_view, config.intensity
            )
            found.append(scale_intensity(square, config.intensity)[np.newaxis])
    return np.stack(found).astype(np.float32)


def measured(run: Run, images: Floats) -> tuple[Floats, Floats, float, float]:
    """Logits, embeddings, and processor milliseconds an image, one by one and in batches (the least of several)."""
    began = time.process_time()
    rows = [run(image[np.newaxis]) for image in images]
    alone = (time.process_time() - began) / len(images)
    batch, least = np.ascontiguousarray(images[:BATCH]), float("inf")
    for _ in range(TURNS):
        began = time.process_time()
        run(batch)
        least = min(least, (time.process_time() - began) / BATCH)
    logits, embeddings = (np.concatenate(part) for part in zip(*rows, strict=True))
    return logits, embeddings, alone * 1e3, least * 1e3


def compared(
    reader: Reader, own: tuple[Floats, Floats, float, float], other: tuple[Floats, Floats, float, float]
) -> str:
    config = reader.bundle.config
    threshold = config.operating_points[config.default_operating_point].threshold
    one, two = (calibrated(logits, config.temperature) for logits in (own[0], other[0]))
    near, far = (
        reader.bundle.gate_statistics.distance(embeddings.astype(np.float32))
        for embeddings in (own[1], other[1])
    )
    shares = {
        "same finding": one.argmax(axis=1) == two.argmax(axis=1),
        "same call": (one[:, 0] <= 1 - threshold) == (two[:, 0] <= 1 - threshold),
        "same refusal": (near > config.gate.distance) == (far > config.gate.distance),
    }
    said = ", ".join(f"{name} {same.mean():.3f}" for name, same in shares.items())
    return (
        f"{other[2]:.2f} ms, {other[3]:.2f} in batches ({own[2] / other[2]:.2f} x, {own[3] / other[3]:.2f} x); {said}, "
        f"mean |dp| {np.abs(one - two).mean():.4f}, distance {np.abs(far / near - 1).mean():.1%} off"
    )


if __name__ == "__main__":
    main()
