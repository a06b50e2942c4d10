"""The application: requests, errors, guard, and what runs beside them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request

import neumo
from neumo.core.errors import ArchiveError, ArchiveUnavailableError
from neumo.core.logging import event, fault
from neumo.records.database import reading_session
from neumo.web.http.guard import Guard, host_check
from neumo.web.http.problems import Problem, answer_problems
from neumo.web.http.static_files import StaticFiles
from neumo.web.routes import answers, decisions, export, jobs, pages, readings, research, samples, session
from neumo.web.routes import oidc as elsewhere
from neumo.web.workbench import Workbench, workbench_of

_CLEAN_SECONDS = 600.0
_PROBLEM: Mapping[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
    },
}


def create_app(workbench: Workbench) -> FastAPI:
    """Return the application around a workbench whose readers run; it stops them at its end."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        cleaning = asyncio.create_task(_clean(workbench))
        yield
        cleaning.cancel()
        with suppress(asyncio.CancelledError):
            await cleaning
        await asyncio.to_thread(workbench.pool.stop)
        await workbench.jobs.stop()
        workbench.intake.group_commit.close()
        workbench.people.close()

    app = FastAPI(
        title="neumo",
        version=neumo.__version__,
        summary="Readings of chest radiographs. Not a medical device.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        responses={
            "default": {
                "description": "A problem",
                "content": {"application/problem+json": {"schema": _PROBLEM}},
            }
        },
    )
    app.state.workbench = workbench
    answer_problems(app)
    app.add_api_route("/healthz", health, methods=["GET"], tags=["health"])
    for part in (session, elsewhere, readings, jobs, answers, decisions, export, research, samples, pages):
        app.include_router(part.router)
    app.mount("/static", StaticFiles(pages.ROOM / "static"))
    _describe_honestly(app)
    listen = workbench.config.listen
    app.add_middleware(
        Guard,
        known_host=host_check(listen.host, listen.loopback, listen.names),
        uploads={"/api/readings": workbench.config.limits.request_bytes},
        at_once=listen.connections,
        patience=listen.patience,
    )
    return app


def health(request: Request) -> dict[str, Any]:
    """Say whether radiographs can be read and put on record now."""
    workbench = workbench_of(request)
    try:
        with reading_session(workbench.archive) as session_:
            session_.connection()
        reachable = True
    except (ArchiveUnavailableError, ArchiveError):
        reachable = False
    readers = workbench.pool.readers
    if not reachable or not readers:
        raise Problem(503, "unavailable", retry_after=5, archive=reachable, readers=readers)
    return {"status": "ok"}


async def _clean(workbench: Workbench) -> None:
    """Delete what is old enough, every ten minutes."""
    while True:
        try:
            days = workbench.config.retention.pixels_days
            deleted = await asyncio.to_thread(workbench.kept.clean, days)
            if deleted:
                event("cleaned", readings=deleted)
        except OSError as error:
            fault("cleaning_waits", error)
        await asyncio.sleep(_CLEAN_SECONDS)


def _describe_honestly(app: FastAPI) -> None:
    """Take the framework's own form of validation errors out of the description, since problems replace it."""
    original: Callable[[], dict[str, Any]] = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            value = original()
            for methods in value["paths"].values():
                for operation in methods.values():
                    operation["responses"].pop("422", None)
            for name in ("HTTPValidationError", "ValidationError"):
                value.get("components", {}).get("schemas", {}).pop(name, None)
        return original()

    app.openapi = described  # type: ignore[method-assign]
