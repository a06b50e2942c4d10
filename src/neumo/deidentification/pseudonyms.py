"""Pseudonyms, replacement UIDs and date shifts: the same for the same patient and key."""

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from dicognito.anonymizer import Anonymizer
from dicognito.datetimeanonymizer import DateTimeAnonymizer
from dicognito.element_anonymizer import ElementAnonymizer
from dicognito.randomizer import Randomizer
from pydicom import DataElement, Dataset
from pydicom.multival import MultiValue

from neumo.core.errors import ConfigError
from neumo.deidentification.attributes import CLASSES

_MIN_KEY_BYTES = 16
_MIN_SHIFT, _MAX_SHIFT = 62 * 86_400, 730 * 86_400
"""Seconds by which dates are shifted back: at least two months, so that no season stays, at most two years."""
_CLASSES = CLASSES | {"MediaStorageSOPClassUID", "TransferSyntaxUID"}
_MOMENT = "%Y%m%d%H%M%S"
"""Parts of a date and time, two letters of the format for each; the year has four digits."""
_YEAR_DIGITS = 4


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """A secret that pseudonyms follow from; it is neither printed nor logged.

    Attributes
    ----------
    secret : str
        64 hexadecimal digits.
    """

    secret: str


class _UIDs(ElementAnonymizer):
    """Replaces UIDs by ones made of UUIDs (PS3.5 section B.2); dicognito's own begin with arcs that do not exist."""

    def __init__(self, key: Key) -> None:
        self._secret = bytes.fromhex(key.secret)

    def __call__(self, dataset: Dataset, data_element: DataElement) -> bool:
        """Replace an instance's UIDs, and leave those of classes; False for other elements."""
        if data_element.VR != "UI" or data_element.keyword in _CLASSES:
            return False
        values = data_element.value if isinstance(data_element.value, MultiValue) else [data_element.value]
        replaced = [self._stand_in(str(value)) for value in values]
        data_element.value = replaced if len(replaced) > 1 else replaced[0]
        return True

    def _stand_in(self, uid: str) -> str:
        if not uid:
            return uid
        digest = hmac.digest(self._secret, uid.encode(), "sha256")
        return f"2.25.{uuid.UUID(bytes=digest[:16], version=4).int}"

    def describe_actions(self) -> Iterator[str]:
        """Say what it does, as dicognito asks."""
        yield "Replace UIDs by ones made of UUIDs"


class _Moments(DateTimeAnonymizer):
    """Moves dates and times by seconds, since minutes that stayed would tell an exposure; dicognito moves whole hours.

    Fractions of seconds go, and what is stated less exactly stays so.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(0)
        self.offset = timedelta(seconds=seconds)

    def _shift_datetime(self, datetime_value: str) -> str:
        digits = datetime_value[: len("YYYYMMDDHHMMSS")]
        form = _MOMENT[: len(digits) - _YEAR_DIGITS + 2]
        return (datetime.strptime(digits, form) + self.offset).strftime(form)


def random_key() -> Key:
    """Return a key that nobody has, so that nobody can make the same pseudonyms again."""
    return Key(secrets.token_hex(32))


def key_in(file: Path) -> Key:
    """Return the key that a file's bytes make.

    Raises
    ------
    ConfigError
        It cannot be read, or has fewer than 16 bytes.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ConfigError(
            "--key: {file} cannot be read ({reason}); make a key with head -c 32 /dev/urandom > "
            "FILE, and keep it as you keep the patients' names",
            file=file,
            reason=error.strerror or type(error).__name__,
        ) from error
    if len(content) < _MIN_KEY_BYTES:
        raise ConfigError(
            "--key: {file} has {count} bytes, and 16 or more are needed; make one with head -c "
            "32 /dev/urandom > FILE",
            file=file,
            count=len(content),
        )
    return Key(hashlib.sha256(content).hexdigest())


def anonymizer_for(patient_id: str, key: Key) -> Anonymizer:
    """Return a patient's anonymizer: replaces identifiers and UIDs, and moves dates by a span of the patient's own.

    dicognito moves all patients' dates alike, so that one date that is known would give away all the others.

    Parameters
    ----------
    patient_id : str
        As the file states it; may be empty.
    key : Key
    """
    anonymizer = Anonymizer(seed=key.secret)
    # Without the length in front, one identifier with a tail could be another one without it.
    number = Randomizer(key.secret).to_int(f"dates of {len(patient_id)} {patient_id}")
    anonymizer.add_element_handler(_UIDs(key))
    anonymizer.add_element_handler(_Moments(-(_MIN_SHIFT + number % (_MAX_SHIFT - _MIN_SHIFT))))
    return anonymizer
