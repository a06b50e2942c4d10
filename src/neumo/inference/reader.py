"""The Reader: files or pixels to readings, through gate, network, calibration and prediction set."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neumo.bundle.folder import Bundle
from neumo.core.age_override import OVERRIDABLE, AgeOverride
from neumo.core.cores import usable_cores
from neumo.core.errors import ConfigError
from neumo.core.findings import FINDINGS, Finding
from neumo.core.labels import PNEUMONIA_OR_NOT
from neumo.core.reading import Notice, Reading, Status
from neumo.explain.alarms import failed_checks_notice, map_alarm
from neumo.imaging.prepare import network_square, scale_intensity
from neumo.imaging.reduction import enough_pixels
from neumo.inference.admission import admitted
from neumo.inference.class_map import class_map_of
from neumo.inference.gate import (
    OUTSIDE_RANGE_SLACK,
    age_notice,
    distance_notice,
    distance_refusal,
    etiology_notice,
    header_notices,
    refusals_before_reading,
)
from neumo.inference.likely_cause import likely_cause
from neumo.inference.opening import Opened, open_source, opened_in_full, unexpected_failure
from neumo.inference.performance import measured_for
from neumo.inference.posterior import calibrated, make_answer, prevalence_of
from neumo.inference.prepared import Prepared
from neumo.inference.receipt import NetworkRun, make_receipt
from neumo.inference.session import Session
from neumo.inference.site_notices import site_notices
from neumo.inference.sources import Source

_MAX_QUEUED = 4
"""Sources queued for each thread, which bounds memory."""


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
        Read patients whose age lies outside the training range, with a warning, instead of refusing.
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
        self._point = operating_point or config.default_operating_point
        if self._point not in config.operating_points:
            raise ConfigError(
                "operating point: {point!r} is not in the bundle; use one of {operating_points}",
                point=self._point,
                operating_points=", ".join(config.operating_points),
            )
        if coverage not in config.conformal:
            raise ConfigError(
                "coverage: {coverage} is not in the bundle; use one of {conformal}",
                coverage=coverage,
                conformal=", ".join(f"{level:g}" for level in config.conformal),
            )
        self._prevalence = None if prevalence is None else prevalence_of(prevalence, config)
        self._coverage, self._allow_outside, self._keep_pixels = coverage, allow_outside_range, keep_pixels
        self._keep_header, self._exact = keep_header, exact or keep_pixels
        self._enough = None if self._exact else enough_pixels(config.image_size, config.field_of_view)
        self._threads = threads or usable_cores()
        self._single = Session(self.bundle, 1)
        self._statistics = self.bundle.gate_statistics
        self._measured = measured_for(
            self.bundle.evidence, self._point, coverage, [*FINDINGS, *PNEUMONIA_OR_NOT]
        )

    @property
    def options(self) -> dict[str, Any]:
        """What the reader was made with, as plain values; a receipt keeps them."""
        shares = self._prevalence.shares if self._prevalence else None
        return {
            "operating_point": self._point,
            "coverage": self._coverage,
            "prevalence": {f.value: share for f, share in shares.items()} if shares else None,
            "allow_outside_range": self._allow_outside,
            "exact": self._exact,
        }

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
        return self._read(source, self._shared, age_override)

    def read_many(self, sources: Iterable[Source]) -> Iterator[Reading]:
        """Read sources in their order, as they come; memory does not grow with their number.

        Each thread opens and reads a source of its own, which keeps every core busy: threads that share a network's
        layers wait for each other, and for the next file. Where all cores may be used there is one thread more: while
        one waits for the interpreter's lock or the disk, another has its core.
        """
        remaining = iter(sources)
        with ThreadPoolExecutor(self._threads + (self._threads >= usable_cores())) as pool:
            ahead: deque[Future[Reading]] = deque()
            try:
                for source in islice(remaining, _MAX_QUEUED * self._threads):
                    ahead.append(pool.submit(self._read, source, self._single))
                while ahead:
                    yield ahead.popleft().result()
                    for source in islice(remaining, 1):
                        ahead.append(pool.submit(self._read, source, self._single))
            finally:
                for future in ahead:
                    future.cancel()

    @cached_property
    def _shared(self) -> Session:
        """Session whose runs all threads share, made when it is first needed."""
        return self._single if self._threads == 1 else Session(self.bundle, self._threads)

    def _read(self, source: Source, session: Session, age_override: AgeOverride | None = None) -> Reading:
        opened = open_source(source, self._enough)
        try:
            reading = self._reading_of(self._prepare(opened, age_override), session)
            if reading.status is not Status.READ and opened.file is not None:
                opened = opened_in_full(opened)
                reading = self._reading_of(self._prepare(opened, age_override), session)
        except Exception as error:  # one source that cannot be read must not end a batch
            reading = Reading(opened.name, opened.sha256, Status.FAILED, reasons=(unexpected_failure(error),))
        return replace(reading, header=opened.header) if self._keep_header else reading

    def _reading_of(self, prepared: Prepared, session: Session) -> Reading:
        if prepared.image is None:
            return self._without_network(prepared, session)
        outputs = session.run(prepared.image[np.newaxis])
        distance = float(self._statistics.distance(outputs.embeddings)[0])
        run = NetworkRun(prepared.image, outputs.logits[0], distance)
        class_maps = None if outputs.class_maps is None else outputs.class_maps[0]
        return self._reading(prepared, run, class_maps, session)

    def _prepare(self, opened: Opened, override: AgeOverride | None) -> Prepared:
        radiograph, gate = opened.radiograph, self.bundle.config.gate
        if radiograph is None:
            return Prepared(opened)
        refusals = list(refusals_before_reading(radiograph, gate))
        age = age_notice(radiograph.facts, gate)
        outside = age is not None and age.code == OVERRIDABLE
        overridden = (override.notice,) if override and outside and not self._allow_outside else ()
        allowed = self._allow_outside or bool(overridden)
        if age is not None and outside and not allowed:
            refusals.append(age)
        kept = radiograph.pixels if self._keep_pixels else None
        opened = replace(opened, radiograph=None, header=None, file=None)
        if refusals:
            return Prepared(opened, radiograph.steps, kept, None, tuple(refusals), overridden, allowed)
        config = self.bundle.config
        square = network_square(radiograph, config.image_size, config.field_of_view, config.intensity)
        image = scale_intensity(square, config.intensity)[np.newaxis]
        about_age = (age, etiology_notice(radiograph.facts, config))
        stated = (notice for notice in about_age if notice is not None)
        warnings = (*overridden, *stated, *header_notices(radiograph.facts))
        etiology = config.assesses_etiology(radiograph.facts.patient_age)
        return Prepared(opened, radiograph.steps, kept, image, (), warnings, allowed, etiology)

    def _without_network(self, prepared: Prepared, session: Session) -> Reading:
        opened = prepared.opened
        status = Status.REFUSED if opened.failure is None else Status.FAILED
        reasons = prepared.refusals if opened.failure is None else (opened.failure,)
        return Reading(
            opened.name,
            opened.sha256,
            status,
            warnings=prepared.warnings,
            reasons=reasons,
            pixels=prepared.pixels,
            receipt=self._receipt(prepared, session, status, reasons),
        )

    def _receipt(
        self,
        prepared: Prepared,
        session: Session,
        status: Status,
        reasons: Sequence[Notice] = (),
        run: NetworkRun | None = None,
    ) -> dict[str, Any]:
        return make_receipt(
            sha256=prepared.opened.sha256,
            size=prepared.opened.size,
            steps=prepared.steps,
            status=status,
            reasons=reasons,
            bundle=self.bundle,
            options={**self.options, "allow_outside_range": prepared.outside_range or self._allow_outside},
            threads=session.threads,
            run=run,
        )

    def _reading(
        self,
        prepared: Prepared,
        run: NetworkRun,
        class_maps: NDArray[np.float32] | None,
        session: Session,
    ) -> Reading:
        opened, config, distance = prepared.opened, self.bundle.config, run.distance
        if distance > config.gate.distance * (OUTSIDE_RANGE_SLACK if prepared.outside_range else 1.0):
            likely = likely_cause(run.prepared, distance, session, self.bundle)
            reasons = (distance_refusal(distance, config.gate, likely),)
            return Reading(
                opened.name,
                opened.sha256,
                Status.REFUSED,
                warnings=tuple(notice for notice in prepared.warnings if notice.code == "age_overridden"),
                reasons=reasons,
                pixels=prepared.pixels,
                receipt=self._receipt(prepared, session, Status.REFUSED, reasons, run),
            )
        answer = make_answer(
            calibrated(run.logits, config.temperature),
            config,
            operating_point=self._point,
            coverage=self._coverage,
            prevalence=self._prevalence,
            evidence=self._measured,
            etiology=prepared.etiology,
        )
        class_map = class_map_of(run.prepared, class_maps, answer.finding, session, occlude=self._keep_pixels)
        alarms = [distance_notice(distance, config.gate)]
        if class_map is not None:
            alarms += [map_alarm(class_map), failed_checks_notice(config.explanation_checks)]
        return Reading(
            opened.name,
            opened.sha256,
            Status.READ,
            answer,
            (
                *site_notices(self.bundle.site),
                *prepared.warnings,
                *(alarm for alarm in alarms if alarm is not None),
            ),
            class_map=class_map,
            class_maps=class_maps.copy() if self._keep_pixels and class_maps is not None else None,
            field_of_view=config.field_of_view,
            pixels=prepared.pixels,
            receipt=self._receipt(prepared, session, Status.READ, run=run),
        )
