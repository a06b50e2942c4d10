"""Logical references of a FHIR report: patient, order, imaging study, and what is tracked in the radiograph.

They name by identifiers what exists on the receiver's side already, as HL7's guide "DICOM SR to FHIR Resource Mapping"
has them (https://hl7.org/fhir/uv/dicom-sr).
"""

from typing import Any, Final

from pydicom import Dataset
from pydicom.sr.coding import Code

from neumo.results.dicom.source import UNKNOWN_MOMENT, Reference, moment_of, text_of
from neumo.results.dicom.values import valid_value
from neumo.results.fhir_observations import TERMS, Resource, concept
from neumo.texts.language import Language

_UIDS: Final = "urn:dicom:uid"
_STUDY: Final = Code("110180", "DCM", "Study Instance UID")
_TRACKING: Final = Code("112040", "DCM", "Tracking Unique Identifier")


def circumstances(source: Dataset | None) -> Resource:
    """Return subject and effective time, as far as the header states them."""
    if source is None:
        return {}
    number, name = text_of(source, "PatientID"), text_of(source, "PatientName")
    subject: Resource = {"type": "Patient"}
    if number:
        qualifiers, issuer = "IssuerOfPatientIDQualifiersSequence", text_of(source, "IssuerOfPatientID")
        subject["identifier"] = {
            "value": number,
            **({"assigner": {"display": issuer}} if issuer else {}),
            **_issued(source, qualifiers),
        }
    if name:
        subject["display"] = name
    moment = _moment(source)
    return {
        **({"subject": subject} if len(subject) > 1 else {}),
        **({"effectiveDateTime": moment} if moment else {}),
    }


def order_of(source: Dataset | None) -> Resource:
    """Return `basedOn`: the order, by the accession number; nothing where the header states none."""
    accession = "" if source is None else text_of(source, "AccessionNumber")
    if source is None or not accession:
        return {}
    kind = {"coding": [{"system": f"{TERMS}/v2-0203", "code": "ACSN"}]}
    identifier = {"type": kind, "value": accession, **_issued(source, "IssuerOfAccessionNumberSequence")}
    return {"basedOn": [{"type": "ServiceRequest", "identifier": identifier}]}


def study_of(reference: Reference, language: Language) -> list[Resource]:
    """Return references to the imaging study, by its UID."""
    return [
        {
            "type": "ImagingStudy",
            "identifier": {"type": concept(_STUDY, language), **uid_value(reference.study)},
        }
    ]


def tracked(uid: str, language: Language) -> list[Resource]:
    """Return `focus`: what a Tracking Unique Identifier stands for."""
    return [{"type": "BodyStructure", "identifier": {"type": concept(_TRACKING, language), **uid_value(uid)}}]


def uid_value(uid: str) -> Resource:
    """Return system and value of a DICOM UID as an identifier."""
    return {"system": _UIDS, "value": f"urn:oid:{uid}"}


def _issued(source: Dataset, keyword: str) -> Resource:
    """Return system and assigner of an identifier whose issuer a sequence states (PS3.3 section 10.14)."""
    items: Any = source.get(keyword)
    issuer = next(iter(items), None) if items else None
    if issuer is None:
        return {}
    entity, kind = text_of(issuer, "UniversalEntityID"), text_of(issuer, "UniversalEntityIDType")
    local = text_of(issuer, "LocalNamespaceEntityID")
    system = {"ISO": f"urn:oid:{entity}", "UUID": f"urn:uuid:{entity}", "URI": entity}.get(kind, "")
    return {
        **({"system": system} if entity and system else {}),
        **({"assigner": {"display": local}} if local else {}),
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
