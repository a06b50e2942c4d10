"""Route of the worklist export: CSV, JSON lines, Parquet."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from neumo.core.errors import MissingExtraError
from neumo.records.export import COLUMNS, Format, open_encoder, row_of, stored
from neumo.records.filters import Filters, Sort
from neumo.records.stored_reading import StoredReading
from neumo.web.http.problems import not_installed
from neumo.web.people.identity import Person, Reader
from neumo.web.readings.blinding import is_withheld, searchable, serve
from neumo.web.readings.presenting import file_name, shown_body
from neumo.web.readings.searching import Export, ExportSearch
from neumo.web.workbench import workbench_of

router = APIRouter(tags=["export"])
_COLUMNS: Final = tuple(name for name in COLUMNS if name != "patient_hash")
_MEDIA_TYPES: Final = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.JSON_LINES: "application/x-ndjson",
    Format.PARQUET: "application/vnd.apache.parquet",
}


@router.get("/api/export", response_class=StreamingResponse)
def export(request: Request, person: Reader, asked: Annotated[Export, Query()]) -> StreamingResponse:
    """Export all readings that match, with the decision that stands for each."""
    if asked.id:
        return _exported(request, person, Filters(ids=tuple(asked.id)), asked.format)
    return _exported(request, person, asked.filters(person), asked.format)


@router.post("/api/export", response_class=StreamingResponse)
def export_found(request: Request, person: Reader, asked: ExportSearch) -> StreamingResponse:
    """Export all readings that match, also by words that may name a patient, which no URL may hold."""
    return _exported(request, person, asked.filters(person), asked.format)


def _exported(request: Request, person: Person, chosen: Filters, format: Format) -> StreamingResponse:
    try:
        encoder = open_encoder(format, _COLUMNS)
    except MissingExtraError as error:
        raise not_installed("parquet") from error
    archive = workbench_of(request).archive
    matching = searchable(archive, chosen, person)
    pages = (serve(archive, page, person) for page in stored(archive, matching, sort=Sort.NEWEST))
    first = next(pages)  # so that an unavailable archive is reported before the response starts

    def stream() -> Iterator[bytes]:
        yield encoder.encode([_row(reading, person) for reading in first])
        for readings in pages:
            yield encoder.encode([_row(reading, person) for reading in readings])
        yield encoder.end()

    headers = {"Content-Disposition": f'attachment; filename="neumo-readings.{format}"'}
    return StreamingResponse(stream(), media_type=_MEDIA_TYPES[format], headers=headers)


def _row(reading: StoredReading, person: Person) -> dict[str, Any]:
    shown = replace(reading, body=shown_body(reading, person))
    row = row_of(shown, withheld=is_withheld(reading, person))
    return row | {"file": file_name(row["file"])}
