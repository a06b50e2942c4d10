"""The server's shared state: settings, databases, bundle, reader pool, jobs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Engine
from starlette.requests import HTTPConnection

from neumo.bundle.folder import Bundle
from neumo.records.reading_file import ReadingFiles
from neumo.web.commissioning.commissioner import Commissioner
from neumo.web.config import WebConfig
from neumo.web.people.accounts import has_users
from neumo.web.people.cache import AccountsCache
from neumo.web.people.password_checks import PasswordChecks
from neumo.web.people.rate_limit import LoginRateLimiter
from neumo.web.readings.intake import Intake
from neumo.web.readings.jobs import Jobs
from neumo.web.readings.live import LiveWorklist
from neumo.web.readings.space import SpaceReserve
from neumo.worker.reader_pool import ReaderPool

if TYPE_CHECKING:
    from neumo.sending.sender import Send


@dataclass(frozen=True)
class Workbench:
    """Shared state of a running server.

    Attributes
    ----------
    config : WebConfig
    always_login : bool
        Whether people have to log in even where there are none.
    key : bytes
        Signs cookies and CSRF tokens.
    accounts, archive, drafts : Engine
        Databases of people, of readings, and of drafts of people whose browsers cannot keep them.
    accounts_cache : AccountsCache
        Cache of `accounts`.
    bundle : Bundle
        The one that the readers use.
    reading_files : ReadingFiles
    pool : ReaderPool
    intake : Intake
    jobs : Jobs
    login_limiter : LoginRateLimiter
    live : LiveWorklist
    space : SpaceReserve
        Of uploads.
    password_checks : PasswordChecks
    commissioner : Commissioner
    send : function or None
        Sends files to the PACS of the settings (see `neumo.sending.sender`); None where they name none.
    """

    config: WebConfig
    always_login: bool
    key: bytes
    accounts: Engine
    accounts_cache: AccountsCache
    archive: Engine
    drafts: Engine
    bundle: Bundle
    reading_files: ReadingFiles
    pool: ReaderPool
    intake: Intake
    jobs: Jobs
    login_limiter: LoginRateLimiter
    live: LiveWorklist
    space: SpaceReserve
    password_checks: PasswordChecks
    commissioner: Commissioner
    send: "Send | None" = None

    @property
    def login(self) -> bool:
        """Whether people have to log in; true as soon as there is an account."""
        return self.always_login or self.accounts_cache.find(("anybody",), lambda: has_users(self.accounts))


def workbench_of(request: HTTPConnection) -> Workbench:
    """Return the `Workbench` that the application keeps in `app.state`: settings, database, reader pool, accounts."""
    workbench: Workbench = request.app.state.workbench
    return workbench
