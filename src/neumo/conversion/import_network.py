"""A network from elsewhere and labelled radiographs, made a bundle: scaling, calibration, sets, gate, evidence."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from neumo.bundle.drift_reference import DRIFT_REFERENCE, save_drift_reference
from neumo.bundle.evidence import EVIDENCE, write_evidence
from neumo.bundle.folder import CARD, CONFIG, GATE, MODEL, REFERENCE, Bundle, load_bundle, write_sums
from neumo.bundle.reference import write_reference
from neumo.bundle.training_images import TRAINING_IMAGES, save_training_images
from neumo.commissioning.examine import evidence_of
from neumo.commissioning.levels import Level
from neumo.commissioning.local_images import open_local, require_consistent
from neumo.commissioning.local_readings import LocalReadings
from neumo.commissioning.settings import MIN_SITE_PATIENTS, Wishes, decide_site, nested
from neumo.commissioning.site_bundle import decided_config, drift_values, site_graph
from neumo.conversion.adapted_graph import bundle_graph, explains
from neumo.conversion.card import conversion_card
from neumo.conversion.draft import NO_STATISTICS, Asked, draft_config, orders_of, provenance_of, set_gate
from neumo.conversion.features import offered_by
from neumo.conversion.fitting import Fitting, fit_input
from neumo.conversion.images import open_images
from neumo.conversion.scaling import Scaling
from neumo.conversion.source_network import Declared, read_network
from neumo.core.errors import ConversionError
from neumo.core.evidence import AT_CONVERSION, PERHAPS_TRAINED, Evidence
from neumo.core.files import creating_folder, require_writable, write_json, write_text
from neumo.core.findings import Finding
from neumo.core.labels import ALLOWED
from neumo.core.progress import Progress
from neumo.datasets.manifest import Entry
from neumo.evaluation.metrics.weighted import FloatArray
from neumo.inference.session import Session


@dataclass(frozen=True)
class Progresses:
    """Progress callbacks of each step."""

    opening: Progress | None = None
    trying: Progress | None = None
    reading: Progress | None = None
    setting: Progress | None = None


@dataclass(frozen=True)
class Converted:
    """The imported bundle, the scaling and class order that were found, and its evidence."""

    bundle: Bundle
    fitting: Fitting
    evidence: tuple[Evidence, ...] = field(repr=False)


def import_network(
    file: Path,
    table: Path,
    target: Path,
    asked: Asked,
    *,
    declared: Declared,
    wishes: Wishes,
    command: str,
    threads: int | None = None,
    resamples: int = 1000,
    progresses: Progresses = Progresses(),
) -> Converted:
    """Make a bundle of an ONNX classifier; nothing is left behind where that fails.

    Parameters
    ----------
    file : Path
        The network.
    table : Path
        CSV of labelled radiographs, as for commissioning.
    target : Path
        New folder.
    asked, declared, wishes
        What is known and wanted.
    command : str
        Noted in the evidence.
    threads, resamples : int
    progresses : Progresses

    Raises
    ------
    ConversionError
        The network cannot be used, or nothing fits; or there are too few patients.
    CommissioningError, ManifestError, DatasetError
        The table has faults.
    OutputError
        The folder cannot be written; told before the first image is opened.
    """
    if target.exists():
        raise ConversionError("{target}: exists already; choose another folder", target=target)
    require_writable(target)
    network = read_network(file, declared)
    orders = orders_of(network, asked)
    local = open_local(table)
    draft = draft_config(network, asked)
    images = open_images(
        [local.root / entry.path for entry in local.entries], draft, threads, progresses.opening
    )
    require_consistent(table, local, images.readings.fingerprints)
    answered = np.flatnonzero(images.readings.answered)
    entries = [local.entries[i] for i in answered]
    _require_patients(table, entries)
    codes = np.array([entry.code for entry in entries], dtype=np.int64)
    known = np.any(ALLOWED[codes], axis=1)
    fitting = fit_input(
        network,
        images.squares[known],
        codes[known],
        [entry.patient for entry, usable in zip(entries, known, strict=True) if usable],
        scalings=[asked.scaling] if asked.scaling else list(Scaling),
        orders=orders,
        progress=progresses.trying,
    )
    offered = offered_by(network)
    exact = explains(offered, fitting.classes, fitting.values)
    graph = bundle_graph(network, fitting.scaling, offered, fitting.classes, fitting.values)
    draft = replace(
        draft,
        class_maps="exact" if exact else None,
        etiology_age_years=draft.gate.age_years if fitting.classes.tells_kinds else None,
    )
    base = Bundle(target, "", draft, NO_STATISTICS, graph.SerializeToString(), {})
    base, material, basis = set_gate(
        base, images, entries, asked, threads=threads, progress=progresses.reading
    )
    levels = (Level.NOTHING, Level.RECALIBRATION)
    settings = decide_site(material, base.config, wishes, levels)
    answers = nested(material, base.config, wishes, levels, progress=progresses.setting).answers
    config = replace(
        decided_config(base.config, settings),
        provenance=provenance_of(network, fitting, asked, local, settings),
    )
    data = f"{table.stem}, {AT_CONVERSION}" + ("" if asked.unseen else f", {PERHAPS_TRAINED}")
    evidence = evidence_of(data, material, answers, command, resamples)
    made = replace(base, config=config, model=site_graph(base, settings, basis))
    card = conversion_card(config, fitting, evidence)
    _write(
        made,
        target,
        evidence=evidence,
        card=card,
        drift=drift_values(settings, material),
        readings=images.readings,
    )
    return Converted(load_bundle(target, check_trust=False), fitting, evidence)


def _require_patients(table: Path, entries: Sequence[Entry]) -> None:
    people: dict[bool, set[str]] = {True: set(), False: set()}
    for entry in entries:
        if ALLOWED[entry.code].any():
            people[entry.label is Finding.NORMAL].add(entry.patient)
    for normal, found in people.items():
        if len(found) < MIN_SITE_PATIENTS:
            raise ConversionError(
                "{table}: {count} patients whose images are {outcome} could be read; {least} of each outcome are "
                "needed to set anything",
                table=table,
                count=len(found),
                outcome="normal" if normal else "pneumonia",
                least=MIN_SITE_PATIENTS,
            )


def _write(
    made: Bundle,
    target: Path,
    *,
    evidence: Sequence[Evidence],
    card: str,
    drift: tuple[FloatArray, FloatArray],
    readings: LocalReadings,
) -> None:
    session = Session(made, 1)
    with creating_folder(target) as folder:
        (folder / MODEL).write_bytes(made.model)
        write_json(folder / CONFIG, made.config.to_json())
        made.gate_statistics.save(folder / GATE)
        write_reference(folder / REFERENCE, made.config, lambda images: session.run(images).logits)
        write_evidence(folder / EVIDENCE, evidence)
        save_drift_reference(folder / DRIFT_REFERENCE, *drift)
        save_training_images(folder / TRAINING_IMAGES, readings.sha256.tolist(), readings.fingerprints)
        write_text(folder / CARD, card)
        write_sums(folder)
        load_bundle(folder, check_trust=False)
