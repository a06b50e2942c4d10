"""The decision of a person in a Structured Report: content items, and the SR Document General module's verification."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from highdicom.sr import (
    CodeContentItem,
    ContentSequence,
    PnameContentItem,
    RelationshipTypeValues,
    TextContentItem,
)
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from neumo.core.decision import Conclusion, Decision
from neumo.core.findings import Finding
from neumo.results.decision import moment_text, printable
from neumo.results.dicom import codes as own
from neumo.results.dicom.source import writable

CONCLUSION_CODES: Final[Mapping[Conclusion, Code]] = {
    **{Conclusion(finding.value): own.FINDING_CODES[finding] for finding in Finding},
    Conclusion.PNEUMONIA: own.PNEUMONIA,
    Conclusion.OTHER_ABNORMAL: own.OTHER_ABNORMAL,
    Conclusion.INADEQUATE_IMAGE: own.INADEQUATE_IMAGE,
    Conclusion.WRONG_IMAGE: own.WRONG_IMAGE,
}
_NO_NAME: Final = re.compile(r"[\\^=\x00-\x1f\x7f]")
_MAX_NAME: Final = 64
"""Characters of a component group (PS3.5 section 6.2)."""


def decision_item(decision: Decision | None, source: Dataset) -> CodeContentItem:
    """Return the content items of a decision, with observer, time, abnormality and note below it; or that nobody has.

    Parameters
    ----------
    decision : Decision or None
    source : Dataset
        Header of the radiograph, whose character set the texts are written in.
    """
    item = CodeContentItem(
        name=own.DECISION,
        value=own.NO_DECISION if decision is None else CONCLUSION_CODES[decision.conclusion],
        relationship_type=RelationshipTypeValues.CONTAINS,
    )
    if decision is None:
        return item
    observer = RelationshipTypeValues.HAS_OBS_CONTEXT
    properties = RelationshipTypeValues.HAS_PROPERTIES
    below: list[Any] = [
        CodeContentItem(codes.DCM.ObserverType, codes.DCM.Person, observer),
        PnameContentItem(codes.DCM.PersonObserverName, writable(observer_name(decision), source), observer),
        # As text, since DCMTK 3.6.7 reads no content item whose time states its zone.
        TextContentItem(own.DECIDED_AT, moment_text(decision), properties),
    ]
    for name, text in ((own.ABNORMALITY, decision.abnormality), (own.NOTE, decision.note)):
        if text:
            below.append(TextContentItem(name, writable(printable(text), source), properties))
    item.ContentSequence = ContentSequence(below)
    return item


def verification(decision: Decision | None) -> dict[str, Any]:
    """Return the flags of the SR Document General module (PS3.3 section C.17.2), as highdicom names them."""
    if decision is None or decision.verifier is None:
        return {"is_final": False, "is_verified": False}
    return {
        "is_final": True,
        "is_verified": True,
        "verifying_observer_name": decision.verifier,
        "verifying_organization": decision.organization,
    }


def finish_verification(report: Dataset, decision: Decision | None, source: Dataset) -> None:
    """State the moment of the decision instead of that of making the report, in the radiograph's character set."""
    if decision is None or decision.verifier is None:
        return
    observer = report.VerifyingObserverSequence[0]
    observer.VerificationDateTime = _moment(decision)
    observer.VerifyingObserverName = writable(decision.verifier, source)
    observer.VerifyingOrganization = writable(str(decision.organization), source)


def _moment(decision: Decision) -> str:
    return datetime.fromisoformat(decision.at).strftime("%Y%m%d%H%M%S+0000")


def observer_name(decision: Decision) -> str:
    """Return the DICOM person name under which a decision was made: the verifier's, else the account's."""
    if decision.verifier is not None:
        return decision.verifier
    # The caret says that one component is all there is.
    return _NO_NAME.sub(" ", decision.person).strip()[: _MAX_NAME - 1] + "^"
