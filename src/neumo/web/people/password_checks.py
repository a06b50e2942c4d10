"""Checks passwords in threads of their own, few of them waiting, so that a flood of logins blocks nobody else."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from neumo.web.http.problems import Problem

_THREADS: Final = 2
"""Each check takes 64 MiB and a core."""
_MAX_WAITING: Final = 16
_RETRY_SECONDS: Final = 5

_Answer = TypeVar("_Answer")


class PasswordChecks:
    """A small pool of threads with a bounded queue."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="neumo-login")
        self._waiting = 0

    async def run(self, check: Callable[[], _Answer]) -> _Answer:
        """Run a check in the pool's threads; call it on the event loop. Raises Problem (429) where too many wait."""
        if self._waiting >= _THREADS + _MAX_WAITING:
            raise Problem(429, "too_many_attempts", retry_after=_RETRY_SECONDS, seconds=_RETRY_SECONDS)
        self._waiting += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, check)
        future.add_done_callback(self._done)  # not when the browser goes away, but when the thread is free
        return await asyncio.shield(future)

    def _done(self, _future: object) -> None:
        self._waiting -= 1

    def stop(self) -> None:
        """Wait for no more checks."""
        self._pool.shutdown(wait=False, cancel_futures=True)
