"""Decodes frames with GDCM, alone in a process; run as a script by `gdcm_process`, never imported.

A request on standard input is one line of JSON and `length` bytes of compressed frame; the answer on standard output is
8 bytes of length, little endian, and as many bytes of samples. Length 0 stands for "cannot be decoded".
"""

import json
import signal
import sys
from typing import Any

import gdcm  # type: ignore[import-untyped]


def decode(frame: bytes, request: dict[str, Any]) -> bytes:
    """Decode one frame to interleaved little-endian samples."""
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
    return bytes(image.GetBuffer().encode("utf-8", "surrogateescape"))


def main() -> None:
    """Answer requests until standard input ends."""
    # An interrupt from the keyboard is the parent's to answer.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while line := source.readline():
        request = json.loads(line)
        frame = source.read(request["length"])
        try:
            samples = decode(frame, request)
        except Exception:  # whatever it was, the parent has one sentence for it
            samples = b""
        target.write(len(samples).to_bytes(8, "little"))
        target.write(samples)
        target.flush()


if __name__ == "__main__":
    main()
