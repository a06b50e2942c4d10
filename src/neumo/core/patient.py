"""Patient and study of a radiograph, as its DICOM header names them, and their one plain (JSON) form."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Self


class Sex(StrEnum):
    """Patient's Sex (0010,0040), as DICOM codes it."""

    FEMALE = "F"
    MALE = "M"
    OTHER = "O"


@dataclass(frozen=True, slots=True)
class PatientStudy:
    """Whose radiograph it is; every attribute is None where the header does not state it, or states rubbish.

    It identifies a person: it stands in no log, URL or message, and leaves with the reading that is purged.

    Attributes
    ----------
    name : str or None
        As DICOM writes it (PS3.5 section 6.2.1), such as "Doe^Jane" or "Yamada^Tarou=山田^太郎".
    id, issuer : str or None
        Patient ID (0010,0020) and who issued it (0010,0021).
    birth_date, study_date : str or None
        ISO 8601, such as "2020-01-31".
    age : float or None
        In years at the study.
    sex : str or None
        As stated (0010,0040), such as "F", "M" or "O".
    accession_number : str or None
        (0008,0050).
    institution : str or None
        Institution Name (0008,0080).
    """

    name: str | None = None
    id: str | None = None
    issuer: str | None = None
    birth_date: str | None = None
    age: float | None = None
    sex: str | None = None
    accession_number: str | None = None
    study_date: str | None = None
    institution: str | None = None

    @property
    def coded_sex(self) -> Sex | None:
        """The sex as DICOM codes it, in upper or lower case; None where none or another word is stated."""
        stated = (self.sex or "").strip().upper()
        return Sex(stated) if stated in set(Sex) else None

    @property
    def display_name(self) -> str:
        """The name as people write it: "Doe, Jane", its other scripts in brackets; empty where there is none."""
        first, *others = self.display_names or [""]
        return f"{first} ({', '.join(others)})" if others else first

    @property
    def display_names(self) -> list[str]:
        """The name in each script that it is written in."""
        return [written for group in (self.name or "").split("=") if (written := _written(group))]

    def to_json(self) -> dict[str, Any]:
        """Return plain values under the names of the attributes."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the value whose plain form `to_json` gave; other keys of `value` are ignored."""
        return cls(**{field.name: value.get(field.name) for field in fields(cls)})


def _written(group: str) -> str:
    """Return one script's family name, then prefix, given and middle names and suffix, as people write them."""
    family, given, middle, prefix, suffix = [part.strip() for part in f"{group}^^^^^".split("^")[:5]]
    rest = " ".join(part for part in (prefix, given, middle, suffix) if part)
    return ", ".join(part for part in (family, rest) if part)
