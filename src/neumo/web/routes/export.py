"""Route of the worklist export: CSV, JSON lines, Parquet."""

from collections.abc import Iterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse

from neumo.core.errors import MissingExtraError
from neumo.records.export import COLUMNS, Format, open_encoder, row_of, stored
from neumo.records.filters import Filters, Sort
from neumo.records.stored_reading import StoredReading
from neumo.web.http.problems import not_installed
from neumo.web.people.identity import Person, Reader
from neumo.web.readings.blinding import blinded, is_withheld
from neumo.web.readings.presenting import file_name
from neumo.web.routes.readings import Identifier, filters_of
from neumo.web.workbench import workbench_of

router = APIRouter(tags=["export"])
_COLUMNS: Final = tuple(name for name in COLUMNS if name != "patient_hash")
_MEDIA_TYPES: Final = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.JSON_LINES: "application/x-ndjson",
    Format.PARQUET: "application/vnd.apache.parquet",
}


@router.get("/api/export", response_class=StreamingResponse)
def export(
    request: Request,
    person: Reader,
    filters: Annotated[Filters, Depends(filters_of)],
    id: Annotated[list[Identifier], Query(max_length=500)] = [],  # noqa: B006 - the parameter's name
    format: Format = Format.CSV,
) -> StreamingResponse:
    """Export all readings that match, with the newest decision on each."""
    chosen = Filters(ids=tuple(id)) if id else blinded(filters, person)
    try:
        encoder = open_encoder(format, _COLUMNS)
    except MissingExtraError as error:
        raise not_installed("parquet") from error
    pages = stored(workbench_of(request).archive, chosen, sort=Sort.NEWEST)
    first = next(pages)  # so that an unavailable archive is reported before the response starts

    def stream() -> Iterator[bytes]:
        yield encoder.encode([_row(reading, person) for reading in first])
        for readings in pages:
            yield encoder.encode([_row(reading, person) for reading in readings])
        yield encoder.end()

    headers = {"Content-Disposition": f'attachment; filename="neumo-readings.{format}"'}
    return StreamingResponse(stream(), media_type=_MEDIA_TYPES[format], headers=headers)


def _row(reading: StoredReading, person: Person) -> dict[str, Any]:
    row = row_of(reading, withheld=is_withheld(reading, person))
    return row | {"file": file_name(row["file"])}
