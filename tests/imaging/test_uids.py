import pytest

from neumo.imaging.dicom.uids import is_uid


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("1.2.840", True),
        ("1.02", True),
        ("1" * 64, True),
        ("1" * 65, False),
        ("", False),
        ("1..2", False),
        (".1", False),
        ("../x", False),
        ("1.2\n", False),
        ("١.٢", False),
    ],
)
def test_only_digits_and_dots_are_uids(text: str, fine: bool) -> None:
    assert is_uid(text) is fine
