"""Objects that a DICOMweb service finds (QIDO-RS) and gives (WADO-RS)."""

import os
from collections import Counter
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from neumo.cluster.locations import Location
from neumo.core.errors import ConfigError


class DicomwebSource:
    """Objects that a DICOMweb service finds (QIDO-RS) and gives (WADO-RS)."""

    named = True

    def __init__(self, url: str) -> None:
        from neumo.sending.dicomweb import Service

        parts = urlsplit(url)
        if parts.username or parts.password:
            raise ConfigError(
                "dicomweb: credentials in a URL end up in logs; set NEUMO_DICOMWEB_USER and NEUMO_DICOMWEB_PASSWORD"
            )
        self._filters = dict(parse_qsl(parts.query))
        self._service = Service(urlunsplit(parts._replace(query="")), *_credentials())
        self.skipped = Counter[str]()

    def locations(self) -> Iterator[Location]:
        """Yield locations as they are found."""
        from neumo.sending.dicomweb import search

        kinds = [self._filters["Modality"]] if "Modality" in self._filters else ["CR", "DX"]
        for kind in kinds:
            for instance in search(self._service, {**self._filters, "Modality": kind}):
                yield Location(
                    f"{instance.study_instance_uid}/{instance.series_instance_uid}/{instance.sop_instance_uid}"
                )

    def fetch(self, location: str) -> bytes:
        """Return the bytes of an object."""
        from neumo.sending.dicomweb import Instance, as_file, retrieve

        return as_file(retrieve(self._service, Instance(*location.split("/"))))

    def size(self, location: str) -> int | None:
        """Return its size in bytes, where it can be asked for."""
        return None

    def require_reachable(self) -> None:
        """Raise where nothing can be had of the source."""
        from neumo.sending.dicomweb import search

        next(iter(search(self._service, self._filters, limit=1)), None)


def _credentials() -> tuple[str | None, str | None]:
    return os.environ.get("NEUMO_DICOMWEB_USER"), os.environ.get("NEUMO_DICOMWEB_PASSWORD")
