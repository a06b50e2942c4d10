import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neumo.core.spreadsheets import guarded, guarded_path, write_row


def written(*cells: object) -> str:
    stream = io.StringIO(newline="")
    write_row(stream, cells)
    return stream.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@given(
    st.lists(
        st.sampled_from(
            ["a;=1+1", "b\t=1", "c,=1", '";=1', 'i;"=1"', "=d", "\uff1de", "f\n=1", "g\r=1", "h", "; @k"]
        ),
        min_size=1,
    )
)
def test_no_cell_begins_a_formula_whatever_separates_cells_in_a_country(
    delimiter: str, cells: list[str]
) -> None:
    """Spreadsheets take a semicolon for the separator where decimals have a comma, as in Spanish."""
    for row in csv.reader(io.StringIO(written(*cells), newline=""), delimiter=delimiter):
        for cell in row:
            assert not cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d")), row


@pytest.mark.parametrize(
    "text", ["film.png", "a;b", 'c"d', "no effusion, -", "1 - 2 = -1", "a@b.org", "two\nlines"]
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    (row,) = csv.reader(io.StringIO(written(text, 0.5, None, True), newline=""))
    assert row == [text, "0.5", "", "True"]


def test_paths_are_guarded_and_still_name_their_file() -> None:
    assert [guarded_path(path) for path in ("=1.png", "a/=1.png", "-x")] == ["./=1.png", "a/=1.png", "./-x"]
    assert guarded("=1") == "'=1"
