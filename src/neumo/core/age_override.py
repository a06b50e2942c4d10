"""A person's override of the age range for one reading, and the warning that states it in every result."""

from dataclasses import dataclass
from typing import Final

from neumo.core.errors import ConfigError
from neumo.core.reading import Notice

MAX_REASON: Final = 500
"""Characters."""
OVERRIDABLE: Final = "outside_age_range"
"""The only reason of a refusal that a person may override."""


@dataclass(frozen=True, slots=True)
class AgeOverride:
    """Why and on whose word a patient outside the ages of training is read all the same.

    Attributes
    ----------
    reason : str
        1 to 500 printable characters.
    by : str
        Who decided that.

    Raises
    ------
    ConfigError
        There is no reason, or it is too long.
    """

    reason: str
    by: str

    def __post_init__(self) -> None:
        reason = " ".join(self.reason.split())
        if not reason or len(reason) > MAX_REASON or not reason.isprintable():
            raise ConfigError(
                "reason of the age override: give 1 to {most} printable characters", most=MAX_REASON
            )
        object.__setattr__(self, "reason", reason)

    @property
    def notice(self) -> Notice:
        """Warning of the reading that was made so."""
        return Notice(
            "age_overridden",
            f"The age range was overridden for this reading by {self.by}. Reason: {self.reason}",
            {"by": self.by, "reason": self.reason},
        )
