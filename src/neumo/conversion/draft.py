"""A bundle of a network from elsewhere before anything is set but its gate, and what is known of the network."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

import neumo
from neumo.bundle.config import BundleConfig, GateLimits
from neumo.bundle.folder import Bundle
from neumo.bundle.gate_statistics import ACCEPTED, UNDAMAGED, GateStatistics
from neumo.commissioning.levels import Level, Material, fold_numbers
from neumo.commissioning.local_images import LocalImages
from neumo.commissioning.material import material_of
from neumo.commissioning.set_limits import MIN_AGED
from neumo.commissioning.settings import Settings
from neumo.commissioning.site_bundle import slug
from neumo.commissioning.softmax_fit import Basis
from neumo.conversion.fitting import Fitting
from neumo.conversion.images import Images, damaged, gate_of, restyled, run_network, with_outputs
from neumo.conversion.outputs import Classes, chosen_output, classes_of, possible_classes
from neumo.conversion.scaling import Scaling
from neumo.conversion.source_network import SourceNetwork
from neumo.core.errors import ConversionError
from neumo.core.findings import FINDINGS, Finding
from neumo.core.progress import Progress
from neumo.datasets.manifest import Entry
from neumo.imaging.prepare import Intensity

COVERAGES: Final = (0.90, 0.95)
NOT_STATED: Final = "not stated"

NO_STATISTICS: Final = GateStatistics(
    np.zeros(1, np.float32), np.zeros((1, 1), np.float32), np.ones(1, np.float32), 1.0
)
"""Stands in until the gate is fitted."""


@dataclass(frozen=True)
class Asked:
    """Name of a bundle and declared facts about its network; what is not declared stays open.

    Attributes
    ----------
    name, version : str
    scaling : Scaling or None
        None where it has to be found.
    classes : tuple of str
        Name of each output; empty where they have to be found.
    class_index : int or None
        Of the one output that stands for pneumonia.
    ages : (float, float) or None
        Youngest and oldest age in years that it is for; None where those of the radiographs say it.
    unseen : bool
        Whether somebody states that the network was not trained on the radiographs.
    trained_on, licence : str
    """

    name: str
    version: str = "1"
    scaling: Scaling | None = None
    classes: tuple[str, ...] = ()
    class_index: int | None = None
    ages: tuple[float, float] | None = None
    unseen: bool = False
    trained_on: str = ""
    licence: str = ""


def orders_of(network: SourceNetwork, asked: Asked) -> tuple[Classes, ...]:
    """Return the order of classes that was declared, or all that are possible.

    Raises
    ------
    ConversionError
        What was declared does not fit the outputs, or has to be declared and was not.
    """
    if asked.class_index is not None:
        return (chosen_output(asked.class_index, network.outputs),)
    if asked.classes:
        return (classes_of(asked.classes, network.outputs),)
    orders = possible_classes(network.outputs)
    if not orders:
        raise ConversionError(
            "{file}: has {outputs} outputs; say which stands for pneumonia (--class-index), or name them all "
            "(--classes)",
            file=network.file,
            outputs=network.outputs,
        )
    return orders


def draft_config(network: SourceNetwork, asked: Asked) -> BundleConfig:
    """Return the config of a bundle of which nothing has been decided yet."""
    ages = asked.ages or (0.0, 0.0)
    return BundleConfig(
        name=slug(asked.name),
        version=asked.version,
        image_size=network.size,
        intensity=Intensity.AS_STORED,
        field_of_view=1.0,
        class_maps=None,
        temperature=1.0,
        priors=dict.fromkeys(FINDINGS, 1 / len(FINDINGS)),
        operating_points={},
        default_operating_point="",
        conformal={coverage: {} for coverage in COVERAGES},
        gate=GateLimits(float("inf"), network.size // 2, ages),
        provenance={},
        licence=asked.licence or NOT_STATED,
        attribution=f"A network from elsewhere; trained on: {asked.trained_on or NOT_STATED}.",
        etiology_age_years=None,
    )


def set_gate(
    base: Bundle,
    images: Images,
    entries: Sequence[Entry],
    asked: Asked,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> tuple[Bundle, Material, Basis]:
    """Return a bundle with a gate, and with the shares of the findings among radiographs that it was run on.

    Parameters
    ----------
    base : Bundle
        With its graph, not written yet.
    images : Images
    entries : sequence of Entry
        Of those that are not barred.
    asked : Asked
    threads : int, optional
    progress : callable, optional

    Returns
    -------
    bundle : Bundle
    material : Material
        The radiographs, with distances by gates that did not see their patients.
    basis : Basis
        Of its features.

    Raises
    ------
    ConversionError
        The ages that it is for are not known.
    """
    readings = images.readings.take(np.flatnonzero(images.readings.answered))
    shown = _shares(progress, len(images.squares), 3)
    outputs = run_network(base, images.squares, threads, shown[0])
    changed = run_network(base, restyled(images.squares), threads, shown[1])
    spoilt = run_network(base, damaged(images.squares), threads, shown[2])
    known = with_outputs(readings, outputs, np.zeros(len(readings), np.float32))
    material, basis = material_of(base, known, entries)
    fitted, distances, log_odds = gate_of(
        outputs.embeddings, changed.embeddings, spoilt.embeddings, fold_numbers(material, 0)
    )
    limits = float(np.quantile(distances, ACCEPTED)), float(np.quantile(log_odds, UNDAMAGED))
    gate = replace(base.config.gate, distance=limits[0], age_years=_ages(asked, material))
    sick = 1 - float(material.normal[material.labelled].mean())
    config = replace(
        base.config,
        gate=gate,
        priors={finding: 1 - sick if finding is Finding.NORMAL else sick / 2 for finding in FINDINGS},
        etiology_age_years=base.config.etiology_age_years and gate.age_years,
    )
    found = replace(base, config=config, gate_statistics=fitted.limited(*limits))
    own = fitted.larger(distances[0], log_odds[0], limits)
    return found, replace(material, distances=own.astype(np.float64)), basis


def _shares(progress: Progress | None, count: int, shares: int) -> list[Progress | None]:
    """Return progress callbacks of several runs over `count` images each, which report to one."""
    if progress is None:
        return [None] * shares

    def share(before: int) -> Progress:
        return lambda done, _: progress(before + done, shares * count)

    return [share(number * count) for number in range(shares)]


def _ages(asked: Asked, material: Material) -> tuple[float, float]:
    """Return the ages that a bundle is for: as stated, else those of 98 % of the radiographs."""
    if asked.ages is not None:
        return asked.ages
    known = material.ages[~np.isnan(material.ages)]
    if len(known) < MIN_AGED:
        raise ConversionError(
            "ages: only {count} of the radiographs state one, and {least} would be needed; say for which ages the "
            "network is (--ages 1-5)",
            count=len(known),
            least=MIN_AGED,
        )
    youngest, oldest = (float(np.floor(end)) for end in np.quantile(known, (0.01, 0.99)))
    return youngest, oldest


def provenance_of(
    network: SourceNetwork, fitting: Fitting, asked: Asked, local: LocalImages, settings: Settings
) -> dict[str, Any]:
    """Return the provenance of a bundle for config.json."""
    return {
        "network": {
            "file": network.file.name,
            "sha256": network.sha256,
            "trained_on": asked.trained_on or None,
        },
        "input": {
            "scaling": fitting.scaling.value,
            "declared": asked.scaling is not None,
            "layout": network.layout.value,
            "channels": network.channels,
            "alike": [scaling.value for scaling in fitting.ambiguous],
        },
        "classes": str(fitting.classes),
        "outputs": fitting.values.value,
        "recalibrated": settings.chosen.level is Level.RECALIBRATION,
        "images": {"labelled": len(local.entries), "unseen": asked.unseen, "synthetic": local.synthetic},
        "imported_with": neumo.__version__,
    }
