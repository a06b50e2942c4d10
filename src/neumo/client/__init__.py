"""A Python client for the API of `neumo serve`; it needs the `client` extra and nothing of the server."""

from neumo.client.client import Client
from neumo.client.problems import (
    AccessError,
    DecidedMeanwhileError,
    MissingError,
    RemoteImageError,
    ServerError,
    ServerUnavailableError,
)
from neumo.client.values import Decision, Job, JobFile, ListedReading, RemoteReading

__all__ = [
    "AccessError",
    "Client",
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
