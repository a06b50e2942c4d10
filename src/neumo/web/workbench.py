"""What all requests share: settings, databases, bundle, readers, jobs."""

from dataclasses import dataclass

from sqlalchemy import Engine
from starlette.requests import HTTPConnection

from neumo.bundle.folder import Bundle
from neumo.web.config import WebConfig
from neumo.web.people.accounts import has_users
from neumo.web.people.cache import People
from neumo.web.people.throttle import Throttle
from neumo.web.readings.intake import Intake
from neumo.web.readings.jobs import Jobs
from neumo.web.readings.reading_file import KeptReadings
from neumo.worker.reader_pool import ReaderPool


@dataclass(frozen=True)
class Workbench:
    """A running server.

    Attributes
    ----------
    config : WebConfig
    always_login : bool
        Whether people have to log in even where there are none.
    key : bytes
        Signs cookies and CSRF tokens.
    accounts, archive : Engine
        Databases of people and of readings.
    people : People
        What was asked of the first, as long as it stays true.
    bundle : Bundle
        The one that the readers use.
    kept : KeptReadings
    pool : ReaderPool
    intake : Intake
    jobs : Jobs
    throttle : Throttle
    """

    config: WebConfig
    always_login: bool
    key: bytes
    accounts: Engine
    people: People
    archive: Engine
    bundle: Bundle
    kept: KeptReadings
    pool: ReaderPool
    intake: Intake
    jobs: Jobs
    throttle: Throttle

    @property
    def login(self) -> bool:
        """Whether people have to log in; from the moment that the first one is added."""
        return self.always_login or self.people.find(("anybody",), lambda: has_users(self.accounts))


def workbench_of(request: HTTPConnection) -> Workbench:
    """Return what a request shares with all others."""
    workbench: Workbench = request.app.state.workbench
    return workbench
