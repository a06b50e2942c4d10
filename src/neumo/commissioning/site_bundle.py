"""A site bundle: the bundle that was commissioned, with the site's settings, its evidence and its acceptance record."""

import hashlib
import json
import re
import shutil
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from neumo.bundle.config import BundleConfig
from neumo.bundle.drift_reference import DRIFT_REFERENCE, save_drift_reference
from neumo.bundle.evidence import EVIDENCE, write_evidence
from neumo.bundle.folder import CARD, CONFIG, MODEL, REFERENCE, SUMS, Bundle, load_bundle, write_sums
from neumo.bundle.reference import reference_inputs, write_reference
from neumo.bundle.signing import SIGNATURES
from neumo.bundle.site import ACCEPTANCE, SITE, Acceptance, SiteStatement, write_site
from neumo.commissioning.graph import FeatureSession, NewHead, head_of, with_head
from neumo.commissioning.levels import Level, Material
from neumo.commissioning.set_limits import refusal_codes
from neumo.commissioning.settings import Settings
from neumo.commissioning.softmax_fit import Basis
from neumo.core.errors import CommissioningError
from neumo.core.evidence import Evidence
from neumo.core.files import creating_folder, write_json, write_text
from neumo.core.findings import Finding
from neumo.evaluation.metrics.weighted import FloatArray
from neumo.inference.session import Session

_STATED: Final = (MODEL, CONFIG, EVIDENCE, ACCEPTANCE)
MAX_DIFFERENCE: Final = 2e-3
"""Of a logit, between the graph that is shipped and the settings that were evaluated; single precision gives 1e-5."""


def site_config(base: Bundle, settings: Settings, site: str, made_on: str) -> BundleConfig:
    """Return a bundle's config with a site's settings."""
    config = decided_config(base.config, settings)
    return replace(
        config,
        name=f"{config.name}-{slug(site)}",
        version=f"{config.version}.{made_on.replace('-', '')}",
        provenance={**config.provenance, "commissioned": {"base": base.digest, "site": site, "on": made_on}},
    )


def decided_config(config: BundleConfig, settings: Settings) -> BundleConfig:
    """Return a bundle's config with what was decided on labelled images."""
    fitted, recalibrated = settings.chosen.fit, settings.chosen.level is Level.RECALIBRATION
    return replace(
        config,
        temperature=config.temperature / fitted.scale if recalibrated else config.temperature,
        priors=settings.priors,
        operating_points=settings.points,
        default_operating_point=settings.default_point,
        conformal=settings.limits,
        gate=settings.gate,
    )


def site_graph(base: Bundle, settings: Settings, basis: Basis) -> bytes:
    """Return the graph that answers as the settings do.

    Raises
    ------
    CommissioningError
        The graph cannot be changed so, or then gives other logits or class maps than it should.
    """
    fitted, temperature = settings.chosen.fit, base.config.temperature
    if settings.chosen.level is Level.NOTHING:
        return base.model
    head = head_of(base)
    if settings.chosen.level is Level.RECALIBRATION:
        bias = head.bias + (temperature / fitted.scale) * fitted.bias
        new = NewHead(head.weights, None, bias.astype(np.float32))
    else:
        added, constant = basis.raw(fitted)
        first, second = np.split(temperature * added, [head.widths[0]], axis=1)
        new = NewHead(
            (fitted.scale * head.weights + first).astype(np.float32),
            second.astype(np.float32) if head.blocks else None,
            (fitted.scale * head.bias + temperature * constant).astype(np.float32),
        )
    graph = with_head(base, new)
    _require_same(base, graph, settings, basis, new.bias)
    return graph


def _require_same(base: Bundle, graph: bytes, settings: Settings, basis: Basis, bias: Any) -> None:
    """Raise where the graph does not give what was fitted, on the reference images, or its maps do not add up to it."""
    images = reference_inputs(base.config)
    outputs = FeatureSession(base).run(images)
    fitted, temperature = settings.chosen.fit, base.config.temperature
    wanted = fitted.logits(
        outputs.logits.astype(np.float64) / temperature, basis.coordinates(outputs.features)
    )
    given = Session(replace(base, model=graph), 1).run(images)
    divisor = temperature / fitted.scale if settings.chosen.level is Level.RECALIBRATION else temperature
    worst = float(np.abs(given.logits / divisor - wanted).max())
    if base.config.class_maps == "exact" and given.class_maps is not None:
        summed = given.class_maps.mean(axis=(2, 3)) + bias
        worst = max(worst, float(np.abs(summed - given.logits).max()))
    if not worst <= MAX_DIFFERENCE:
        raise CommissioningError(
            "{file}: with the site's settings its graph differs by {worst:g} in a logit from what was evaluated; "
            "please report this with the bundle's name",
            file=base.graph_file,
            worst=worst,
        )


