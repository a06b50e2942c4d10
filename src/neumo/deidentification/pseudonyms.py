"""What stands in for identifiers: the same for the same patient and key, and of no use without the key."""

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

from dicognito.anonymizer import Anonymizer
from dicognito.datetimeanonymizer import DateTimeAnonymizer
from dicognito.randomizer import Randomizer

from neumo.core.errors import ConfigError

_SHORTEST_KEY = 16
_NEAREST, _FARTHEST = 62 * 24, 730 * 24
"""Hours by which dates go back: by two months at least, so that no season stays, and by two years at most."""


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """A secret that pseudonyms follow from; it is neither printed nor logged.

    Attributes
    ----------
    secret : str
        64 hexadecimal digits.
    """

    secret: str


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
            f"--key: {file} cannot be read ({error.strerror or type(error).__name__}); make a key with "
            f"head -c 32 /dev/urandom > FILE, and keep it as you keep the patients' names"
        ) from error
    if len(content) < _SHORTEST_KEY:
        raise ConfigError(
            f"--key: {file} has {len(content)} bytes, and 16 or more are needed; make one with "
            "head -c 32 /dev/urandom > FILE"
        )
    return Key(hashlib.sha256(content).hexdigest())


def anonymizer_for(patient_id: str, key: Key) -> Anonymizer:
    """Return what replaces a patient's identifiers and UIDs, and moves dates by a time of the patient's own.

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
    anonymizer.add_element_handler(DateTimeAnonymizer(-(_NEAREST + number % (_FARTHEST - _NEAREST))))
    return anonymizer
