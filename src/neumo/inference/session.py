"""The ONNX Runtime session of a bundle's graph, on the CPU."""

from dataclasses import dataclass

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from neumo.bundle.folder import Bundle
from neumo.core.cores import usable_cores
from neumo.core.errors import BundleError
from neumo.core.faults import OWN_FAULTS, is_out_of_memory

_INPUT = "images"
_OUTPUTS = ("logits", "embedding", "class_maps")
_LOG_ERRORS = 3


@dataclass(frozen=True)
class Outputs:
    """Outputs of the graph for N images.

    Attributes
    ----------
    logits : ndarray of float32, shape (N, 3)
    embeddings : ndarray of float32, shape (N, D)
    class_maps : ndarray of float32, shape (N, 3, h, w), or None
        None where the bundle's graph gives none.
    """

    logits: NDArray[np.float32]
    embeddings: NDArray[np.float32]
    class_maps: NDArray[np.float32] | None


class Session:
    """ONNX Runtime on a bundle's graph; several threads may call it at once.

    Parameters
    ----------
    bundle : Bundle
    threads : int, optional
        Threads of one run; all cores this process may use when left out.

    Attributes
    ----------
    threads : int
        Of one run.

    Raises
    ------
    BundleError
        The graph cannot be loaded or is not a bundle's.
    """

    def __init__(self, bundle: Bundle, threads: int | None = None) -> None:
        options = onnxruntime.SessionOptions()
        self.threads = threads or usable_cores()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _LOG_ERRORS
        try:
            self._session = onnxruntime.InferenceSession(
                bundle.model, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime's errors share no public base class
            if is_out_of_memory(error):
                raise BundleError(
                    "{graph_file}: {fault}", graph_file=bundle.graph_file, fault=OWN_FAULTS["out_of_memory"]
                ) from error
            raise BundleError(
                "{graph_file}: ONNX Runtime {version} cannot load it ({error})",
                graph_file=bundle.graph_file,
                version=onnxruntime.__version__,
                error=error,
            ) from error
        offered = {output.name for output in self._session.get_outputs()}
        self._outputs = [name for name in _OUTPUTS if name in offered]
        if self._outputs[:2] != ["logits", "embedding"]:
            raise BundleError(
                "{graph_file}: lacks the outputs logits and embedding; export it again",
                graph_file=bundle.graph_file,
            )

    def run(self, images: NDArray[np.float32]) -> Outputs:
        """Run on images of shape (N, 1, side, side) in 0-1."""
        logits, embeddings, *rest = self._session.run(self._outputs, {_INPUT: images})
        return Outputs(np.asarray(logits), np.asarray(embeddings), np.asarray(rest[0]) if rest else None)
