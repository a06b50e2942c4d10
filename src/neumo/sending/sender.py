"""The function that sends files to a destination of the settings, by whichever protocol."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from neumo.core.keys import read_secret
from neumo.sending.attempts import Attempt
from neumo.sending.c_store import send_by_c_store
from neumo.sending.destinations import CStoreDestination, Destination
from neumo.sending.dicomweb import Service, store

Send = Callable[[Sequence[Path]], list[Attempt]]
"""Sends DICOM files and returns an attempt for each, in order."""


def sender_to(destination: Destination, calling: str, setting: str) -> Send:
    """Return the function that sends to a destination.

    Parameters
    ----------
    destination : Destination
    calling : str
        AE title of this side.
    setting : str
        Key of the destination in the settings, for messages.

    Raises
    ------
    ConfigError
        Its password file cannot be read.
    """
    if isinstance(destination, CStoreDestination):
        return partial(send_by_c_store, destination, calling)
    file = destination.password_file
    password = None if file is None else read_secret(file, f"{setting}: password_file")
    service = Service(
        str(destination.url),
        destination.user,
        password,
        destination.ca,
        destination.timeout,
    )
    return partial(store, service)
