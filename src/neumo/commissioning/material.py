"""A site's readings and labels, as the material that settings are decided on."""

from collections.abc import Sequence

import numpy as np

from neumo.bundle.folder import Bundle
from neumo.commissioning.graph import head_of
from neumo.commissioning.levels import Level, Material
from neumo.commissioning.local_readings import LocalReadings
from neumo.commissioning.softmax_fit import Basis, basis_of
from neumo.core.ages import age_in_years
from neumo.core.errors import CommissioningError
from neumo.core.findings import PNEUMONIA
from neumo.core.labels import LABELS, PartialLabel
from neumo.datasets.manifest import Entry


def material_of(
    bundle: Bundle, readings: LocalReadings, entries: Sequence[Entry], basis: Basis | None = None
) -> tuple[Material, Basis]:
    """Return N answered images as material, and the basis of its features.

    Parameters
    ----------
    bundle : Bundle
        That read them.
    readings : LocalReadings
        All answered.
    entries : sequence of Entry, length N
        Of the same images.
    basis : Basis, optional
        That of other material, where fits to it shall answer these images; their own when left out.

    Raises
    ------
    CommissioningError
        There is no image.
    """
    if not len(readings):
        raise CommissioningError(
            "no image could be read as a frontal chest radiograph; look at the reasons of the refusals"
        )
    if basis is None:
        basis = basis_of(readings.features, head_of(bundle).widths)
    material = Material(
        base=readings.logits.astype(np.float64) / bundle.config.temperature,
        features=basis.coordinates(readings.features),
        codes=_codes(entries, kinds=bundle.config.etiology_age_years is not None),
        patients=np.array([entry.patient for entry in entries]),
        distances=readings.distances.astype(np.float64),
        ages=ages_of(readings, entries),
    )
    return material, basis


def _codes(entries: Sequence[Entry], *, kinds: bool) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Return labels as positions in LABELS; without `kinds`, each pneumonia as one of unknown cause."""
    codes = np.array([entry.code for entry in entries], dtype=np.int64)
    if not kinds:
        codes[np.isin(codes, [finding.index for finding in PNEUMONIA])] = LABELS.index(PartialLabel.PNEUMONIA)
    return codes


def ages_of(
    readings: LocalReadings, entries: Sequence[Entry]
) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Return ages in years, shape (N,): as the header states them, else as the table does; NaN where neither does."""
    listed = [age_in_years(entry.attributes.get("age", "")) for entry in entries]
    table = np.array([np.nan if age is None else age for age in listed], dtype=np.float64)
    return np.where(np.isnan(readings.ages), table, readings.ages.astype(np.float64))


def allowed_levels(bundle: Bundle) -> tuple[Level, ...]:
    """Return the levels that a bundle's graph allows: a new last layer only where class maps stay exact."""
    return tuple(Level) if head_of(bundle).explains else (Level.NOTHING, Level.RECALIBRATION)
