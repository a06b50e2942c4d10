"""neumo reads chest radiographs: normal, bacterial or viral pneumonia. Not a medical device."""

import os
from typing import TYPE_CHECKING, Any

# ONNX Runtime 1.29 and later would send usage events to its maker, and huggingface_hub (under timm, in training) would
# name itself and its user's software where it downloads; both read this when they are first imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    from neumo.core.reading import Reading
    from neumo.inference.reader import Reader

__version__ = "0.2.0"
__all__ = ["Reader", "Reading", "__version__"]


def __getattr__(name: str) -> Any:
    # Imported when first used, so that `import neumo` and the other commands stay quick.
    if name == "Reader":
        from neumo.inference.reader import Reader

        return Reader
    if name == "Reading":
        from neumo.core.reading import Reading

        return Reading
    raise AttributeError(f"module 'neumo' has no attribute {name!r}")
