from pathlib import Path

from tests.support.reading_samples import read

from neumo.results.overlays import overlay_of, shown_pixels, write_overlay


def test_overlays_show_the_heat_and_never_leave_their_folder(tmp_path: Path) -> None:
    picture = overlay_of(read(), shown_pixels(read()))
    assert picture is not None and picture.shape == (90, 80, 3)
    assert (picture[5, 5] != picture[5, 5, 0]).any(), "colour where the map is hot"
    assert overlay_of(read(class_map=None), shown_pixels(read())) is None
    written = write_overlay(read("../../etc/pass wd.png"), tmp_path / "maps", 7)
    assert written is not None and Path(written).parent == tmp_path / "maps"
    assert Path(written).name == "00007-pass_wd.png" and Path(written).stat().st_size > 100
