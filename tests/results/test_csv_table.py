import csv
import io

from tests.support.reading_samples import read, refused

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
