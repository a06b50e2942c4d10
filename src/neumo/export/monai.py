"""A neumo bundle in the layout of a MONAI Bundle, for tools that take those.

Layout and keys follow the MONAI Bundle Specification (docs.monai.io/en/stable/mb_specification.html) and its metadata
schema of 2024-07-25. The specification also names `models/model.pt`, a pickled state dictionary: there is none, since
a neumo bundle holds its network as an ONNX graph only.
"""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

import neumo
from neumo.bundle.config import BundleConfig
from neumo.bundle.folder import CARD, Bundle, load_bundle
from neumo.core.errors import ExportError
from neumo.core.files import creating_folder, write_json, write_text
from neumo.core.findings import FINDINGS
from neumo.export.monai_inference import inference_config
from neumo.inference.session import Outputs, Session

SCHEMA = "https://project-monai.github.io/schema/meta_schema_20240725.json"
MONAI_VERSION = "1.6.1"
"""With which configs/inference.json was run."""
_NOT_RECORDED = "not recorded"
_DESCRIPTION = (
    "Logits, class maps and embedding of {name} {version}, from which neumo makes calibrated probabilities, prediction "
    "sets and decisions. This export holds the network and its temperature. It refuses nothing: the gate against "
    "images of other kinds and ages, the prediction sets and the operating points are in the neumo bundle (digest "
    "{digest}) and are applied by `neumo read` only."
)
_INTENDED_USE = (
    "Study and research on frontal chest radiographs of patients aged {youngest:g} to {oldest:g}. "
    "Not a medical device; the decision is the professional's."
)


def export_monai(source: Path | str | None, target: Path) -> Bundle:
    """Write configs/, models/model.onnx, docs/ and LICENSE into a new folder, all of it or nothing.

    Parameters
    ----------
    source : Path or str, optional
        A bundle's folder or the name of an installed one; the default one when None.
    target : Path
        New folder; the specification wants it named as the model.

    Returns
    -------
    Bundle
        The source.

    Raises
    ------
    BundleError
        The source is no sound bundle.
    ExportError
        The folder exists, or the bundle's licence has no text here.
    OutputError
        It cannot be written.
    """
    bundle = load_bundle(source, check_trust=False)
    if target.exists():
        raise ExportError("{target}: exists already; choose another folder", target=target)
    licence = _licence(bundle.config)
    card = (bundle.path / CARD).read_text(encoding="utf-8")
    with creating_folder(target) as made:
        write_json(made / "configs" / "metadata.json", metadata(bundle))
        write_json(made / "configs" / "inference.json", inference_config(bundle.config))
        write_text(made / "docs" / "README.md", card)
        write_text(made / "docs" / "data_license.txt", bundle.config.attribution + "\n")
        write_text(made / "LICENSE", licence)
        (made / "models").mkdir()
        (made / "models" / "model.onnx").write_bytes(bundle.model)
    return bundle


def metadata(bundle: Bundle) -> dict[str, Any]:
    """Plain values for configs/metadata.json, under the keys of MONAI's schema."""
    config = bundle.config
    youngest, oldest = config.gate.age_years
    return {
        "schema": SCHEMA,
        "version": config.version,
        "changelog": {config.version: f"made from neumo bundle {config.name}, digest {bundle.digest}"},
        "monai_version": MONAI_VERSION,
        "pytorch_version": _trained_with(config, "torch"),
        "numpy_version": np.__version__,
        "required_packages_version": {"neumo": neumo.__version__, "onnxruntime": onnxruntime.__version__},
        "name": config.name,
        "task": "Classification of frontal chest radiographs: normal, bacterial or viral pneumonia",
        "description": _DESCRIPTION.format(name=config.name, version=config.version, digest=bundle.digest),
        "authors": "The neumo authors",
        "copyright": f"Copyright (c) the neumo authors, {config.licence}",
        "data_source": config.attribution,
        "data_type": "png, jpeg, dicom",
        "image_classes": f"single channel, {_INTENSITIES[config.intensity.value]}",
        "label_classes": ", ".join(f"{finding.index}: {finding.value}" for finding in FINDINGS),
        "pred_classes": "probabilities of " + ", ".join(finding.value for finding in FINDINGS),
        "intended_use": _INTENDED_USE.format(youngest=youngest, oldest=oldest),
        "network_data_format": _data_format(config, _outputs_of_blank(bundle)),
    }


_INTENSITIES: Mapping[str, str] = {
    "as_stored": "grey level / 255",
    "percentiles": "0 at the image's 2nd percentile and 1 at its 98th, clipped",
}


def _outputs_of_blank(bundle: Bundle) -> Outputs:
    size = bundle.config.image_size
    return Session(bundle, 1).run(np.zeros((1, 1, size, size), dtype=np.float32))


def _data_format(config: BundleConfig, outputs: Outputs) -> dict[str, Any]:
    size, names = config.image_size, {str(finding.index): finding.value for finding in FINDINGS}
    found: dict[str, Any] = {
        "logits": _tensor("logits", "classes", len(FINDINGS), names),
        "embedding": _tensor("features", "latent", outputs.embeddings.shape[1], {}),
    }
    if outputs.class_maps is not None:
        shape = [int(side) for side in outputs.class_maps.shape[2:]]
        found["class_maps"] = _tensor("image", "magnitude", len(FINDINGS), names, shape=shape)
    return {
        "inputs": {
            "images": {
                **_tensor(
                    "image", "magnitude", 1, {"0": "bright = dense"}, shape=(size, size), value_range=(0, 1)
                ),
                "modality": "CR, DX",
            }
        },
        "outputs": found,
        "post_processed_outputs": {
            "pred": _tensor("probabilities", "classes", len(FINDINGS), names, value_range=(0, 1))
        },
    }


def _tensor(
    kind: str,
    content: str,
    channels: int,
    channel_def: Mapping[str, str],
    *,
    shape: Sequence[int] = (),
    value_range: Sequence[int] = (),
) -> dict[str, Any]:
    return {
        "type": kind,
        "format": content,
        "num_channels": channels,
        "spatial_shape": list(shape),
        "dtype": "float32",
        "value_range": list(value_range),
        "is_patch_data": False,
        "channel_def": dict(channel_def),
    }


def _trained_with(config: BundleConfig, package: str) -> str:
    packages = config.provenance.get("environment", {}).get("packages", {})
    return str(packages.get(package, _NOT_RECORDED))


def _licence(config: BundleConfig) -> str:
    text = files("neumo.export") / "licences" / f"{config.licence}.txt"
    if not text.is_file():
        raise ExportError(
            "licence: {licence!r} has no text in neumo; a MONAI Bundle must carry its licence, "
            "so export a bundle under Apache-2.0",
            licence=config.licence,
        )
    return text.read_text(encoding="utf-8")
