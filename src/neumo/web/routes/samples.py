"""Sample radiographs to try the workbench with."""

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response

from neumo.samples import sample_files
from neumo.web.http.problems import Problem
from neumo.web.people.identity import Reader

router = APIRouter(tags=["samples"])
_SAMPLES = {file.name: file for file in sample_files()}


@router.get("/api/samples")
def samples(_person: Reader) -> dict[str, list[str]]:
    """List the sample radiographs."""
    return {"samples": list(_SAMPLES)}


@router.get("/api/samples/{name}", response_class=Response)
def sample(_person: Reader, name: str) -> FileResponse:
    """Return a sample radiograph; it is read like any other file once it is uploaded."""
    if name not in _SAMPLES:
        raise Problem(404, "not_found")
    return FileResponse(_SAMPLES[name], media_type="image/jpeg")
