"""The stages of reading, from a source to its answer: open and prepare, run the network, measure, answer."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neumo.bundle.folder import Bundle
from neumo.core.age_override import OVERRIDABLE, AgeOverride
from neumo.core.evidence import Evidence, bearing_on
from neumo.core.findings import FINDINGS
from neumo.core.labels import PNEUMONIA_OR_NOT
from neumo.core.radiograph import Radiograph
from neumo.core.reading import Notice, Reading, Status
from neumo.explain.alarms import failed_checks_notice, map_alarm
from neumo.imaging.prepare import network_square, scale_intensity
from neumo.imaging.reduction import enough_pixels
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
from neumo.inference.opening import Opened, open_source, opened_in_full
from neumo.inference.performance import measured_for
from neumo.inference.posterior import Prevalence, calibrated, make_answer
from neumo.inference.prepared import Prepared
from neumo.inference.receipt import NetworkRun, make_receipt
from neumo.inference.session import Session
from neumo.inference.site_notices import site_notices
from neumo.inference.sources import Source
from neumo.inference.underway import Underway


@dataclass(frozen=True)
class Stages:
    """The stages of a reader, from sources to their readings; threads may share them.

    Attributes
    ----------
    bundle : Bundle
    operating_point : str
        Name of one of the bundle's.
    coverage : float
        One that the bundle holds limits for.
    prevalence : Prevalence or None
    allow_outside_range, exact, keep_pixels, keep_header : bool
        As for `neumo.inference.reader.Reader`; where pixels are kept, every one is decoded.
    """

    bundle: Bundle
    operating_point: str
    coverage: float
    prevalence: Prevalence | None
    allow_outside_range: bool
    exact: bool
    keep_pixels: bool
    keep_header: bool

    @cached_property
    def options(self) -> dict[str, Any]:
        """Settings as plain values, as receipts keep them."""
        shares = self.prevalence.shares if self.prevalence else None
        return {
            "operating_point": self.operating_point,
            "coverage": self.coverage,
            "prevalence": {f.value: share for f, share in shares.items()} if shares else None,
            "allow_outside_range": self.allow_outside_range,
            "exact": self.exact,
        }

    def read(
        self, sources: Iterable[Source], session: Session, override: AgeOverride | None = None
    ) -> list[Reading]:
        """Return the readings of a few sources, which pass each stage together; `override` is for all of them."""
        underway = [Underway(source, session, override) for source in sources]
        for stage in (self._open, self._run):
            for each in underway:
                each.through(stage)
        self._measure_together(underway)
        for stage in (self._measure, self._answer):
            for each in underway:
                each.through(stage)
        readings = [self._ended(each) for each in underway]
        if self.keep_header:
            readings = [replace(r, header=e.opened.header) for r, e in zip(readings, underway, strict=True)]
        return readings

    def failed(self, name: str, sha256: str, size: int, reason: Notice, session: Session) -> Reading:
        """Return a failed reading of a file that is not opened; parameters as of `Reader.failed`."""
        each = Underway(Path(name), session)
        each.opened = Opened(name, sha256, size, failure=reason)
        return self._reading_of(each)

    def _ended(self, each: Underway) -> Reading:
        if each.failure is None:
            assert each.reading is not None
            return each.reading
        each.prepared = Prepared()  # whatever an unexpected error left of it
        return self._without_answer(each, Status.FAILED, (each.failure,))

    def _open(self, each: Underway) -> None:
        each.opened = open_source(each.source, self._enough)
        self._prepare(each)

    def _prepare(self, each: Underway) -> None:
        radiograph = each.opened.radiograph
        each.opened = replace(each.opened, radiograph=None)  # the network needs the memory
        each.prepared = Prepared() if radiograph is None else self._prepared(radiograph, each.override)

    def _run(self, each: Underway) -> None:
        if each.prepared.image is not None:
            each.outputs = each.session.run(each.prepared.image[np.newaxis])

    def _measure_together(self, underway: Iterable[Underway]) -> None:
        """Measure several at once, which halves the time; what fails so is left to be measured one by one."""
        ran = [(each, each.outputs.embeddings) for each in underway if each.outputs is not None]
        if len(ran) > 1:
            with suppress(Exception):
                distances = self._distances(np.concatenate([embeddings for _, embeddings in ran]))
                for (each, _), distance in zip(ran, distances, strict=True):
                    each.distance = distance

    def _measure(self, each: Underway) -> None:
        if each.outputs is not None and each.distance is None:
            (each.distance,) = self._distances(each.outputs.embeddings)

    def _distances(self, embeddings: NDArray[np.float32]) -> list[float]:
        distances: list[float] = self.bundle.gate_statistics.distance(embeddings).tolist()
        return distances

    def _answer(self, each: Underway) -> None:
        each.reading = self._reading_of(each)
        if each.reading.status is not Status.READ and each.opened.file is not None:
            each.opened, each.outputs, each.distance = opened_in_full(each.opened), None, None
            for stage in (self._prepare, self._run, self._measure, self._answer):
                stage(each)

    @cached_property
    def _enough(self) -> int | None:
        config = self.bundle.config
        return None if self.exact else enough_pixels(config.image_size, config.field_of_view)

    @cached_property
    def _evidence(self) -> tuple[Evidence, ...]:
        outcomes = [*FINDINGS, *PNEUMONIA_OR_NOT]
        return measured_for(self.bundle.evidence, self.operating_point, self.coverage, outcomes)

    def _prepared(self, radiograph: Radiograph, override: AgeOverride | None) -> Prepared:
        config = self.bundle.config
        refusals = list(refusals_before_reading(radiograph, config.gate))
        age = age_notice(radiograph.facts, config.gate)
        outside = age is not None and age.code == OVERRIDABLE
        overridden = (override.notice,) if override and outside and not self.allow_outside_range else ()
        allowed = self.allow_outside_range or bool(overridden)
        if age is not None and outside and not allowed:
            refusals.append(age)
        kept = radiograph.pixels if self.keep_pixels else None
        if refusals:
            return Prepared(radiograph.steps, kept, None, tuple(refusals), overridden, allowed)
        square = network_square(radiograph, config.image_size, config.field_of_view, config.intensity)
        image = scale_intensity(square, config.intensity)[np.newaxis]
        about_age = (age, etiology_notice(radiograph.facts, config))
        stated = (notice for notice in about_age if notice is not None)
        warnings = (*overridden, *stated, *header_notices(radiograph.facts))
        years = radiograph.facts.patient_age
        return Prepared(radiograph.steps, kept, image, (), warnings, allowed, years)

    def _reading_of(self, each: Underway) -> Reading:
        opened, outputs, prepared = each.opened, each.outputs, each.prepared
        if opened.failure is not None:
            return self._without_answer(each, Status.FAILED, (opened.failure,))
        if outputs is None or prepared.image is None or each.distance is None:
            return self._without_answer(each, Status.REFUSED, prepared.refusals)
        run = NetworkRun(prepared.image, outputs.logits[0], each.distance)
        gate = self.bundle.config.gate
        if each.distance > gate.distance * (OUTSIDE_RANGE_SLACK if prepared.outside_range else 1.0):
            likely = likely_cause(run.prepared, each.distance, each.session, self.bundle)
            return self._without_answer(
                each, Status.REFUSED, (distance_refusal(each.distance, gate, likely),), run
            )
        return self._answered(each, run, None if outputs.class_maps is None else outputs.class_maps[0])

    def _without_answer(
        self, each: Underway, status: Status, reasons: tuple[Notice, ...], run: NetworkRun | None = None
    ) -> Reading:
        warnings = each.prepared.warnings
        if run is not None:
            warnings = tuple(notice for notice in warnings if notice.code == "age_overridden")
        return Reading(
            each.opened.name,
            each.opened.sha256,
            status,
            warnings=warnings,
            reasons=reasons,
            pixels=each.prepared.pixels,
            receipt=self._receipt(each, status, reasons, run),
        )

    def _answered(self, each: Underway, run: NetworkRun, class_maps: NDArray[np.float32] | None) -> Reading:
        config, prepared = self.bundle.config, each.prepared
        answer = make_answer(
            calibrated(run.logits, config.temperature),
            config,
            operating_point=self.operating_point,
            coverage=self.coverage,
            prevalence=self.prevalence,
            evidence=bearing_on(self._evidence, prepared.age),
            etiology=config.assesses_etiology(prepared.age),
        )
        class_map = class_map_of(
            run.prepared, class_maps, answer.finding, each.session, occlude=self.keep_pixels
        )
        alarms = [distance_notice(run.distance, config.gate)]
        if class_map is not None:
            alarms += [map_alarm(class_map), failed_checks_notice(config.explanation_checks)]
        return Reading(
            each.opened.name,
            each.opened.sha256,
            Status.READ,
            answer,
            (
                *site_notices(self.bundle.site),
                *prepared.warnings,
                *(alarm for alarm in alarms if alarm is not None),
            ),
            class_map=class_map,
            class_maps=class_maps.copy() if self.keep_pixels and class_maps is not None else None,
            field_of_view=config.field_of_view,
            pixels=prepared.pixels,
            receipt=self._receipt(each, Status.READ, run=run),
        )

    def _receipt(
        self,
        each: Underway,
        status: Status,
        reasons: Sequence[Notice] = (),
        run: NetworkRun | None = None,
    ) -> dict[str, Any]:
        prepared = each.prepared
        return make_receipt(
            sha256=each.opened.sha256,
            size=each.opened.size,
            steps=prepared.steps,
            status=status,
            reasons=reasons,
            bundle=self.bundle,
            options={
                **self.options,
                "allow_outside_range": prepared.outside_range or self.allow_outside_range,
            },
            threads=each.session.threads,
            run=run,
        )
