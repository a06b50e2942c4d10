"""The ASGI application: routes, error handlers, middleware, lifespan and the retention task."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from fastapi import FastAPI
from starlette.requests import Request

import neumo
from neumo.core.errors import ArchiveError, ArchiveUnavailableError
from neumo.core.hosts import host_check
from neumo.core.logging import event, fault
from neumo.records.database import reading_session
from neumo.records.file_retention import FileRetention
from neumo.web.http.middleware import SecurityMiddleware
from neumo.web.http.openapi import describe
from neumo.web.http.problems import Problem, answer_problems
from neumo.web.http.static_files import StaticFiles
from neumo.web.people.drafts import forget_due
from neumo.web.routes import (
    age_override,
    answers,
    changes,
    commissioning,
    decisions,
    drafts,
    export,
    jobs,
    oidc,
    pages,
    priors,
    readings,
    removal,
    research,
    samples,
    sending,
    session,
)
from neumo.web.workbench import Workbench, workbench_of

_RETENTION_SECONDS = 600.0

ROUTERS: Final = tuple(
    part.router
    for part in (
        changes,
        readings,
        session,
        drafts,
        age_override,
        oidc,
        removal,
        priors,
        jobs,
        answers,
        decisions,
        sending,
        export,
        research,
        commissioning,
        samples,
        pages,
    )
)
"""Every route of the workbench but its health check and static files, as they are tried: uploads among the first."""


def create_app(workbench: Workbench) -> FastAPI:
    """Return the application of a workbench whose readers run; its shutdown stops them."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        retention = asyncio.create_task(_delete_expired_regularly(workbench))
        yield
        retention.cancel()
        with suppress(asyncio.CancelledError):
            await retention
        await asyncio.to_thread(workbench.pool.stop)
        await workbench.jobs.stop()
        await asyncio.to_thread(workbench.commissioner.stop)
        workbench.intake.group_commit.close()
        workbench.accounts_cache.close()

    app = FastAPI(
        title="neumo",
        version=neumo.__version__,
        summary="Readings of chest radiographs. Not a medical device.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.workbench = workbench
    answer_problems(app, pages.missing_page)
    app.add_api_route("/healthz", health, methods=["GET"], tags=["health"])
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(pages.ROOM / "static"))
    describe(app)
    listen = workbench.config.listen
    app.add_middleware(
        SecurityMiddleware,
        known_host=host_check(listen.host, listen.loopback, listen.names),
        uploads={
            "/api/readings": workbench.config.limits.request_bytes,
            "/api/commissioning/table": commissioning.MAX_TABLE_BYTES,
        },
        require_room={"/api/readings": workbench.pool.require_room},
        max_requests=listen.connections,
        language=workbench.config.language,
        body_timeout=listen.patience,
    )
    return app


def health(request: Request) -> dict[str, Any]:
    """Health check: whether the archive is reachable and a reader runs."""
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


async def _delete_expired_regularly(workbench: Workbench) -> None:
    """Delete reading files whose retention has ended or whose reading was purged, every ten minutes."""
    days = workbench.config.retention.pixels_days
    retention = FileRetention(workbench.archive, workbench.reading_files, days)
    while True:
        try:
            deleted = await asyncio.to_thread(retention.run)
            forgotten = await asyncio.to_thread(forget_due, workbench.drafts, workbench.archive)
            if deleted or forgotten:
                event("cleaned", readings=deleted, drafts=forgotten)
        except Exception as error:  # archive, disk and memory may all be at fault, and all of it passes
            fault("cleaning_waits", error)
        await asyncio.sleep(_RETENTION_SECONDS)
