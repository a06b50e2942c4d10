"""Fixtures of all tests: a cache of its own, phantoms, and the real data where they are."""

import gc
import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from tests.support.forked import children_started
from tests.support.programs import ABSENT_DATA

from neumo.datasets.phantoms.dataset import make_phantoms

# A shell without job control starts background programs with SIGINT ignored, and all that they start inherits that,
# so that tests of Ctrl-C would wait in vain.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Nothing depends on the machine's speed: where others work beside, an example takes as long as it takes.
settings.register_profile("any-speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-speed")

LONGEST = (
    "tests/journeys/test_read_archive.py",
    "tests/journeys/test_web_everywhere.py",
    "tests/journeys/test_web_everywhere_lists.py",
    "tests/dicomnode/test_journeys.py",
    "tests/journeys/test_web_workbench.py",
    "tests/journeys/test_web_reading.py",
    "tests/journeys/test_web_unsent.py",
    "tests/journeys/test_study.py",
    "tests/journeys/test_beside_a_pacs.py",
    "tests/journeys/test_web_models.py",
    "tests/journeys/test_web_layout.py",
    "tests/dicomnode/send/test_recorder.py",
    "tests/web/test_readers.py",
    "tests/faults/test_node_parts.py",
    "tests/faults/test_workbench.py",
    "tests/journeys/test_web_viewer.py",
    "examples/study.ipynb",
    "tests/journeys/test_web_firefox.py",
    "tests/journeys/test_no_telemetry.py",
    "tests/journeys/test_train_interrupted.py",
    "tests/export/test_graph.py",
)
"""Files that take long begin first, so that at the end no worker waits long for another."""

TINY = """
name: tiny
seed: 5
image_size: 64
split: {kind: official, validation: 0.2}
model: {name: study_cnn, options: {filters: [4, 8], dense: 16, dropout: 0.4}}
augmentation: {flip: 0.5, rotation: 10, zoom: 0.1, contrast: 0.2}
optimizer: {learning_rate: 0.003}
schedule: {batch_size: 8, max_epochs: 6, early_stopping: 5, plateau: {patience: 0, factor: 0.5}, precision: 32-true}
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    absent = [name for name in LONGEST if not (Path(__file__).parents[1] / name).is_file()]
    assert not absent, f"LONGEST names files that are not there: {absent}"
    order = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.nodeid.partition("::")[0], len(LONGEST)))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Spare the garbage collector the million objects that imports and collecting leave, then and afterwards."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that must be complete (NEUMO_TESTS_COMPLETE, set by CI) where anything but real data was missing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not os.environ.get("NEUMO_TESTS_COMPLETE") or reporter is None:
        return
    skipped = [
        report for report in reporter.stats.get("skipped", []) if ABSENT_DATA not in str(report.longrepr)
    ]
    for report in skipped:
        reporter.write_line(
            f"skipped in a run that must be complete: {report.nodeid}: {report.longrepr}", red=True
        )
    if skipped and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Pixel caches of tests never mix with those of the user."""
    folder = tmp_path_factory.mktemp("cache")
    before = os.environ.get("NEUMO_CACHE")
    os.environ["NEUMO_CACHE"] = str(folder)
    yield folder
    if before is None:
        del os.environ["NEUMO_CACHE"]
    else:
        os.environ["NEUMO_CACHE"] = before


@pytest.fixture(scope="session", autouse=True)
def quick_children() -> Iterator[None]:
    """Readers and decoders are forked, which spares each of them its imports."""
    with children_started(forked=True):
        yield


@pytest.fixture(scope="module")
def installed_children() -> Iterator[None]:
    """For tests of how they start, crash and end: readers and decoders are started as installed ones."""
    with children_started(forked=False):
        yield


@pytest.fixture(scope="session", autouse=True)
def no_public_authorities(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing here talks to the internet, and each HTTP client would read a hundred authorities' certificates."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SSL_CERT_FILE", raising=False)
        patch.setenv("SSL_CERT_DIR", str(tmp_path_factory.mktemp("authorities")))
        yield


@pytest.fixture(scope="session", autouse=True)
def english() -> Iterator[None]:
    """Commands speak the language of the locale, and tests expect English of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LC_ALL", "C.UTF-8")
        yield


@pytest.fixture(scope="session")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small phantom data set: 20 images a class, 64 px."""
    folder = tmp_path_factory.mktemp("phantoms") / "set"
    make_phantoms(folder, per_class=20, seed=3, size=64)
    return folder


def _shared_data() -> Path:
    return Path(os.environ.get("NEUMO_DATA") or Path(__file__).parents[2] / "shared" / "data")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real data sets, or a skip that says what is missing."""
    folder = _shared_data()
    if not folder.is_dir():
        pytest.skip(f"{ABSENT_DATA}: no {folder}; set NEUMO_DATA to the folder that holds chest_xray/")
    return folder


@pytest.fixture(scope="session")
def dataset(shared_data: Path) -> Path:
    """The public data set of 5,856 radiographs, or a skip."""
    folder = shared_data / "chest_xray"
    if not folder.is_dir():
        pytest.skip(f"{ABSENT_DATA}: no {folder}")
    return folder


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A small experiment whose learning rate falls often, so that a forgotten schedule state shows."""
    file = tmp_path / "tiny.yaml"
    file.write_text(TINY)
    return file
