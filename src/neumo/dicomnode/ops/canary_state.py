"""State of the last canary: written by `neumo canary`, read by a node's /healthz and /metrics."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from neumo.core.files import write_private


@dataclass(frozen=True, slots=True)
class CanaryState:
    """Outcome of the last canary.

    Attributes
    ----------
    at : float
        When, in seconds since 1970.
    good : bool
    seconds : float
        That it took.
    faults : tuple of str
        What was wrong, in English.
    """

    at: float
    good: bool
    seconds: float
    faults: tuple[str, ...] = ()

    @property
    def age(self) -> float:
        """Seconds since it ended."""
        return max(0.0, time.time() - self.at)


def write_state(target: Path, seconds: float, faults: Sequence[str]) -> CanaryState:
    """Note how a canary ended. Raises OutputError."""
    state = CanaryState(time.time(), not faults, seconds, tuple(map(str, faults)))
    value = {"at": state.at, "good": state.good, "seconds": state.seconds, "faults": list(state.faults)}
    write_private(target, [json.dumps(value).encode()])
    return state


def read_state(source: Path) -> CanaryState | None:
    """Return the outcome of the last canary; None where none did, or where the file tells nothing."""
    try:
        value = json.loads(source.read_bytes())
        return CanaryState(
            float(value["at"]),
            value["good"] is True,
            float(value["seconds"]),
            tuple(map(str, value["faults"])),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def canary_fault(source: Path, hours: float, running_since: float) -> str | None:
    """Describe the fault of a node's canary in a sentence; None where the last one was good and is not too old.

    Parameters
    ----------
    source : Path
    hours : float
        After which a canary is too old.
    running_since : float
        When the node was started, in seconds since 1970: a first canary has as long.
    """
    state = read_state(source)
    if state is not None and not state.good:
        return f"the last canary failed: {'; '.join(state.faults)}"
    last = running_since if state is None else max(state.at, running_since)
    if time.time() - last > hours * 3600:
        return f"no canary came back for more than {hours:g} hours; look at the timer that runs neumo canary"
    return None
