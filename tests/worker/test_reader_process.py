"""A reader in a child process reads as one in this process, and its faults are told."""

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from neumo.core.errors import ChildError, ChildStartError
from neumo.core.signing_keys import make_key
from neumo.inference.reader import Reader
from neumo.worker.reader_process import ReaderProcess

Make = Callable[..., ReaderProcess]


def test_it_reads_as_a_reader_in_this_process(make: Make, tiny: str, film: Path) -> None:
    process, reader = make(), Reader(tiny, threads=1, exact=True)  # which keeps the film
    process.start()
    assert process.bundle_digest == reader.bundle.digest
    assert process.reader_options == reader.options
    own = psutil.Process().nice()
    assert psutil.Process(process.pid).nice() == min(own + 2, 19), "whoever answers people goes first"
    assert process.site_warnings == (), "a bundle that nobody commissioned has no review"
    expected = reader.read(film)
    answer, _ = process.ask({"do": "read", "source": str(film)})
    assert (answer["status"], answer["sha256"]) == (expected.status.value, expected.sha256)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bundle": "/nowhere"}, "read: .*nowhere"),
        ({"coverage": 0.5}, "read: coverage: 0.5 is not in the bundle"),
        ({"refuse": True}, "read: an option is wrong"),
    ],
    ids=str,
)
def test_settings_that_cannot_be_used_are_named(
    make: Make, settings: dict[str, object], message: str
) -> None:
    process = make(**settings)
    with pytest.raises(ChildStartError, match=message):
        process.start()
    assert process.pid is None


def test_the_readers_of_node_and_workbench_take_no_bundle_without_a_trusted_signature(
    make: Make, tmp_path: Path
) -> None:
    make_key(tmp_path / "site.key", "Site")
    with pytest.raises(ChildStartError, match="is not signed"):
        make(trusted_keys=tmp_path / "site.key.pub").start()
    with pytest.raises(ChildStartError, match="trusted keys"):
        make(trusted_keys=tmp_path / "missing").start()


def test_a_foreign_bundle_is_tried_by_the_reader_that_loads_it_first(
    make: Make, tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trial is a child of the reader's process."""
    monkeypatch.setenv("NEUMO_CACHE", str(tmp_path / "cache"))
    make().start()
    (mark,) = (tmp_path / "cache" / "tried-bundles").iterdir()
    assert mark.name.startswith(Reader(tiny, threads=1).bundle.digest)


def test_a_file_that_takes_all_memory_is_told_as_such_and_the_next_is_read(make: Make, film: Path) -> None:
    process = make()
    with pytest.raises(ChildError, match=r"needs more memory than allowed \(512 MiB\)") as caught:
        process.ask({"do": "grow"})
    assert caught.value.code == "out_of_memory"
    assert process.ask({"do": "read", "source": str(film)})[0]["status"] == "read"
