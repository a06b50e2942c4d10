"""Faults of the server itself: told from those of a file, so that nobody is blamed for a full disk."""

from neumo.core.errors import ArchiveUnavailableError, ChildStartError
from neumo.core.faults import own_fault
from neumo.web.http.problems import Problem, own_problem

_PASSING = frozenset({503, 507})
_RETRY_SECONDS = 10


def problem_of(error: BaseException) -> Problem | None:
    """Return the problem of a fault of this server that may pass, after which a file is sent again; else None.

    Parameters
    ----------
    error : exception
        A full disk (507); too few descriptors or too little memory, a reader that does not start, a database that is
        away (503). Or a Problem, which is returned where it is of those statuses.
    """
    match error:
        case Problem():
            return error if error.status in _PASSING else None
        case ArchiveUnavailableError():
            return Problem(503, "archive_unavailable", retry_after=_RETRY_SECONDS)
        case ChildStartError():
            return server_fault()
    return None if own_fault(error) is None else own_problem(error)


def server_fault() -> Problem:
    """Return the problem of a fault of this server that is no full disk."""
    return Problem(503, "server_fault", retry_after=_RETRY_SECONDS)
