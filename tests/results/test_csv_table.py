import csv
import io

import pytest
from tests.support.reading_samples import read, refused

from neumo.core.reading import Notice, Reading, Status
from neumo.results.csv_table import COLUMNS, write_header, write_row


def test_csv_rows_have_every_column() -> None:
    stream = io.StringIO()
    write_header(stream)
    write_row(stream, read())
    write_row(stream, refused())
    stream.seek(0)
    first, second = csv.DictReader(stream)
    assert tuple(first) == COLUMNS and None not in first.values() and None not in second
    assert (first["p_VIRAL_PNEUMONIA"], first["pneumonia"], first["ppv"]) == ("0.500000", "yes", "0.3100")
    assert (first["ppv_low"], first["npv_high"], first["measured_on"]) == ("0.2500", "0.9900", "set, test")
    assert first["prevalence"] == "", "none was stated"
    assert second["finding"] == "" and second["reasons"] == "blank: This is no chest."


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        *((name, f"'{name}") for name in ("=1+1.png", "+1.png", "-a.png", "@b.png", "\tc.png", "\uff1d1")),
        ("\rd.png", "'\nd.png"),
        ("=a\r=b", "'=a\n'=b"),
        ("\n=1", "'\n'=1"),
        ("a;=1", "a;'=1"),
    ],
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(name: str, cell: str) -> None:
    stream = io.StringIO(newline="")
    write_row(stream, Reading(name, None, Status.FAILED, reasons=(Notice("x", "=cmd"),)))
    (row,) = csv.reader(io.StringIO(stream.getvalue(), newline=""))
    assert row[0] == cell
