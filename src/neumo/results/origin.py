"""The bundle and software that made a reading, from its receipt."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neumo.core.errors import ResultError
from neumo.core.reading import Reading


@dataclass(frozen=True, slots=True)
class Origin:
    """The bundle and the software behind a reading.

    Attributes
    ----------
    name, version : str
        Of the bundle.
    digest : str
        Of the bundle, 64 hexadecimal digits.
    neumo : str
        Version of neumo.
    """

    name: str
    version: str
    digest: str
    neumo: str

    def to_receipt(self) -> dict[str, Any]:
        """Return as much of a receipt as `origin_of` needs."""
        return {
            "bundle": {"name": self.name, "version": self.version, "digest": self.digest},
            "software": {"neumo": self.neumo},
        }


def origin_of(reading: Reading) -> Origin:
    """Return the software, bundle and options that made a reading.

    Raises
    ------
    ResultError
        The reading has no receipt.
    """
    try:
        receipt: Mapping[str, Any] = reading.receipt or {}
        bundle = receipt["bundle"]
        return Origin(
            name=str(bundle["name"]),
            version=str(bundle["version"]),
            digest=str(bundle["digest"]),
            neumo=str(receipt["software"]["neumo"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ResultError(
            "{file}: its reading has no receipt that names the bundle; read it with neumo.inference.reader",
            file=reading.file,
        ) from error
