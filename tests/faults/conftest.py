"""The fault-injection suite: its programs are real, and so are their faults."""

import pytest
from tests.dicomnode.conftest import bundle_folder, films, makers, settings
from tests.support.archive_databases import postgresql
from tests.web.conftest import radiographs, web_bundle, web_phantoms

__all__ = [
    "bundle_folder",
    "films",
    "makers",
    "postgresql",
    "radiographs",
    "settings",
    "web_bundle",
    "web_phantoms",
]


@pytest.fixture(scope="module", autouse=True)
def real_children(installed_children: None) -> None:
    """Readers start as they do where neumo is installed."""
