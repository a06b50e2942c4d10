"""The Reader: files or pixels to readings, through gate, network, calibration and prediction set."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from neumo.bundle.folder import Bundle
from neumo.core.age_override import AgeOverride
from neumo.core.cores import usable_cores
from neumo.core.errors import ConfigError
from neumo.core.findings import Finding
from neumo.core.reading import Notice, Reading
from neumo.inference.admission import admitted
from neumo.inference.batches import batches
from neumo.inference.posterior import prevalence_of
from neumo.inference.session import Session
from neumo.inference.sources import Source, size_of
from neumo.inference.stages import Stages

_MAX_QUEUED = 4
"""Batches queued for each thread, which bounds memory."""


class Reader:
    """Reads radiographs with a bundle; threads may share it.

    Parameters
    ----------
    bundle : Path, str or Bundle, optional
        Folder or name of an installed bundle; the default one when left out (see `neumo.bundle.folder.load_bundle`).
    operating_point : str, optional
        Name of one of the bundle's; its default when left out.
    coverage : float
        Nominal coverage of prediction sets; one that the bundle holds limits for (0.90, 0.95).
    prevalence : float or mapping of Finding to float, optional
        Of pneumonia, or of each finding, where the reading is used: probabilities are re-weighted to it. The
        decision at the operating point and the prediction set do not depend on it.
    allow_outside_range : bool
        Read patients whose age lies outside the model's ages, with a warning, instead of refusing.
    threads : int, optional
        Cores to use; all that this process may use when left out.
    keep_pixels : bool
        Keep the decoded radiograph on each reading, for overlays; with it a bundle whose graph gives no class
        maps is explained by occlusion, which costs some 200 images' time.
    exact : bool
        Decode every pixel. Else JPEG and JPEG 2000 that hold far more pixels than the network sees are decoded smaller,
        unless pixels are kept; what would be refused or cannot be read so is decoded in full, and read again.
    keep_header : bool
        Keep a DICOM file's header on each reading, for results and records.
    trusted_keys : Path or str, optional
        File of trusted keys, one of which must have signed the bundle (see `neumo.bundle.folder.load_bundle`).

    Raises
    ------
    BundleError
        The bundle cannot be used; one that is not shipped with neumo is tried in a process with limits first.
    ConfigError
        The bundle has no such operating point or coverage, or the prevalence is none.
    """

    def __init__(
        self,
        bundle: Path | str | Bundle | None = None,
        *,
        operating_point: str | None = None,
        coverage: float = 0.90,
        prevalence: float | Mapping[Finding, float] | None = None,
        allow_outside_range: bool = False,
        threads: int | None = None,
        keep_pixels: bool = False,
        keep_header: bool = False,
        exact: bool = False,
        trusted_keys: Path | str | None = None,
    ) -> None:
        self.bundle = admitted(bundle, trusted_keys)
        config = self.bundle.config
        point = operating_point or config.default_operating_point
        if point not in config.operating_points:
            raise ConfigError(
                "operating point: {point!r} is not in the bundle; use one of {operating_points}",
                point=point,
                operating_points=", ".join(config.operating_points),
            )
        if coverage not in config.conformal:
            raise ConfigError(
                "coverage: {coverage} is not in the bundle; use one of {conformal}",
                coverage=coverage,
                conformal=", ".join(f"{level:g}" for level in config.conformal),
            )
        self._keep_pixels, self._threads = keep_pixels, threads or usable_cores()
        self._stages = Stages(
            self.bundle,
            point,
            coverage,
            prevalence=None if prevalence is None else prevalence_of(prevalence, config),
            allow_outside_range=allow_outside_range,
            exact=exact or keep_pixels,
            keep_pixels=keep_pixels,
            keep_header=keep_header,
        )
        self._single = Session(self.bundle, 1)

    @property
    def options(self) -> dict[str, Any]:
        """Options of the reader as plain values; a receipt keeps them."""
        return dict(self._stages.options)

    def read(self, source: Source, *, age_override: AgeOverride | None = None) -> Reading:
        """Read one radiograph; all threads work on it.

        Parameters
        ----------
        source : path, bytes, bytearray, memoryview, binary stream, ndarray, PIL.Image.Image or pydicom.Dataset
            A file, its content, pixels (height, width) of uint8, uint16 or float in 0-1, a picture, or a data set.
        age_override : AgeOverride, optional
            Reads a patient outside the ages of training all the same; the reading says on whose word and why.

        Returns
        -------
        Reading
            Bad input never raises: it is refused or failed, with the reason.
        """
        return self._stages.read([source], self._shared, age_override)[0]

    def failed(self, name: str, sha256: str, size: int, reason: Notice) -> Reading:
        """Return a failed reading of a file that is not opened, since it failed the process which read it.

        Parameters
        ----------
        name, sha256 : str
            Of the file.
        size : int
            In bytes.
        reason : Notice
            Such as one of `neumo.core.lost_file`.
        """
        return self._stages.failed(name, sha256, size, reason, self._single)

    def read_many(self, sources: Iterable[Source]) -> Iterator[Reading]:
        """Read sources in their order, as they come; memory does not grow with their number.

        Each thread opens and reads a source of its own, which keeps every core busy: threads that share a network's
        layers wait for each other, and for the next file. Where all cores may be used there is one thread more: while
        one waits for the interpreter's lock or the disk, another has its core.
        """
        remaining = batches(sources, self._size_in_batch, self._threads)
        with ThreadPoolExecutor(self._threads + (self._threads >= usable_cores())) as pool:
            ahead: deque[Future[list[Reading]]] = deque()
            try:
                for batch in islice(remaining, _MAX_QUEUED * self._threads):
                    ahead.append(pool.submit(self.read_together, batch))
                while ahead:
                    yield from ahead.popleft().result()
                    for batch in islice(remaining, 1):
                        ahead.append(pool.submit(self.read_together, batch))
            finally:
                for future in ahead:
                    future.cancel()

    def read_together(self, sources: Iterable[Source]) -> list[Reading]:
        """Read a few small sources on the calling thread, all through each stage before the next: see `batches`.

        Parameters
        ----------
        sources : iterable
            As for `read`. All are held in memory, and their pixels where those are kept.

        Returns
        -------
        list of Reading
            Those that `read` gives, in order.
        """
        return self._stages.read(sources, self._single)

    @cached_property
    def _shared(self) -> Session:
        """Session whose runs all threads share, made when it is first needed."""
        return self._single if self._threads == 1 else Session(self.bundle, self._threads)

    def _size_in_batch(self, source: Source) -> int | None:
        """Return the bytes of a source that may be read together with others; None where it shall be alone."""
        return None if self._keep_pixels else size_of(source)
