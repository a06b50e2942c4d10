"""The API client: uploads, readings, pictures, decisions, exports."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self
from urllib.parse import quote

from neumo.client.batches import open_file, sent_name
from neumo.client.transport import Transport
from neumo.client.values import (
    Job,
    JobFile,
    ListedReading,
    RemoteReading,
    decisions_of,
    job_of,
    listed_of,
)
from neumo.client.waiting import in_batches, until_ended
from neumo.core.decision import Conclusion, Decision
from neumo.core.files import replacing
from neumo.core.labels import Outcome
from neumo.texts.language import Language


class Client:
    """A client of one server; close it, or use it in a `with` block.

    Every method raises ServerError, or its kinds: ServerUnavailableError, AccessError, MissingError. While the server
    is busy (429, 503), requests are repeated as it asks, for up to `patience` seconds.

    Parameters
    ----------
    url : str
        Such as "http://127.0.0.1:8000".
    token : str, optional
        Of `neumo token add`; none is needed for a server on loopback without users.
    language : str
        Of sentences, "en" or "es".
    timeout : float
        Seconds in which an answer must begin and go on; reading one file may take that long.
    patience : float
        Seconds.

    Raises
    ------
    ConfigError
        `url` is no address, or the token would cross a network in clear.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        language: Language = "en",
        timeout: float = 150.0,
        patience: float = 60.0,
    ) -> None:
        self._server = Transport(url, token, language, timeout, patience)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._server.close()

    def me(self) -> Mapping[str, Any]:
        """Return who this client is to the server, and the server's limits and bundle (docs/reference/api.md)."""
        value: Mapping[str, Any] = self._server.send("GET", "/api/me").json()
        return value

    def read(self, source: Path | str | bytes, name: str | None = None) -> RemoteReading:
        """Have one file read, and wait for its reading; the same bytes are the same reading.

        Parameters
        ----------
        source : Path, str or bytes
            A file, or its content.
        name : str, optional
            What the server calls it; default: the file's name.

        Raises
        ------
        RemoteImageError
            It is no radiograph by its name and content. One that cannot be read is a reading whose status is "failed".
        UnreadableImageError
            The file cannot be opened here.
        """
        if isinstance(source, bytes):
            content, called = source, name or "radiograph"
        else:
            with open_file(Path(source)) as stream:
                content, called = stream.read(), name or sent_name(Path(source))
        headers = {"Content-Type": "application/octet-stream", "X-File-Name": quote(called, safe="")}
        answer = self._server.send("POST", "/api/readings", content=content, headers=headers)
        return RemoteReading.from_json(answer.json())

    def override_age(self, reading: int, reason: str) -> RemoteReading:
        """Have a radiograph that was refused for the patient's age alone read all the same, and return that reading.

        Parameters
        ----------
        reading : int
            Number of the refused reading, which stays.
        reason : str
            Stands in every result, with this client's name.

        Raises
        ------
        ServerError
            It was refused for something else (409), or its file is not kept any more (410).
        """
        answer = self._server.send("POST", f"/api/readings/{reading}/age-override", json={"reason": reason})
        return RemoteReading.from_json(answer.json())

    def submit(self, paths: Iterable[Path | str]) -> Job:
        """Send files to be read in the background, as one job.

        Raises
        ------
        UnreadableImageError
            A file cannot be opened here.
        ServerError
            They are more, or larger, than the server takes at once (413); `read_many` splits them.
        """
        with ExitStack() as stack:
            parts = [
                ("files", (sent_name(path), stack.enter_context(open_file(path))))
                for path in map(Path, paths)
            ]
            answer = self._server.send("POST", "/api/readings", params={"async": "1"}, files=parts)
        return job_of(answer.json())

    def job(self, identifier: str) -> Job:
        """Return a job as it stands."""
        return job_of(self._server.send("GET", f"/api/jobs/{quote(identifier, safe='')}").json())

    def cancel(self, identifier: str) -> Job:
        """Give up what is not read yet of a job."""
        return job_of(self._server.send("DELETE", f"/api/jobs/{quote(identifier, safe='')}").json())

    def wait(
        self, job: Job, progress: Callable[[Job], object] | None = None, timeout: float | None = None
    ) -> Job:
        """Wait until a job has ended.

        Parameters
        ----------
        job : Job
        progress : function of Job, optional
            Called whenever more files are done.
        timeout : float, optional
            Seconds, after which ServerUnavailableError is raised; the job goes on.
        """
        return until_ended(job, self.job, progress, timeout)

    def read_many(
        self, paths: Iterable[Path | str], progress: Callable[[Job], object] | None = None
    ) -> Iterator[JobFile]:
        """Have any number of files read, in jobs as large as the server takes, and yield what became of each.

        Parameters
        ----------
        paths : iterable of Path or str
            Taken as the jobs go on; a later job is sent when the one before has ended.
        progress : function of Job, optional
            Called whenever more files of a job are done.

        Yields
        ------
        JobFile
            In the order of `paths`; `index` counts from 0 over all of them. A file that cannot be opened here has
            failed, and the others go on.
        """
        limits = self.me()["limits"]
        sizes = limits["files"], limits["request_bytes"]
        yield from in_batches(map(Path, paths), *sizes, lambda batch: self.wait(self.submit(batch), progress))

    def readings(self, *, limit: int = 500, **filters: Any) -> Iterator[ListedReading]:
        """Yield the worklist, newest first, a page at a time.

        Parameters
        ----------
        limit : int
            Rows of a page, 1-500.
        **filters
            Of `POST /api/readings/search`: q, patient, sex, age_from, age_to, ids, verdict, finding, status,
            disagreement, decided, source, sort, and `since` and `until` for its `from` and `to`.
        """
        query: dict[str, Any] = {**_query(filters), "limit": limit}
        while True:
            page = self._server.send("POST", "/api/readings/search", json=query).json()
            yield from map(listed_of, page["readings"])
            if page["next"] is None:
                return
            query["cursor"] = page["next"]

    def reading(self, identifier: int) -> RemoteReading:
        """Return one reading."""
        return RemoteReading.from_json(self._server.send("GET", f"/api/readings/{identifier:d}").json())

    def image(self, identifier: int, max_side: int | None = None) -> bytes:
        """Return the radiograph as an 8-bit grey PNG, its longer side at most `max_side` (16-4096) pixels."""
        query = {} if max_side is None else {"max_side": max_side}
        return self._server.send("GET", f"/api/readings/{identifier:d}/image.png", params=query).content

    def heatmap(
        self, identifier: int, finding: Outcome | str | None = None, max_side: int | None = None
    ) -> bytes:
        """Return the heat map of a finding (default: the answer's) as a transparent PNG to lay over the radiograph."""
        query = _query({"finding": finding, "max_side": max_side})
        return self._server.send("GET", f"/api/readings/{identifier:d}/heatmap.png", params=query).content

    def file(self, identifier: int, name: str, language: Language | None = None) -> bytes:
        """Return a file of a reading, such as "report.pdf", "sr.dcm" or "fhir.json"."""
        path = f"/api/readings/{identifier:d}/files/{quote(name, safe='')}"
        return self._server.send("GET", path, params=_query({"lang": language})).content

    def decisions(self, identifier: int) -> tuple[Decision, ...]:
        """Return the decisions on a reading, oldest first."""
        answer = self._server.send("GET", f"/api/readings/{identifier:d}/decisions").json()
        return decisions_of(answer["decisions"])

    def decide(
        self,
        reading: RemoteReading,
        conclusion: Conclusion | Literal["AGREE"],
        abnormality: str = "",
        note: str = "",
    ) -> RemoteReading:
        """Decide about a reading as it was when it was fetched, and return it as it is now.

        Parameters
        ----------
        reading : RemoteReading
        conclusion : Conclusion or "AGREE"
            "AGREE" is the reading's own, where its verdict is not undetermined.
        abnormality : str
            Which one, with `Conclusion.OTHER_ABNORMAL`.
        note : str

        Raises
        ------
        DecidedMeanwhileError
            Somebody decided since; nothing was kept.
        """
        body = {"conclusion": str(conclusion), "abnormality": abnormality, "note": note}
        answer = self._server.send(
            "POST",
            f"/api/readings/{reading.id:d}/decisions",
            json=body,
            headers={"If-Match": f'"r{reading.revision}"'},
        )
        return RemoteReading.from_json(answer.json()["reading"])

    def export(
        self, target: Path | str, format: Literal["csv", "jsonl", "parquet"] = "csv", **filters: Any
    ) -> Path:
        """Write all readings that match to a file, whole or not at all, and return its path.

        Parameters
        ----------
        target : Path or str
        format : "csv", "jsonl" or "parquet"
        **filters
            As in `readings`.

        Raises
        ------
        OutputError
            The file cannot be written.
        """
        query = {**_query(filters), "format": format}
        with (
            self._server.streamed("POST", "/api/export", json=query) as parts,
            replacing(Path(target)) as temporary,
            temporary.open("wb") as stream,
        ):
            stream.writelines(parts)
        return Path(target)


_RENAMED: Final = {"since": "from", "until": "to"}


def _query(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that were given, by their names in the API."""
    return {_RENAMED.get(name, name): value for name, value in filters.items() if value is not None}
