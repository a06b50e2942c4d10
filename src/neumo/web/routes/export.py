"""The worklist as a file."""

from collections.abc import Iterator
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse

from neumo.web.people.identity import Reader
from neumo.web.readings.export import FORMATS, Batch, batches, open_format
from neumo.web.readings.worklist import Filters
from neumo.web.routes.readings import Identifier, filters_of
from neumo.web.workbench import workbench_of

router = APIRouter(tags=["export"])


@router.get("/api/export", response_class=StreamingResponse)
def export(
    request: Request,
    person: Reader,
    filters: Annotated[Filters, Depends(filters_of)],
    id: Annotated[list[Identifier], Query(max_length=500)] = [],  # noqa: B006 - the parameter's name
    format: Literal["csv", "jsonl", "parquet"] = "csv",
) -> StreamingResponse:
    """Give all readings that match, with the newest decision on each."""
    archive = workbench_of(request).archive
    chosen = Filters(ids=tuple(id), for_person=filters.for_person) if id else filters
    encode = open_format(format)
    pages = batches(archive, chosen, person)
    first = next(pages, [])  # so that an archive that is away is told before the answer begins

    def stream() -> Iterator[bytes]:
        yield from encode(_chained(first, pages))

    headers = {"Content-Disposition": f'attachment; filename="neumo-readings.{format}"'}
    return StreamingResponse(stream(), media_type=FORMATS[format], headers=headers)


def _chained(first: Batch, others: Iterator[Batch]) -> Iterator[Batch]:
    yield first
    yield from others
