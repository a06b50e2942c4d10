"""A real bundle in a few kilobytes: one convolution, its mean and a linear head, evaluated on phantoms."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from neumo.bundle.config import BundleConfig, GateLimits, OperatingPoint
from neumo.bundle.evidence import EVIDENCE, write_evidence
from neumo.bundle.folder import CARD, CONFIG, GATE, MODEL, REFERENCE, write_sums
from neumo.bundle.reference import write_reference
from neumo.core.evidence import Evidence
from neumo.core.files import write_json
from neumo.core.findings import FINDINGS, Finding
from neumo.export.fit_gate import fit_gate_statistics
from neumo.imaging import fit_square, open_radiograph
from neumo.imaging.prepare import Intensity, scale_intensity
from neumo.inference.bundle_trial import remember

SIZE, FEATURES = 64, 12
_MEASURED = Evidence(
    "sensitivity", 0.9, 0.85, 0.94, 300, "phantoms, test", "neumo evaluate", "2026-11-23", 200
)
MEASURED = tuple(
    replace(_MEASURED, metric=metric, value=value, low=low, high=high, conditions={"operating_point": point})
    for point, rates in {
        "balanced": {"sensitivity": (0.9, 0.85, 0.94), "specificity": (0.8, 0.73, 0.86)},
        "high_sensitivity": {"sensitivity": (0.97, 0.94, 0.99), "specificity": (0.5, 0.42, 0.58)},
    }.items()
    for metric, (value, low, high) in rates.items()
)
"""Operating points of the tiny bundle."""
CONFIGURATION = BundleConfig(
    name="tiny",
    version="1",
    image_size=SIZE,
    intensity=Intensity.PERCENTILES,
    field_of_view=0.875,
    class_maps="exact",
    temperature=2.0,
    priors=dict.fromkeys(FINDINGS, 1 / 3),
    operating_points={
        "balanced": OperatingPoint(0.6, 0.99, 0.98, "Youden"),
        "high_sensitivity": OperatingPoint(0.3, 0.97, 0.5, "sensitivity >= 0.95"),
    },
    default_operating_point="balanced",
    conformal={0.9: dict.fromkeys(FINDINGS, 0.7), 0.95: dict.fromkeys(FINDINGS, 0.9)},
    gate=GateLimits(distance=1.0, minimum_side=32, age_years=(1.0, 5.0)),
    provenance={"note": "made by a test"},
    licence="Apache-2.0",
    attribution="phantoms",
    etiology_age_years=(1.0, 5.0),
)


def make_bundle(
    folder: Path,
    phantoms: Path,
    seed: int = 0,
    *,
    evidence: Sequence[Evidence] = MEASURED,
    oldest: float = 5.0,
    **changes: Any,
) -> Path:
    """Write a bundle whose gate accepts what resembles the phantoms up to an age; `changes` go into its config."""
    folder.mkdir(parents=True)
    model = tiny_graph(seed).SerializeToString()
    (folder / MODEL).write_bytes(model)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])

    def run(images: NDArray[np.float32]) -> Mapping[str, NDArray[np.float32]]:
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(names, {"images": images}), strict=True))

    files = sorted((phantoms / "train").rglob("*.jpeg"))
    squares = np.stack(
        [fit_square(open_radiograph(file).pixels, SIZE, CONFIGURATION.field_of_view) for file in files]
    )
    embeddings = run(scale_intensity(squares, Intensity.PERCENTILES)[:, np.newaxis])["embedding"]
    statistics = fit_gate_statistics(embeddings, components=4)
    limit = float(statistics.distance(embeddings).max()) * 2.5
    gate = replace(CONFIGURATION.gate, distance=limit, age_years=(1.0, oldest))
    config = replace(CONFIGURATION, **{"gate": gate, **changes})
    write_json(folder / CONFIG, config.to_json())
    statistics.save(folder / GATE)
    write_reference(folder / REFERENCE, config, lambda images: run(images)["logits"])
    write_evidence(folder / EVIDENCE, evidence)
    (folder / CARD).write_text("---\nlicense: apache-2.0\n---\n# tiny\n\n## Limits\n")
    remember(write_sums(folder))  # a trial takes seconds; tests/inference/test_bundle_trial.py tries
    return folder


def tiny_graph(seed: int = 0, *, class_maps: bool = True) -> onnx.ModelProto:
    """Input images (N, 1, s, s); class maps whose mean plus bias is the logit, as in shipped networks."""
    rng = np.random.default_rng(seed)
    kernel = rng.normal(size=(FEATURES, 1, 5, 5)).astype(np.float32)
    head = rng.normal(size=(len(FINDINGS), FEATURES)).astype(np.float32)
    bias = np.array([0.3, -0.1, 0.2], dtype=np.float32)
    nodes = [
        helper.make_node("Conv", ["images", "kernel"], ["convolved"], strides=[4, 4], pads=[2, 2, 2, 2]),
        helper.make_node("Relu", ["convolved"], ["features"]),
        helper.make_node("GlobalAveragePool", ["features"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["embedding"]),
        helper.make_node("Gemm", ["embedding", "head", "bias"], ["logits"], transB=1),
    ]
    outputs: dict[str, list[str | int | None]] = {"logits": ["N", 3], "embedding": ["N", FEATURES]}
    weights = {"kernel": kernel, "head": head, "bias": bias}
    if class_maps:
        nodes.append(helper.make_node("Conv", ["features", "head_kernel"], ["class_maps"]))
        weights["head_kernel"] = head[:, :, np.newaxis, np.newaxis]
        outputs["class_maps"] = ["N", 3, "h", "w"]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", 1, "s", "s"])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(values, name) for name, values in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model


def uncertain(finding: Finding, limit: float) -> dict[float, dict[Finding, float]]:
    """Conformal limits at 90 % that are 0.5 but for one finding."""
    return {0.9: {**dict.fromkeys(FINDINGS, 0.5), finding: limit}}
