"""Commissioning of a bundle at a site: accept and set, from a table of local images to a proposal and its record."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from neumo.bundle.criteria import Criteria
from neumo.bundle.folder import Bundle
from neumo.bundle.site import ACCEPTANCE
from neumo.bundle.training_images import load_training_images
from neumo.commissioning.criteria import Outcome, compared
from neumo.commissioning.examine import COLUMNS, Examined, evidence_of, examine, groups_of
from neumo.commissioning.levels import Level
from neumo.commissioning.local_images import LocalImages, open_local, require_consistent, require_unseen
from neumo.commissioning.local_readings import LocalReadings, ReadingStore
from neumo.commissioning.maps import check_site_maps
from neumo.commissioning.material import allowed_levels, material_of
from neumo.commissioning.reading import read_site
from neumo.commissioning.record import Material as RecordedImages
from neumo.commissioning.record import make_record
from neumo.commissioning.settings import (
    MIN_SITE_PATIENTS,
    Wishes,
    answers_of,
    base_settings,
    decide_site,
    nested,
)
from neumo.commissioning.site_bundle import site_graph, write_proposal
from neumo.core.errors import CommissioningError
from neumo.core.evidence import AT_COMMISSIONING
from neumo.core.files import require_writable, write_json
from neumo.core.progress import Progress

PROPOSAL: Final = "proposal"
"""In a site's folder: the site bundle that may be accepted."""
ACCEPTED: Final = "bundle"
"""In a site's folder: the accepted site bundle."""
READINGS: Final = "readings"


@dataclass(frozen=True)
class Progresses:
    """Progress callbacks of each step."""

    reading: Progress | None = None
    setting: Progress | None = None
    heat_maps: Progress | None = None


@dataclass(frozen=True)
class Commissioned:
    """Result of commissioning: acceptance record and proposed site bundle.

    Attributes
    ----------
    record : mapping
        The acceptance record, plain values.
    bundle : Bundle
        The proposal.
    """

    record: Mapping[str, Any]
    bundle: Bundle = field(repr=False)

    @property
    def met(self) -> bool:
        """Whether every criterion is met by the proposal."""
        return all_met(self.record)


def all_met(record: Mapping[str, Any]) -> bool:
    """Whether every criterion is met by what a record proposes."""
    last = record["criteria"].get("site") or record["criteria"]["base"]
    return all(one["outcome"] == Outcome.MET for one in last)


def commission(
    base: Bundle,
    table: Path,
    out: Path,
    *,
    site: str,
    criteria: Criteria,
    wishes: Wishes,
    command: str,
    images: Path | None = None,
    readings: Path | None = None,
    threads: int | None = None,
    resamples: int = 1000,
    progresses: Progresses = Progresses(),
) -> Commissioned:
    """Read a site's images, examine the bundle on them, set it, and write record and proposal into `out`.

    Readings are kept, so that a second run reads new images only.

    Parameters
    ----------
    base : Bundle
        None that was commissioned already.
    table : Path
        CSV of local images.
    out : Path
        The site's folder.
    site : str
        Its name.
    criteria, wishes
        Of the site.
    command : str
        Noted in record and evidence.
    images : Path, optional
        Folder that the table's paths start from and may not leave; without it, that of the table.
    readings : Path, optional
        Folder that readings are kept in; without it, one in `out`.
    threads : int, optional
        For reading.
    resamples : int
        Of patients, for intervals.

    Raises
    ------
    CommissioningError
        The bundle is a site's, the table contradicts itself, holds training images, or too few patients.
    ManifestError, DatasetError
        The table has faults, or a file cannot be read.
    OutputError
        `out` cannot be written; told before the first image is read.
    """
    if base.site is not None:
        raise CommissioningError(
            "{bundle}: was commissioned at {site}; commission its base, {name} {version}, not a site's bundle",
            bundle=base.path,
            site=base.site.site,
            name=base.site.base["name"],
            version=base.site.base["version"],
        )
    if not site.strip() or not site.isprintable():
        raise CommissioningError("name of the site: give the hospital's or department's name (--name)")
    require_writable(out / ACCEPTANCE)
    local = open_local(table, images)
    levels = allowed_levels(base)
    training = load_training_images(base)
    store = ReadingStore(readings or out / READINGS, base.digest)
    found = read_site(base, local.files(), store, threads=threads, progress=progresses.reading)
    require_unseen(table, local, found.fingerprints, training)
    require_consistent(table, local, found.fingerprints)
    answered = np.flatnonzero(found.answered)
    entries = [local.entries[i] for i in answered]
    material, basis = material_of(base, found.take(answered), entries)
    _require_outcomes(table, material.fewest_patients)
    settings = decide_site(material, base.config, wishes, levels)
    groups = groups_of(material, _attributes(local, found, answered))
    barred = found.barred[~found.answered].tolist()
    answers = answers_of(base_settings(material, base.config), material)
    examined: dict[str, Examined] = {"base": examine(material, answers, groups, barred, resamples)}
    held_out = None
    if material.fewest_patients >= MIN_SITE_PATIENTS:
        held_out = nested(material, base.config, wishes, levels, progress=progresses.setting)
        answers = held_out.answers
        examined["site"] = examine(material, answers, groups, barred, resamples)
    checks = None
    if settings.chosen.level is Level.HEAD:
        read = [i for i, code in enumerate(answers.refused) if not code]
        files = [local.root / entries[i].path for i in read]
        graph = site_graph(base, settings, basis)
        people = [entries[i].patient for i in read]
        checks = check_site_maps(base, graph, files, people, progresses.heat_maps)
    record = make_record(
        site=site,
        base=base,
        images=RecordedImages(
            tuple(entry.sha256 for entry in local.entries),
            np.array([entry.code for entry in local.entries]),
            len({entry.patient for entry in local.entries}),
            local.repeated,
            training is not None,
            local.synthetic,
        ),
        command=command,
        settings=settings,
        nested=held_out,
        examined=examined,
        criteria={name: compared(criteria, one) for name, one in examined.items()},
        fewest=material.fewest_patients,
        checks=checks,
    )
    verdicts = None if checks is None else {one.name: one.passed for one in checks.verdicts}
    # What was accepted before was accepted with another record.
    shutil.rmtree(out / ACCEPTED, ignore_errors=True)
    bundle = write_proposal(
        base,
        out / PROPOSAL,
        settings=settings,
        basis=basis,
        record=record,
        evidence=evidence_of(f"{site}, {AT_COMMISSIONING}", material, answers, command, resamples),
        material=material,
        checks=verdicts,
    )
    write_json(out / ACCEPTANCE, record)
    return Commissioned(record, bundle)


def _require_outcomes(table: Path, fewest: int) -> None:
    if fewest < 1:
        raise CommissioningError(
            "{table}: of normal images, or of those with pneumonia, none could be read; look at why they were refused",
            table=table,
        )


def _attributes(
    images: LocalImages, readings: LocalReadings, answered: "np.ndarray[tuple[int], np.dtype[np.int64]]"
) -> dict[str, list[str]]:
    """Return sex, view and device of the answered images: as the table states them, else as the headers do."""
    stated = {"sex": readings.sexes, "view": readings.views, "device": readings.devices}
    return {
        column: [
            images.entries[i].attributes.get(column, "").strip().upper() or str(stated[column][i])
            for i in answered
        ]
        for column in COLUMNS
        if column in stated
    }
