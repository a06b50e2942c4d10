"""A Python client for the API of `neumo serve`; it needs the `client` extra and nothing of the server."""

try:
    from neumo.client.client import Client
except ModuleNotFoundError as error:
    if error.name != "httpx":
        raise
    from neumo.core.errors import MissingExtraError

    raise MissingExtraError('neumo.client: httpx is not installed; pip install "neumo[client]"') from None
from neumo.client.problems import (
    AccessError,
    DecidedMeanwhileError,
    MissingError,
    RemoteImageError,
    ServerError,
    ServerUnavailableError,
)
from neumo.client.values import Job, JobFile, ListedReading, RemoteReading
from neumo.core.decision import Conclusion, Decision

__all__ = [
    "AccessError",
    "Client",
    "Conclusion",
    "DecidedMeanwhileError",
    "Decision",
    "Job",
    "JobFile",
    "ListedReading",
    "MissingError",
    "RemoteImageError",
    "RemoteReading",
    "ServerError",
    "ServerUnavailableError",
]
