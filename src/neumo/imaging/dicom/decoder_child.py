"""Decodes frames of JPEG Lossless, 12-bit JPEG (GDCM) and JPEG 2000 (OpenJPEG) in a process of its own.

`neumo.imaging.dicom.decoder_process` runs it. GDCM ends its process on some corrupt streams, and both libraries write
to the standard error stream.
"""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np
from PIL import features
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile

from neumo.core.child import Handler
from neumo.core.errors import MissingExtraError


def open_decoder(settings: Mapping[str, Any]) -> tuple[Mapping[str, Any], Handler]:
    """Load one decoder, "gdcm" or "openjpeg"; it answers a frame with its samples, interleaved and little-endian."""
    if settings["decoder"] == "openjpeg":
        if not features.check("jpg_2000"):
            raise MissingExtraError("this Pillow decodes no JPEG 2000; pip install --force-reinstall pillow")
        return {}, _by_openjpeg
    try:
        import gdcm  # noqa: F401 - before memory is limited
    except ImportError as error:
        raise MissingExtraError(
            "GDCM cannot be loaded ({error}); pip install python-gdcm", error=error
        ) from error
    return {}, _by_gdcm


def _by_gdcm(request: Mapping[str, Any], frame: bytes) -> tuple[Mapping[str, Any], bytes]:
    import gdcm

    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(frame)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((request["columns"], request["rows"], 1))
    image.SetDataElement(element)
    kind = gdcm.PhotometricInterpretation.GetPIType(request["photometric"])
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    if request["samples"] > 1:
        image.SetPlanarConfiguration(0)
    syntax = gdcm.TransferSyntax.GetTSType(request["syntax"])
    image.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    stored = request["bits_stored"]
    image.SetPixelFormat(
        gdcm.PixelFormat(
            request["samples"], request["bits_allocated"], stored, stored - 1, int(request["signed"])
        )
    )
    # SWIG hands the bytes over as text.
    return {}, bytes(image.GetBuffer().encode("utf-8", "surrogateescape"))


def _by_openjpeg(request: Mapping[str, Any], frame: bytes) -> tuple[Mapping[str, Any], bytes]:
    with Jpeg2KImageFile(BytesIO(frame)) as image:
        halvings = request["reduction"].bit_length() - 1
        if halvings:
            image.reduce = halvings
            # Pillow rounds the smaller size to nearest, the decoder up; so from a multiple of it.
            image._size = (request["columns"] << halvings, request["rows"] << halvings)
        samples = np.asarray(image)
    precision, target = request["precision"], np.uint16 if request["bits_allocated"] == 16 else np.uint8
    # Pillow moves samples to the high end, and signed ones so that their lowest becomes 0.
    values = (samples >> (8 * samples.itemsize - precision)).astype(np.dtype(target).newbyteorder("<"))
    if request["stream_signed"]:
        values -= target(1 << (precision - 1))
    return {}, values.tobytes()
