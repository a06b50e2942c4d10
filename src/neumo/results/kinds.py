"""Kinds of DICOM objects that are made of a reading, by the names that settings and commands call them."""

from typing import Final, Literal, get_args

Kind = Literal["sr", "sc", "pdf", "ko", "seg"]
"""Structured Report, Secondary Capture, Encapsulated PDF, Key Object Selection, Segmentation of the heat map."""
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
USUAL: Final[tuple[Kind, ...]] = ("sr", "sc")
"""Kinds that a node makes and sends by default."""
