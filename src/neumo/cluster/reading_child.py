"""In a reader's child process: the bytes of objects to their readings, and to the results that are wanted."""

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from neumo.cluster.schema import row_of
from neumo.core.child import Handler
from neumo.core.reading import Reading
from neumo.inference.reader import Reader
from neumo.results.exports import Exports, open_exports


def open_reader(settings: Mapping[str, Any]) -> tuple[Mapping[str, Any], Handler]:
    """Load the reader, and what answers with it.

    A request holds `files`, pairs of name and size, whose bytes come with it one after the other. The answer holds
    `read`, for each file its `row` (`neumo.cluster.schema`, without paths of results) and `sizes` of the results by
    name, whose bytes come with it likewise.
    """
    wanted = settings["results"]
    reader = Reader(**settings["reader"], threads=1, keep_pixels="sc" in wanted, keep_header=bool(wanted))
    folder = Path(tempfile.mkdtemp(prefix="neumo-results-")) if wanted else Path()
    export = open_exports(Exports(**{kind: folder / kind for kind in wanted}, language=settings["language"]))

    def finished(reading: Reading, parts: list[bytes]) -> Mapping[str, Any]:
        failure = export(reading).failure
        made = sorted(folder.rglob("*.*")) if wanted else []
        parts += [path.read_bytes() for path in made]
        sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in made}
        for path in made:
            path.unlink()
        return {"row": row_of(reading, failure), "sizes": sizes}

    def handle(request: Mapping[str, Any], content: bytes) -> tuple[Mapping[str, Any], bytes]:
        names, sizes = zip(*request["files"], strict=True)
        readings = reader.read_together(cut(content, sizes))
        parts = list[bytes]()
        read = [
            finished(replace(reading, file=name), parts)
            for name, reading in zip(names, readings, strict=True)
        ]
        return {"read": read}, b"".join(parts)

    ready = {"bundle": reader.bundle.digest, "options": reader.options}
    return ready, handle


def cut(content: bytes, sizes: Iterable[int]) -> list[bytes]:
    """Return the parts of some bytes that come one after the other, by their sizes."""
    ends = list(accumulate(sizes, initial=0))
    return [content[start:end] for start, end in pairwise(ends)]
