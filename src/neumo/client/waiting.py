"""Jobs of a server: waiting until one has ended, and any number of files as one job after the other."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from neumo.client.batches import Unopened, batches, sent_name
from neumo.client.problems import ServerUnavailableError
from neumo.client.values import Job, JobFile
from neumo.core.message import Message
from neumo.core.reading import Notice

_MIN_POLL: Final = 0.1
_MAX_POLL: Final = 2.0
"""Seconds between two looks at a job."""


def until_ended(
    job: Job,
    look: Callable[[str], Job],
    progress: Callable[[Job], object] | None = None,
    timeout: float | None = None,
) -> Job:
    """Look at a job, at growing intervals while nothing is done, until it has ended.

    Parameters
    ----------
    job : Job
    look : function of str
        Returns the job of that number as it stands.
    progress : function of Job, optional
        Called whenever more files are done.
    timeout : float, optional
        Seconds, after which ServerUnavailableError is raised; the job goes on.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    done, pause = -1, _MIN_POLL
    while True:
        if progress is not None and job.done > done:
            progress(job)
        if job.ended:
            return job
        pause = _MIN_POLL if job.done > done else min(2 * pause, _MAX_POLL)
        done = job.done
        if deadline is not None and time.monotonic() + pause > deadline:
            raise ServerUnavailableError(
                Message(
                    "job {id}: {done} of {total} files done in {timeout} s; wait for it again",
                    id=job.id,
                    done=job.done,
                    total=job.total,
                    timeout=timeout,
                )
            )
        time.sleep(pause)
        job = look(job.id)


def in_batches(
    paths: Iterable[Path], files: int, request_bytes: int, read: Callable[[Sequence[Path]], Job]
) -> Iterator[JobFile]:
    """Have files read in batches as large as a server takes, and yield what became of each, counted over all.

    Parameters
    ----------
    paths : iterable of Path
    files, request_bytes : int
        Limits of a batch.
    read : function of a batch
        Returns its job once that has ended.
    """
    before = 0
    for batch in batches(paths, files, request_bytes):
        if isinstance(batch, Unopened):
            reason = Notice("unreadable_file", str(batch.error))
            name = sent_name(batch.path)
            yield JobFile(before, name, "failed", None, False, (reason,))
            before += 1
            continue
        for file in read(batch).files:
            yield JobFile(before + file.index, file.name, file.status, file.reading, file.again, file.reasons)
        before += len(batch)
