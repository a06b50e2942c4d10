from pathlib import Path

import pytest

from neumo.bundle.folder import Bundle
from neumo.core.reading import Reading, Status
from neumo.inference.batches import batches
from neumo.inference.reader import Reader
from neumo.inference.session import Session
from neumo.inference.stages import Stages
from neumo.inference.underway import Underway


def sizes(items: list[int | None], threads: int = 1) -> list[int]:
    found = list(batches(items, lambda item: item, threads))
    assert [item for batch in found for item in batch] == items
    return [len(batch) for batch in found]


def test_small_files_come_together_and_large_ones_alone() -> None:
    assert sizes([10] * 45) == [1, 1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8, 8]
    assert sizes([10] * 16, threads=4) == [1] * 16, "a few files are shared among all threads"
    small, large = [1] * 40, [10**6] * 2
    assert sizes([*small, *large, None, *small])[-8:-5] == [1, 1, 1]
    assert sizes([]) == []


def test_files_read_together_are_read_as_each_is_alone(
    bundle: Bundle, films: list[Path], tmp_path: Path
) -> None:
    """Bit by bit: receipts hold the sum of the network's input, and its outputs as hexadecimal floats."""
    text = tmp_path / "text.png"
    text.write_bytes(b"no image")
    sources: list[Path | bytes] = [
        films[0],
        text,
        *films[1:4],
        tmp_path / "absent.png",
        films[4].read_bytes(),
    ]
    for reader in (Reader(bundle, threads=1), Reader(bundle, threads=1, keep_pixels=True, keep_header=True)):
        assert [plain(r) for r in reader.read_together(sources)] == [plain(reader.read(s)) for s in sources]


@pytest.mark.parametrize(
    ("owner", "stage"),
    [(Stages, "_prepared"), (Session, "run"), (Stages, "_measure"), (Stages, "_answered")],
)
def test_an_unforeseen_error_at_any_stage_ends_one_file_of_a_batch(
    bundle: Bundle, films: list[Path], monkeypatch: pytest.MonkeyPatch, owner: type, stage: str
) -> None:
    real, calls = getattr(owner, stage), iter([False, True, False])

    def stumble(*arguments: object) -> object:
        if next(calls):
            raise ZeroDivisionError("secret")
        return real(*arguments)

    reader = Reader(bundle, threads=1)
    expected = [plain(reader.read(film)) for film in (films[0], films[2])]
    monkeypatch.setattr(owner, stage, stumble)
    first, second, third = reader.read_together(films[:3])
    assert [plain(first), plain(third)] == expected
    assert (second.status, second.file) == (Status.FAILED, str(films[1]))
    assert [reason.code for reason in second.reasons] == ["unexpected_error"] and second.sha256 is not None


def test_what_is_done_with_a_source_keeps_no_pixels(bundle: Bundle, films: list[Path]) -> None:
    reader, seen = Reader(bundle, threads=1), list[Underway]()
    real = Stages._run

    def run(stages: Stages, each: Underway) -> None:
        seen.append(each)
        real(stages, each)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stages, "_run", run)
        reader.read_together(films[:2])
    assert all(each.opened.radiograph is None and each.prepared.pixels is None for each in seen) and seen


def plain(reading: Reading) -> object:
    shown = None if reading.class_map is None else reading.class_map.tolist()
    return reading.to_json(), shown