def drift_values(settings: Settings, material: Material) -> tuple[FloatArray, FloatArray]:
    """Return the site's drift reference for `neumo monitor`: gate distances and probabilities of pneumonia.

    Of each image that is read, the probability is that of the chosen level by fits that did not see its patient. The
    answers of nested cross-validation, in which folds may choose other levels, are spread differently from those of the
    bundle that is shipped.
    """
    refused = refusal_codes(np.full(len(material), ""), material.distances, material.ages, settings.gate)
    read = np.array([not code for code in refused], dtype=np.bool_)
    return material.distances, 1 - settings.chosen.out_of_fold[read, Finding.NORMAL.index]


def write_proposal(
    base: Bundle,
    target: Path,
    *,
    settings: Settings,
    basis: Basis,
    record: Mapping[str, Any],
    evidence: Sequence[Evidence],
    material: Material,
    checks: Mapping[str, bool] | None,
) -> Bundle:
    """Write the site bundle that somebody may accept, whole or not at all; what was there of that name is replaced.

    Parameters
    ----------
    base : Bundle
    target : Path
        Folder.
    settings, basis
        What was decided.
    record : mapping
        The acceptance record, plain values.
    evidence : sequence of Evidence
        Measured at the site; that of the base stays beside it where the answers were not changed.
    material : Material
        The site's images that were answered.
    checks : mapping of str to bool or None
        Of the heat maps; None where they were not made anew.
    """
    site, made_on = str(record["site"]), str(record["made_on"])
    config = site_config(base, settings, site, made_on)
    if checks is not None:
        config = replace(config, explanation_checks=dict(checks))
    kept = base.evidence if settings.chosen.level is Level.NOTHING else ()
    graph = site_graph(base, settings, basis)
    with creating_folder(_new(target)) as made:
        for file in base.path.iterdir():
            if file.name not in (SUMS, SIGNATURES, SITE, ACCEPTANCE):
                shutil.copyfile(file, made / file.name)
        (made / MODEL).write_bytes(graph)
        write_json(made / CONFIG, config.to_json())
        write_evidence(made / EVIDENCE, (*kept, *evidence))
        write_json(made / ACCEPTANCE, record)
        session = Session(replace(base, model=graph), 1)
        write_reference(made / REFERENCE, config, lambda images: session.run(images).logits)
        save_drift_reference(made / DRIFT_REFERENCE, *drift_values(settings, material))
        write_text(made / CARD, _card((base.path / CARD).read_text(encoding="utf-8"), record))
        statement = SiteStatement(
            site=site,
            base={"name": base.config.name, "version": base.config.version, "digest": base.digest},
            changed=tuple(record["changed"]),
            images=len(record["images"]["sha256"]),
            patients=record["images"]["patients"],
            made_on=made_on,
            files={name: hashlib.sha256((made / name).read_bytes()).hexdigest() for name in _STATED},
        )
        write_site(made / SITE, statement)
        write_sums(made)
        load_bundle(made, check_trust=False)
    _put_in_place(target)
    return load_bundle(target, check_trust=False)


def accept(proposal: Path, target: Path, record: Path, acceptance: Acceptance) -> Bundle:
    """Write the accepted site bundle beside its proposal; it is not signed with a key yet.

    Raises
    ------
    CommissioningError
        There is no proposal, or the record beside it is not the one that it was made with.
    BundleError
        The proposal is not sound.
    """
    bundle = load_bundle(proposal, check_trust=False)
    if bundle.site is None or not (proposal / ACCEPTANCE).is_file():
        raise CommissioningError("{folder}: is no proposal; run neumo commission first", folder=proposal)
    if record.read_bytes() != (proposal / ACCEPTANCE).read_bytes():
        raise CommissioningError(
            "{record}: was changed since it was made; run neumo commission again", record=record
        )
    with creating_folder(_new(target)) as made:
        for file in proposal.iterdir():
            if file.name not in (SUMS, SIGNATURES):
                shutil.copyfile(file, made / file.name)
        write_site(made / SITE, replace(bundle.site, acceptance=acceptance))
        write_sums(made)
        load_bundle(made, check_trust=False)
    _put_in_place(target)
    return load_bundle(target, check_trust=False)


def slug(text: str) -> str:
    """Return a text as part of a bundle's name: letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40] or "site"


def _new(target: Path) -> Path:
    """Return where a folder is made that will take the place of another, without what an interruption left there."""
    new = target.with_name(f".{target.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    return new


def _put_in_place(target: Path) -> None:
    new, old = (target.with_name(f".{target.name}.{which}") for which in ("new", "old"))
    if target.exists():
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _card(card: str, record: Mapping[str, Any]) -> str:
    changed = ", ".join(record["changed"]) or "nothing"
    base = record["base"]
    return (
        f"{card.rstrip()}\n\n## Commissioned at {json.dumps(record['site'], ensure_ascii=False)[1:-1]}\n"
        f"From {base['name']} {base['version']} ({base['digest'][:12]}) on {record['made_on']}, with "
        f"{len(record['images']['sha256'])} radiographs of {record['images']['patients']} patients.\n"
        f"Changed: {changed}. "
        f"What was measured there stands in {ACCEPTANCE} and {EVIDENCE}; the metrics above are those of the base.\n"
    )
