"""Under which name and organization a person verifies reports (PS3.3 section C.17.2, Verifying Observer Sequence)."""

import re
from dataclasses import dataclass
from typing import Final

from neumo.core.errors import ConfigError

_LENGTH: Final = 64
_COMPONENTS: Final = 5
_UNUSABLE: Final = re.compile(r"[\\=\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Verifier:
    """A person who may verify reports, as DICOM's Verifying Observer Sequence states one.

    Parameters
    ----------
    name : str
        DICOM person name (PS3.5 section 6.2.1), such as "García López^Ana^^Dra.".
    organization : str
        1-64 characters.

    Raises
    ------
    ConfigError
        A Structured Report cannot state one of them.
    """

    name: str
    organization: str

    def __post_init__(self) -> None:
        parts = self.name.split("^")
        named = 2 <= len(parts) <= _COMPONENTS and all(part.strip() for part in parts[:2])
        if not named or len(self.name) > _LENGTH or _UNUSABLE.search(self.name):
            raise ConfigError(
                "name: {name!r} is no DICOM person name; write it as Family^Given, such as "
                "García^Ana, in up to {most} characters without backslash and =",
                name=self.name,
                most=_LENGTH,
            )
        unusable = _UNUSABLE.search(self.organization.replace("=", ""))
        if not self.organization.strip() or len(self.organization) > _LENGTH or unusable:
            raise ConfigError(
                "organization: {organization!r} cannot be used; give 1 to {most} characters without "
                "backslash",
                organization=self.organization,
                most=_LENGTH,
            )
