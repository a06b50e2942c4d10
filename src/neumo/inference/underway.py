"""A source on its way through the stages of reading, and the error that ends it alone."""

from collections.abc import Callable
from dataclasses import dataclass, field

from neumo.core.age_override import AgeOverride
from neumo.core.reading import Notice, Reading
from neumo.inference.opening import Opened, unexpected_failure
from neumo.inference.prepared import Prepared
from neumo.inference.session import Outputs, Session
from neumo.inference.sources import Source, name_of


@dataclass(slots=True)
class Underway:
    """State of one source on its way through the stages of reading (`neumo.inference.reader`).

    Attributes
    ----------
    source : path, bytes, stream, pixels, picture or data set
    session : Session
        Inference session that runs the network for it.
    override : AgeOverride or None
    opened : Opened
        Without its pixels once it is prepared: the network needs the memory.
    prepared : Prepared
    outputs : Outputs or None
        None where it does not reach the network.
    distance : float or None
        Of the embedding; None until it is measured.
    reading : Reading or None
    failure : Notice or None
        Unexpected error, as a notice.
    """

    source: Source
    session: Session
    override: AgeOverride | None = None
    opened: Opened = field(init=False)
    prepared: Prepared = field(init=False)
    outputs: Outputs | None = None
    distance: float | None = None
    reading: Reading | None = None
    failure: Notice | None = None

    def __post_init__(self) -> None:
        """Name it for the case that it cannot be opened."""
        self.opened, self.prepared = Opened(name_of(self.source)), Prepared()

    def through(self, stage: Callable[["Underway"], None]) -> None:
        """Pass a stage, unless an earlier one failed: one source that cannot be read must not end a batch."""
        if self.failure is None:
            try:
                stage(self)
            except Exception as error:
                self.failure = unexpected_failure(error)
