"""A reader in a child process, as the node and the workbench set it."""

from collections.abc import Mapping
from typing import Any

from neumo.core.child_process import ChildProcess
from neumo.core.errors import ChildStartError
from neumo.worker.config import ReaderConfig


class ReaderProcess(ChildProcess):
    """A reader that can crash, hang or be killed without harm; one thread at a time may ask it.

    Parameters
    ----------
    settings : ReaderConfig
    handler : str
        "module:function" of what answers requests in the child: the function is given the `Reader`, which keeps pixels
        and headers, and `options`, and returns a function from request to answer (see `neumo.worker.reader_child`).
    options : plain values
    """

    def __init__(self, settings: ReaderConfig, handler: str, **options: Any) -> None:
        names = ("bundle", "operating_point", "coverage", "prevalence", "allow_outside_range", "threads")
        reader = {name: getattr(settings, name) for name in names}
        if settings.trusted_keys is not None:
            reader["trusted_keys"] = str(settings.trusted_keys.absolute())
        super().__init__(
            "neumo.worker.reader_child:open_reader",
            {"reader": reader, "handler": handler, "options": options},
            seconds=settings.timeout,
            memory_bytes=settings.memory_bytes,
        )

    def start(self) -> None:
        """Start the reader. Raises ChildStartError where it cannot be started."""
        try:
            super().start()
        except ChildStartError as error:
            raise ChildStartError("read: {error}", error=error) from error

    @property
    def site_warnings(self) -> tuple[str, ...]:
        """Codes of what every answer warned of when it was started, such as that its bundle's review has lapsed."""
        return tuple(self.ready["site"])

    @property
    def bundle_digest(self) -> str:
        """SHA-256 digest of the bundle that the reader loaded."""
        return str(self.ready["bundle"])

    @property
    def reader_options(self) -> Mapping[str, Any]:
        """Options of the reader as plain values, as receipts keep them."""
        options: Mapping[str, Any] = self.ready["options"]
        return options
