"""configs/inference.json of a MONAI Bundle: files to calibrated probabilities, in MONAI's config language."""

from typing import Any

from neumo.bundle.config import BundleConfig
from neumo.core.findings import FINDINGS


def inference_config(config: BundleConfig) -> dict[str, Any]:
    """Plain values for configs/inference.json, which `python -m monai.bundle run` takes.

    Pixels come from neumo's own decoding and preprocessing, since another one would give the network other numbers.
    The probabilities are the softmax of logits / temperature, as in `neumo.inference.posterior`. MONAI's parser takes
    one name an import.
    """
    return {
        "imports": [
            "$import json",
            "$import numpy as np",
            "$from pathlib import Path",
            "$from neumo.imaging import open_radiograph",
            "$from neumo.imaging.prepare import Intensity",
            "$from neumo.imaging.prepare import network_square",
            "$from neumo.imaging.prepare import scale_intensity",
        ],
        "bundle_root": ".",
        "dataset_dir": "$@bundle_root + '/data'",
        "output_dir": "$@bundle_root + '/eval'",
        "classes": [finding.value for finding in FINDINGS],
        "image_size": config.image_size,
        "field_of_view": config.field_of_view,
        "intensity": config.intensity.value,
        "temperature": config.temperature,
        "network_def": {
            "_target_": "onnxruntime.InferenceSession",
            "path_or_bytes": "$@bundle_root + '/models/model.onnx'",
            "providers": ["CPUExecutionProvider"],
        },
        "files": "$sorted(path for path in Path(@dataset_dir).rglob('*') if path.is_file())",
        "preprocessing": (
            "$lambda file: scale_intensity("
            "network_square(open_radiograph(file), @image_size, @field_of_view, Intensity(@intensity)), "
            "Intensity(@intensity))[np.newaxis, np.newaxis]"
        ),
        "inferer": "$lambda images: @network_def.run(['logits'], {'images': images})[0]",
        "exponentials": "$lambda scaled: np.exp(scaled - scaled.max())",
        "postprocessing": (
            "$lambda logits: (lambda e: e / e.sum())"
            "(@exponentials(np.asarray(logits[0], dtype=np.float64) / @temperature))"
        ),
        "pred": (
            "$[{'file': str(file), **dict(zip(@classes, @postprocessing(@inferer(@preprocessing(file))).tolist()))}"
            " for file in @files]"
        ),
        "run": [
            "$Path(@output_dir).mkdir(parents=True, exist_ok=True)",
            "$(Path(@output_dir) / 'predictions.json').write_text(json.dumps(@pred, indent=2))",
        ],
    }
