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

from neumo.core.errors import MissingExtraError, ResultError
from neumo.core.files import write_json
from neumo.core.reading import Reading, Status
from neumo.results.dicom.banner import banner_lines
from neumo.results.dicom.codes import IMAGING_STUDY
from neumo.results.dicom.source import UNKNOWN_MOMENT, Reference, moment_of, reference_of, text_of
from neumo.results.dicom.uids import CODING_SCHEME, stable_uuid
from neumo.results.dicom.values import valid_value
from neumo.results.fhir_decision import (
    PRELIMINARY,
    decided_concept,
    decision_observation,
    report_status,
    signature,
)
from neumo.results.fhir_observations import TERMS, Resource, concept, lead_concept, observations_of, term
from neumo.results.origin import Origin, origin_of
from neumo.texts.language import Language

_URI: Final = "urn:ietf:rfc:3986"


def fhir_report(reading: Reading, source: Dataset | None = None, /, *, language: Language = "en") -> Resource:
    """Put a reading into a FHIR Bundle of type "transaction".

    Entries are created conditionally (ifNoneExist) by identifiers derived from their content, so that sending a report
    again creates nothing.

    Parameters
    ----------
    reading : Reading
        Read or refused, with its receipt.
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
        The reading failed or has no receipt, or the header lacks a UID.
    MissingExtraError
        fhir.resources is not installed.
    """
    if reading.status is Status.FAILED:
        raise ResultError("{file}: could not be read, so there is nothing to report", file=reading.file)
    origin = origin_of(reading)
    stated = {"language": language, **_circumstances(source)}
    device = _device(origin)
    observations = observations_of(reading, language)
    if reading.decision is not None:
        observations["decision"] = decision_observation(reading.decision, language)
    report = _report(reading, source, language)
    study = {} if source is None else _imaging_study(reference_of(source))
    instance = reading.sha256 if source is None else reference_of(source).instance
    identity = _digest([stated, observations, report, device, study, instance])
    urls = {role: _url(identity, role) for role in ("report", *observations)}
    urls["device"] = _url(_digest(device), "device")
    # What the model says stays preliminary; a decision is a person's, with a status of its own.
    by_model = {"status": PRELIMINARY, "device": {"reference": urls["device"]}}
    of_device = {"focus": [by_model["device"]]}
    entries = [
        _entry(
            {
                **({} if role == "decision" else by_model),
                **(of_device if role.startswith("evidence") else {}),
                **resource,
                **stated,
            },
            urls[role],
        )
        for role, resource in observations.items()
    ]
    results = [{"reference": urls[role]} for role in observations]
    report |= {**stated, **study, "result": results}
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


def _report(reading: Reading, source: Dataset | None, language: Language) -> Resource:
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
    accession = "" if source is None else text_of(source, "AccessionNumber")
    if accession:
        kind = {"coding": [{"system": f"{TERMS}/v2-0203", "code": "ACSN"}]}
        report["basedOn"] = [{"type": "ServiceRequest", "identifier": {"type": kind, "value": accession}}]
    return report


def _device(origin: Origin) -> Resource:
    return {
        "resourceType": "Device",
        "identifier": [{"system": f"urn:oid:{CODING_SCHEME}", "value": origin.digest}],
        "manufacturer": "neumo",
        "deviceName": [{"name": f"{origin.name} {origin.version}", "type": "model-name"}],
        "version": [{"value": f"neumo {origin.neumo}"}, {"value": f"{origin.name} {origin.version}"}],
    }


def _circumstances(source: Dataset | None) -> Resource:
    """Return subject and effective time, as far as the header states them."""
    if source is None:
        return {}
    name, number = text_of(source, "PatientName"), text_of(source, "PatientID")
    issuer = text_of(source, "IssuerOfPatientID")
    subject: Resource = {"type": "Patient"}
    if number:
        subject["identifier"] = {"value": number, **({"assigner": {"display": issuer}} if issuer else {})}
    if name:
        subject["display"] = name
    moment = _moment(source)
    return {
        **({"subject": subject} if len(subject) > 1 else {}),
        **({"effectiveDateTime": moment} if moment else {}),
    }


def _moment(source: Dataset) -> str | None:
    date, time = moment_of(source)
    if (date, time) == UNKNOWN_MOMENT:
        return None
    day, stated = f"{date[:4]}-{date[4:6]}-{date[6:]}", text_of(source, "TimezoneOffsetFromUTC")
    offset = valid_value(stated, "SH", "TimezoneOffsetFromUTC") if stated else None
    if offset is None:
        return day  # a time without its zone is no FHIR time
    return f"{day}T{time[:2]}:{time[2:4]}:{time[4:]}{offset[:3]}:{offset[3:]}"


def _imaging_study(reference: Reference) -> Resource:
    identifier = {"system": "urn:dicom:uid", "value": f"urn:oid:{reference.study}"}
    return {"imagingStudy": [{"type": "ImagingStudy", "identifier": identifier}]}


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
