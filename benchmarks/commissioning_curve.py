"""Gain of commissioning by the number of a site's local images: the learning curve of `neumo commission`.

    python benchmarks/commissioning_curve.py --siim SIIM.csv --official CHEST_XRAY --cache DIR --out DIR

Each site's images are read once with the base bundle (their features lie in the cache). Then 25 to 1,600 of them, whole patients
drawn at random, commission the bundle, and the images of all other patients measure it; 20 draws each. SIIM-FISABIO-RSNA: images
without opacity, and with typical appearance (labelled viral). Official test set: all three findings, up to 400 images. AUROC and
ECE are those of pneumonia against normal; all images count, whether the gate refuses them or not. Finished draws are kept in
draws.jsonl, so that the command goes on where it was interrupted.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neumo.bundle.folder import Bundle, load_bundle
from neumo.cli.show import say
from neumo.commissioning.levels import Material
from neumo.commissioning.local_readings import LocalReadings, ReadingStore
from neumo.commissioning.material import material_of
from neumo.commissioning.reading import read_site
from neumo.commissioning.settings import Answers, Wishes, answers_of, base_settings, decide_site
from neumo.commissioning.softmax_fit import log_losses
from neumo.core.findings import FINDINGS
from neumo.datasets.layout import open_dataset
from neumo.datasets.manifest import Entry
from neumo.evaluation.metrics.weighted import weighted_auroc
from neumo.evaluation.uncertainty.calibration import probability_calibration_error

SIZES = (25, 50, 100, 200, 400, 800, 1600)
DRAWS = 20
LARGEST_SHARE = 0.72
"""Largest share of a site's images that may be drawn, so that enough are left to measure."""
COVERAGE = 0.9


@dataclass(frozen=True)
class Site:
    """A site's images that the network answered, with a finding for a label."""

    name: str
    entries: tuple[Entry, ...]
    readings: LocalReadings


def read(name: str, data: Path, split: str | None, bundle: Bundle, cache: Path) -> Site:
    manifest = open_dataset(data)
    entries = {e.sha256: e for e in manifest.entries if e.is_complete and split in (None, e.split)}
    files = {digest: manifest.file(entry) for digest, entry in entries.items()}
    readings = read_site(bundle, files, ReadingStore(cache / name, bundle.digest))
    answered = np.flatnonzero(readings.answered)
    kept = [entries[str(readings.sha256[i])] for i in answered]
    return Site(name, tuple(kept), readings.take(answered))


def measured(material: Material, answers: Answers) -> dict[str, float]:
    sick, weights = ~material.normal, np.ones((1, len(material)))
    pneumonia, sets = 1 - answers.probabilities[:, 0], answers.sets[COVERAGE]
    held = sets[np.arange(len(sets)), material.codes]
    found = {
        "auroc": weighted_auroc(sick, pneumonia, weights)[0],
        "ece": probability_calibration_error(sick, pneumonia, weights)[0],
        "log_loss": log_losses(material.codes, answers.probabilities).mean(),
        "sensitivity": answers.flagged[sick].mean(),
        "specificity": 1 - answers.flagged[~sick].mean(),
        "undetermined": (sets[:, 0] & sets[:, 1:].any(axis=1)).mean(),
        "refused": np.mean([bool(code) for code in answers.refused]),
        "coverage_pneumonia": sets[sick, 1:].any(axis=1).mean(),
    }
    found |= {
        f"coverage_{f}": held[material.codes == f.index].mean() for f in FINDINGS if f.index in material.codes
    }
    return {key: float(value) for key, value in found.items()}


