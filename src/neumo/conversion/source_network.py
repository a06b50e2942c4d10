"""A classifier from elsewhere: its ONNX file, checked before it runs, and what its input and outputs look like."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, compose

from neumo.conversion.onnx_file import file_contents, parsed
from neumo.conversion.scaling import Layout
from neumo.core.errors import ConversionError

_FLOATS: Final = frozenset({TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE})
_PREFIX: Final = "network/"
_TOLERANCE: Final = 1e-3
_AXES: Final = 4

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Declared:
    """Declared properties of a network; None where one has to be found out.

    Attributes
    ----------
    layout : Layout or None
    size : int or None
        Side of the square input.
    output : str or None
        Name of the output that is taken.
    """

    layout: Layout | None = None
    size: int | None = None
    output: str | None = None


@dataclass(frozen=True)
class SourceNetwork:
    """A network that was loaded.

    Attributes
    ----------
    file : Path
    sha256 : str
        Of the file.
    model : onnx.ModelProto
        Its names have a prefix, and its batch is of any size.
    input, output : str
        Tensors of `model`.
    element : int
        Type of the input's values, as ONNX numbers it.
    layout : Layout
    channels, size : int
        1 or 3, and the side in pixels.
    outputs : int
        Values of the output for one image.
    """

    file: Path
    sha256: str
    model: onnx.ModelProto
    input: str
    output: str
    element: int
    layout: Layout
    channels: int
    size: int
    outputs: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of the network's input for one image, without the batch axis."""
        image = (self.size, self.size)
        return (self.channels, *image) if self.layout is Layout.NCHW else (*image, self.channels)

    @property
    def dtype(self) -> Any:
        """Type of the input's values, as NumPy has it."""
        return onnx.helper.tensor_dtype_to_np_dtype(self.element)


def read_network(file: Path, declared: Declared = Declared()) -> SourceNetwork:
    """Load an ONNX classifier of images, and run it on noise.

    Raises
    ------
    ConversionError
        It is no self-contained ONNX file of at most 500 MB, needs operators that ONNX Runtime lacks, has no single
        input of square images, or several outputs, or its answers depend on other images of the batch or on chance.
    """
    data = file_contents(file)
    model = parsed(file, data)
    values = [one for one in model.graph.input if one.name not in {w.name for w in model.graph.initializer}]
    if len(values) != 1:
        raise ConversionError(
            "{file}: has {count} inputs ({names}); one of images is needed",
            file=file,
            count=len(values),
            names=", ".join(value.name for value in values),
        )
    tensor = values[0].type.tensor_type
    layout, channels, size = _image_input(file, tensor, declared)
    fixed_batch = bool(tensor.shape.dim[0].dim_value)
    _free_batch(model, values[0])
    output = _output(file, [value.name for value in model.graph.output], declared.output)
    prefixed = compose.add_prefix(model, _PREFIX)
    network = SourceNetwork(
        file,
        hashlib.sha256(data).hexdigest(),
        prefixed,
        f"{_PREFIX}{values[0].name}",
        f"{_PREFIX}{output}",
        tensor.elem_type,
        layout,
        channels,
        size,
        0,
    )
    return _with_outputs(network, fixed_batch)


def open_session(file: Path, model: onnx.ModelProto, threads: int = 1) -> onnxruntime.InferenceSession:
    """Load a graph. Raises ConversionError where ONNX Runtime cannot."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # ONNX Runtime's errors share no public base class
        raise ConversionError(
            "{file}: ONNX Runtime {version} cannot load it ({error})",
            file=file,
            version=onnxruntime.__version__,
            error=error,
        ) from error


def require_independent(
    file: Path, one: "np.ndarray[Any, np.dtype[Any]]", other: "np.ndarray[Any, np.dtype[Any]]"
) -> None:
    """Refuse a network that gave two answers (N, C) to the same images. Raises ConversionError."""
    if (np.abs(one - other) > _TOLERANCE * (1 + np.abs(other))).any():
        raise ConversionError(
            "{file}: its answer to one image depends on others, or on chance; export it for inference, not for "
            "training",
            file=file,
        )


def _image_input(file: Path, tensor: Any, declared: Declared) -> tuple[Layout, int, int]:
    """Return layout, channels and side of an input."""
    axes = [axis.dim_value or None for axis in tensor.shape.dim]
    shown = "x".join("?" if axis is None else str(axis) for axis in axes)
    if len(axes) != _AXES or tensor.elem_type not in _FLOATS:
        raise ConversionError(
            "{file}: its input is {kind} of shape {shape}, not floating-point images of four axes",
            file=file,
            kind=TensorProto.DataType.Name(tensor.elem_type),
            shape=shown,
        )
    fits = [
        layout
        for layout, channels in ((Layout.NCHW, axes[1]), (Layout.NHWC, axes[3]))
        if (channels in {1, 3} if declared.layout is None else layout is declared.layout)
    ]
    if len(fits) != 1:
        raise ConversionError(
            "{file}: its input of shape {shape} does not say which axis holds 1 or 3 channels; give --layout nchw or "
            "nhwc",
            file=file,
            shape=shown,
        )
    channels, *sides = axes[1:] if fits[0] is Layout.NCHW else (axes[3], axes[1], axes[2])
    known = {side for side in (*sides, declared.size) if side is not None}
    if not known:
        raise ConversionError(
            "{file}: its input of shape {shape} leaves the size open; give --size", file=file, shape=shown
        )
    if len(known) > 1 or channels not in {1, 3}:
        raise ConversionError(
            "{file}: its input of shape {shape} is no square image of 1 or 3 channels, or not of the side given",
            file=file,
            shape=shown,
        )
    return fits[0], channels, known.pop()


def _free_batch(model: onnx.ModelProto, value: Any) -> None:
    """Let a graph take any number of images; shapes that it states of its tensors go."""
    value.type.tensor_type.shape.dim[0].Clear()
    value.type.tensor_type.shape.dim[0].dim_param = "N"
    del model.graph.value_info[:]
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")


def _output(file: Path, names: Sequence[str], declared: str | None) -> str:
    if declared in names or (declared is None and len(names) == 1):
        return declared or names[0]
    raise ConversionError(
        "{file}: its outputs are {names}; name the one to take (--output)", file=file, names=", ".join(names)
    )


def _with_outputs(network: SourceNetwork, fixed_batch: bool) -> SourceNetwork:
    """Return the network with the number of its outputs, once it was seen to answer each image by itself."""
    session = open_session(network.file, network.model)
    noise = np.random.default_rng(0).random((2, *network.shape)).astype(network.dtype)
    noise[1] /= 4  # so that the two differ in the mean, which is much of what layers see of noise

    def answers(images: "np.ndarray[Any, np.dtype[Any]]") -> Floats:
        found = np.asarray(session.run([network.output], {network.input: images})[0], dtype=np.float32)
        return found.reshape(len(images), -1)

    try:
        together, alone, again = answers(noise), answers(noise[:1]), answers(noise[:1])
    except Exception as error:  # ONNX Runtime's errors share no public base class; reshape's is a ValueError
        if fixed_batch:
            raise ConversionError(
                "{file}: cannot answer two images at once ({error}); export it with a batch of any size",
                file=network.file,
                error=error,
            ) from error
        raise ConversionError(
            "{file}: cannot be run on images of side {size} ({error})",
            file=network.file,
            size=network.size,
            error=error,
        ) from error
    if not np.isfinite(together).all():
        raise ConversionError("{file}: its answer to noise is not finite", file=network.file)
    require_independent(network.file, together[:1], alone)
    require_independent(network.file, again, alone)
    return replace(network, outputs=together.shape[1])
