"""A reading as FHIR R4: a transaction with one DiagnosticReport, its Observations and the Device.

The report is preliminary until somebody with the right to verify it has decided.

The models are those of FHIR R4B (4.3), whose DiagnosticReport, Observation, Device and Bundle are those of R4 (4.0.1).
"""

import hashlib
import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydicom import Dataset
from pydicom.sr.coding import Code

from neumo.core.errors import MissingExtraError
from neumo.core.files import write_json
from neumo.core.reading import Reading
from neumo.results.dicom.algorithm import parameters_of
from neumo.results.dicom.banner import banner_lines
from neumo.results.dicom.codes import ARTIFICIAL_INTELLIGENCE, IMAGING_STUDY
from neumo.results.dicom.instance import MANUFACTURER, require_reportable
from neumo.results.dicom.source import reference_of
from neumo.results.dicom.uids import CODING_SCHEME, stable_uuid, tracking_uid
from neumo.results.fhir_decision import (
    PRELIMINARY,
    decided_concept,
    decision_observation,
    report_status,
    signature,
)
from neumo.results.fhir_observations import MEMBERS, Resource, concept, lead_concept, observations_of, term
from neumo.results.fhir_references import circumstances, order_of, study_of, tracked
from neumo.results.origin import Origin, origin_of
from neumo.texts.language import DEFAULT, Language

_URI: Final = "urn:ietf:rfc:3986"
_PARAMETERS: Final = Code("111002", "DCM", "Algorithm Parameters")


def fhir_report(reading: Reading, source: Dataset | None = None, /, *, language: Language = "en") -> Resource:
    """Put a reading into a FHIR Bundle of type "transaction".

    Entries are created conditionally (ifNoneExist) by identifiers derived from their content, so that sending a report
    again creates nothing.

    Parameters
    ----------
    reading : Reading
        Read, refused, or failed and decided on; with its receipt.
    source : Dataset, optional
        Header of the radiograph; without one (PNG, JPEG) the report names no patient and no study.
    language : str
        Of everything that a person reads in it: "en" or "es".

    Returns
    -------
    dict
        Plain JSON values, validated against the FHIR models.

    Raises
    ------
    ConfigError
        Another language.
    ResultError
        The reading failed and nobody decided, it has no receipt, or the header lacks a UID.
    MissingExtraError
        fhir.resources is not installed.
    """
    require_reportable(reading)
    origin, reference = origin_of(reading), None if source is None else reference_of(source)
    stated = {"language": language, **circumstances(source)}
    device = _device(origin, language)
    observations = observations_of(reading, language)
    if reading.decision is not None:
        observations["decision"] = decision_observation(reading.decision, language)
    report, order = _report(reading, language), order_of(source)
    study = [] if reference is None else study_of(reference, language)
    instance = reading.sha256 if reference is None else reference.instance
    identity = _digest([stated, observations, report, order, device, study, instance])
    urls = {role: _url(identity, role) for role in ("report", *observations)}
    # One device for all reports, whatever their language.
    urls["device"] = _url(_digest(_device(origin, DEFAULT)), "device")
    # What the model says stays preliminary; a decision is a person's, with a status of its own.
    by_model = {"status": PRELIMINARY, "device": {"reference": urls["device"]}}
    of_radiograph = {**order, **({"partOf": study} if study else {})}
    if reference is not None:
        of_radiograph["focus"] = tracked(tracking_uid(reference.instance, origin.digest), language)
    members = [{"reference": urls[role]} for role in MEMBERS if role in observations]
    entries = [
        _entry(
            {
                **({} if role == "decision" else by_model),
                **({"focus": [by_model["device"]]} if role.startswith("evidence") else of_radiograph),
                **({"hasMember": members} if role == "finding" and members else {}),
                **resource,
                **stated,
            },
            urls[role],
        )
        for role, resource in observations.items()
    ]
    results = [{"reference": urls[role]} for role in observations]
    report |= {**stated, **order, **({"imagingStudy": study} if study else {}), "result": results}
    return _validated([_entry(report, urls["report"]), *entries, _entry(device, urls["device"])])


def require_fhir() -> None:
    """Raise MissingExtraError where fhir.resources is not installed."""
    try:
        import fhir.resources.R4B.bundle  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            "FHIR results need the package fhir.resources, which is not installed; run: pip install 'neumo[dicom]'"
        ) from error


def write_fhir(report: Mapping[str, Any], folder: Path) -> Path:
    """Write a report as `UUID.json` into a folder, whole or not at all. Raises OutputError."""
    target = folder / f"{report['entry'][0]['fullUrl'].removeprefix('urn:uuid:')}.json"
    write_json(target, dict(report))
    return target


def _report(reading: Reading, language: Language) -> Resource:
    lines = [line.text for line in banner_lines(reading, language)]
    paragraphs = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
    decision = reading.decision
    report: Resource = {
        "resourceType": "DiagnosticReport",
        "status": report_status(decision),
        **signature(decision),
        "text": {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{paragraphs}</div>',
        },
        "category": [{"coding": [term("v2-0074", "RAD", "readings.fhir.radiology", language)]}],
        "code": concept(IMAGING_STUDY, language),
        "conclusion": "\n".join(lines),
    }
    if decision is not None and decision.verified:
        report["conclusionCode"] = [decided_concept(decision, language)]
    elif reading.answer is not None:
        report["conclusionCode"] = [lead_concept(reading.answer, language)]
    return report


def _device(origin: Origin, language: Language) -> Resource:
    """Return the algorithm, and the equipment that it is, as one Device: TID 4019 and General Equipment."""
    parameters = [
        {"type": concept(_PARAMETERS, language), "valueCode": [{"text": f"{key}={value}"}]}
        for key, value in parameters_of(origin, None)
    ]
    return {
        "resourceType": "Device",
        "identifier": [{"system": f"urn:oid:{CODING_SCHEME}", "value": origin.digest}],
        "manufacturer": MANUFACTURER,
        "modelNumber": f"{origin.name} {origin.version}",
        "serialNumber": origin.digest,
        "deviceName": [{"name": origin.name, "type": "model-name"}],
        "type": concept(ARTIFICIAL_INTELLIGENCE, language),
        "version": [{"value": origin.version}, {"component": {"value": "neumo"}, "value": origin.neumo}],
        "property": parameters,
    }


def _entry(resource: Resource, url: str) -> Resource:
    kind = resource["resourceType"]
    named = {**resource, "identifier": [*resource.get("identifier", []), {"system": _URI, "value": url}]}
    request = {"method": "POST", "url": kind, "ifNoneExist": f"identifier={_URI}|{url}"}
    return {"fullUrl": url, "resource": named, "request": request}


def _url(identity: str, role: str) -> str:
    return f"urn:uuid:{stable_uuid('fhir', identity, role)}"


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _validated(entries: list[Resource]) -> Resource:
    require_fhir()
    from fhir.resources.R4B.bundle import Bundle

    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    valid: Resource = json.loads(Bundle.model_validate(bundle).model_dump_json())
    return valid