def draw(site: Site, bundle: Bundle, size: int, seed: int) -> dict[str, Any]:
    patients = np.array([entry.patient for entry in site.entries])
    order = np.random.default_rng((seed, size)).permutation(np.unique(patients))
    taken: NDArray[np.bool_] = np.zeros(len(patients), dtype=np.bool_)
    for patient in order:
        if taken.sum() >= size:
            break
        taken |= patients == patient
    started = time.process_time()
    local, rest = np.flatnonzero(taken), np.flatnonzero(~taken)
    material, basis = material_of(bundle, site.readings.take(local), [site.entries[i] for i in local])
    settings = decide_site(material, bundle.config, Wishes())
    seconds = time.process_time() - started
    held_out, _ = material_of(bundle, site.readings.take(rest), [site.entries[i] for i in rest], basis)
    return {
        "site": site.name,
        "size": size,
        "seed": seed,
        "images": int(taken.sum()),
        "measured_on": len(rest),
        "level": settings.chosen.level.value,
        "ridge": settings.chosen.ridge,
        "seconds": seconds,
        "base": measured(held_out, answers_of(base_settings(held_out, bundle.config), held_out)),
        "local": measured(held_out, answers_of(settings, held_out)),
    }


def sizes_of(site: Site) -> list[int]:
    return [size for size in SIZES if size <= LARGEST_SHARE * len(site.entries)]


def table(rows: list[dict[str, Any]], site: str) -> Iterator[str]:
    of_site = [row for row in rows if row["site"] == site]
    outcomes = [key for key in of_site[0]["local"] if key.startswith("coverage_")]
    heads = [
        "images",
        "chosen (draws)",
        "AUROC base",
        "AUROC site",
        "gain",
        "ECE base",
        "ECE site",
        "log loss base",
        "log loss site",
    ]
    heads += [f"{key.removeprefix('coverage_').lower().replace('_', ' ')} covered" for key in outcomes]
    heads += ["sensitivity", "specificity", "undetermined", "refused base", "refused site", "seconds"]
    yield "| " + " | ".join(heads) + " |"
    yield "|---" * len(heads) + "|"
    for size in sorted({row["size"] for row in of_site}):
        chosen = [row for row in of_site if row["size"] == size]
        base = {key: np.array([row["base"][key] for row in chosen]) for key in chosen[0]["base"]}
        local = {key: np.array([row["local"][key] for row in chosen]) for key in chosen[0]["local"]}
        gain = local["auroc"] - base["auroc"]
        spread = gain.std(ddof=1) if len(gain) > 1 else 0.0
        levels = ", ".join(
            f"{level} {count}" for level, count in Counter(row["level"] for row in chosen).most_common()
        )
        cells = [str(size), levels]
        cells += [f"{base['auroc'].mean():.3f}", f"{local['auroc'].mean():.3f}"]
        cells += [f"{gain.mean():+.3f} (SD {spread:.3f}, worst {gain.min():+.3f})"]
        cells += [f"{values[key].mean():.3f}" for key in ("ece", "log_loss") for values in (base, local)]
        cells += [f"{local[key].mean():.3f} (SD {local[key].std(ddof=0):.3f})" for key in outcomes]
        cells += [f"{local[key].mean():.3f}" for key in ("sensitivity", "specificity", "undetermined")]
        cells += [f"{base['refused'].mean():.3f}", f"{local['refused'].mean():.3f}"]
        cells += [f"{np.mean([row['seconds'] for row in chosen]):.1f}"]
        yield "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--siim", type=Path, required=True)
    parser.add_argument("--official", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=DRAWS)
    options = parser.parse_args()
    bundle = load_bundle()
    sites = [
        read("siim", options.siim, None, bundle, options.cache),
        read("official", options.official, "test", bundle, options.cache),
    ]
    file: Path = options.out / "draws.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    done = {(row["site"], row["size"], row["seed"]) for row in rows}
    for seed in range(options.draws):
        for site in sites:
            for size in sizes_of(site):
                if (site.name, size, seed) not in done:
                    rows.append(draw(site, bundle, size, seed))
                    with file.open("a") as stream:
                        stream.write(json.dumps(rows[-1]) + "\n")
    for site in sites:
        say(f"\n{site.name}: {len(site.entries)} images, {options.draws} draws")
        for line in table(rows, site.name):
            say(line)


if __name__ == "__main__":
    main()
