"""Statuses of C-STORE responses (PS3.4 table B.2-1, PS3.7 annex C)."""

from enum import IntEnum


class StoreStatus(IntEnum):
    """Status (0000,0900) of a C-STORE response, as sent over the network."""

    SUCCESS = 0x0000
    """The object is synced to disk and queued."""
    PROCESSING_FAILURE = 0x0110
    """An unexpected error of the node; the sender may try again."""
    INVALID_SOP_INSTANCE = 0x0117
    """The Affected SOP Instance UID breaks the rules of UIDs."""
    SOP_CLASS_NOT_SUPPORTED = 0x0122
    OUT_OF_RESOURCES = 0xA700
    """Full disk, full queue, or an object beyond the limit; the sender shall try again later."""
    DATA_SET_DOES_NOT_MATCH = 0xA900
    """The data set states another class or instance than the command, or no study."""
    CANNOT_UNDERSTAND = 0xC000
    """The data set cannot be parsed, or the command lacks its UIDs."""


class StoreRefusal(Exception):
    """An object that is not stored.

    Parameters
    ----------
    status : StoreStatus
    comment : str
        Error Comment (0000,0902): at most 64 characters, nothing of the patient.
    """

    def __init__(self, status: StoreStatus, comment: str) -> None:
        super().__init__(comment)
        self.status, self.comment = status, comment
