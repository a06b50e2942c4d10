"""In a reader's child process: the bytes of an object to its reading, and to the results that are wanted."""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from neumo.cluster.schema import row_of
from neumo.core.child import Handler
from neumo.inference.reader import Reader
from neumo.results.exports import Exports, open_exports


def open_reader(settings: Mapping[str, Any]) -> tuple[Mapping[str, Any], Handler]:
    """Load the reader, and what answers with it.

    A request names the `file`; its bytes come with it. The answer has its `row` (`neumo.cluster.schema`, without paths
    of results) and `sizes` of the results by name, whose bytes come with it one after the other.
    """
    wanted = settings["results"]
    reader = Reader(**settings["reader"], threads=1, keep_pixels="sc" in wanted, keep_header=bool(wanted))
    folder = Path(tempfile.mkdtemp(prefix="neumo-results-")) if wanted else Path()
    export = open_exports(Exports(**{kind: folder / kind for kind in wanted}, language=settings["language"]))

    def handle(request: Mapping[str, Any], content: bytes) -> tuple[Mapping[str, Any], bytes]:
        reading = replace(reader.read(content), file=request["file"])
        exported = export(reading)
        made = sorted(folder.rglob("*.*")) if wanted else []
        parts = {path.relative_to(folder).as_posix(): path.read_bytes() for path in made}
        for path in made:
            path.unlink()
        answer = {
            "row": row_of(reading, exported.failure),
            "sizes": {name: len(part) for name, part in parts.items()},
        }
        return answer, b"".join(parts.values())

    ready = {"bundle": reader.bundle.digest, "options": reader.options}
    return ready, handle
