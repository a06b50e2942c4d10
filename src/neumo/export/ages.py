"""Ages that a bundle reads, and ages at which it tells bacterial from viral pneumonia: those of its training images."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from neumo.core.errors import ExportError
from neumo.core.findings import PNEUMONIA, Finding
from neumo.core.labels import Label, allowed_findings
from neumo.datasets.collections import ages_of
from neumo.datasets.manifest import Entry
from neumo.evaluation.subgroups.age import AGE_BANDS, band_of

MIN_IMAGES: Final = 20
"""Images of each outcome that an age band needs to count as evidence."""

Ages = tuple[float, float]


def age_ranges(entries: Iterable[Entry], minimum: int = MIN_IMAGES) -> tuple[Ages, Ages]:
    """Return the ages that are read, and those at which the etiology is assessed.

    An age band counts where at least 20 images are normal and 20 show pneumonia, for etiology 20 bacterial, 20 viral.
    Of bands that count, the neighbouring ones with the most images are taken, from their youngest to their oldest
    image; ages that a collection states for all its images count for each of them.

    Parameters
    ----------
    entries : iterable of Entry
        The training images.
    minimum : int
        Images of each outcome, in place of 20: phantoms are few, and nobody is read by them.

    Raises
    ------
    ExportError
        No age band has enough images of known age.
    """
    ages = [(entry.label, found) for entry in entries if (found := ages_of(entry)) is not None]
    read = _range(ages, [{Finding.NORMAL}, set(PNEUMONIA)], minimum)
    etiology = _range(ages, [{kind} for kind in PNEUMONIA], minimum)
    if read is None or etiology is None:
        raise ExportError(
            "training images: no age band ({bands}) has {minimum} normal, {minimum} bacterial and {minimum} viral "
            "images of known age, so that nobody could be read; fill the manifest's column age",
            bands=", ".join(AGE_BANDS),
            minimum=minimum,
        )
    return read, etiology


def narrowed(read: Ages, wanted: Ages | None) -> Ages:
    """Restrict the ages read by default to `wanted`, if given.

    Raises
    ------
    ExportError
        They are not within `read`, the ages that the training images give evidence for.
    """
    if wanted is None:
        return read
    if wanted[0] < read[0] or wanted[1] > read[1]:
        raise ExportError(
            "ages {wanted}: the training images give evidence for ages {read} only",
            wanted="{:g}-{:g}".format(*wanted),
            read="{:g}-{:g}".format(*read),
        )
    return wanted


def _range(ages: list[tuple[Label, Ages]], outcomes: list[set[Finding]], minimum: int) -> Ages | None:
    counts: list[Counter[int]] = [Counter() for _ in outcomes]
    for label, (youngest, _oldest) in ages:
        for counter, findings in zip(counts, outcomes, strict=True):
            if allowed_findings(label) and findings.issuperset(allowed_findings(label)):
                counter[band_of(youngest)] += 1
    runs: list[list[int]] = [[]]
    for band in range(len(AGE_BANDS)):
        if all(counter[band] >= minimum for counter in counts):
            runs[-1].append(band)
        else:
            runs.append([])
    chosen = max(runs, key=lambda run: sum(counter[band] for counter in counts for band in run))
    within = [age for label, age in ages if allowed_findings(label) and band_of(age[0]) in chosen]
    if not within:
        return None
    return float(int(min(age[0] for age in within))), float(int(max(age[1] for age in within)))
