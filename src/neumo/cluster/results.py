"""Results that can be made beside readings."""

from typing import Final

KINDS: Final = ("sr", "sc", "fhir")
"""Structured Report, Secondary Capture, FHIR DiagnosticReport; names of their folders too."""
