"""Route of a reading's priors: other readings of the same patient."""

from typing import Any, Final

from fastapi import APIRouter, Request

from neumo.core.patient import PatientStudy
from neumo.records.filters import Filters
from neumo.records.patient_index import is_contradicted, patient_key
from neumo.records.search import search
from neumo.records.stored_reading import StoredReading, stored_reading
from neumo.web.people.identity import Reader
from neumo.web.readings.blinding import serve
from neumo.web.readings.presenting import list_item
from neumo.web.workbench import workbench_of

router = APIRouter(tags=["readings"])
_MAX_PRIORS: Final = 100


@router.get("/api/readings/{identifier}/priors")
def priors(request: Request, person: Reader, identifier: int) -> dict[str, Any]:
    """List the other readings of the same patient, newest study first, as the worklist shows them."""
    archive = workbench_of(request).archive
    stated = stored_reading(archive, identifier).body.get("patient")
    key = patient_key(stated)
    if stated is None or not key or not person.sees_patients:
        return {"readings": [], "complete": True}
    page = search(archive, Filters(patient_key=key), limit=_MAX_PRIORS + 1)
    found = [one for one in page.readings if one.id != identifier][:_MAX_PRIORS]
    others = serve(archive, found, person)
    patient = PatientStudy.from_json(stated)
    return {
        "readings": [
            {**list_item(other, person), "contradicts": is_contradicted(patient, _patient(other))}
            for other in sorted(others, key=_study, reverse=True)
        ],
        "complete": page.after is None,
    }


def _patient(reading: StoredReading) -> PatientStudy:
    return PatientStudy.from_json(reading.body["patient"])


def _study(reading: StoredReading) -> tuple[str, str]:
    """Return the sort key of prior readings: the day of the study, or else of the reading; then when it was read."""
    return _patient(reading).study_date or reading.recorded_at[:10], reading.recorded_at
