"""What all requests share: settings, databases, bundle, readers, jobs."""

from dataclasses import dataclass

from sqlalchemy import Engine
from starlette.requests import HTTPConnection

from neumo.bundle.folder import Bundle
from neumo.web.config import WebConfig
from neumo.web.jobs import Jobs
from neumo.web.kept import KeptReadings
from neumo.web.pool import Pool
from neumo.web.throttle import Throttle


@dataclass(frozen=True)
class Workbench:
    """A running server.

    Attributes
    ----------
    config : WebConfig
    login : bool
        Whether people have to log in.
    key : bytes
        Signs cookies and CSRF tokens.
    accounts, archive : Engine
        Databases of people and of readings.
    bundle : Bundle
        The one that the readers use.
    kept : KeptReadings
    pool : Pool
    jobs : Jobs
    throttle : Throttle
    """

    config: WebConfig
    login: bool
    key: bytes
    accounts: Engine
    archive: Engine
    bundle: Bundle
    kept: KeptReadings
    pool: Pool
    jobs: Jobs
    throttle: Throttle


def workbench_of(request: HTTPConnection) -> Workbench:
    """Return what a request shares with all others."""
    workbench: Workbench = request.app.state.workbench
    return workbench
