import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neumo.core.names import is_text, printable, shown_path


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"film.png", "film.png"),
        ("tórax.png".encode(), "tórax.png"),
        (b"t\xf3rax.png", "t\\xf3rax.png"),
        (b"t\\xf3rax.png", "t\\x5cxf3rax.png"),
        (b"a\\b.png", "a\\b.png"),
    ],
)
def test_names_are_shown(name: bytes, shown: str) -> None:
    assert shown_path(os.fsdecode(name)) == shown == shown_path(Path(os.fsdecode(name)))
    assert is_text(os.fsdecode(name)) == (b"\xf3" not in name)


@given(st.binary(min_size=1), st.binary(min_size=1))
def test_different_names_are_shown_differently_and_can_be_written(one: bytes, other: bytes) -> None:
    shown = [shown_path(os.fsdecode(name)) for name in (one, other)]
    assert (shown[0] == shown[1]) == (one == other)
    assert all(text.encode() for text in shown)


def test_control_characters_reach_no_terminal() -> None:
    assert printable("a\x1b[31mb\nc\u2028d\x9be") == "a\\x1b[31mb\\nc\\u2028d\\x9be"
    assert printable("Ñandú 肺.png") == "Ñandú 肺.png"


@pytest.mark.parametrize("mark", ["\u202e", "\u2067", "\U000e0041"])
def test_what_turns_or_hides_the_text_behind_it_is_shown(mark: str) -> None:
    """A name may otherwise show "gpj.exe" as "exe.jpg", or the rest of a line from its end."""
    assert printable(f"film{mark}gpj.exe") == "film" + mark.encode("unicode-escape").decode() + "gpj.exe"
    assert printable("\u0641\u06cc\u0644\u0645\u200c\u0647\u0627.png").endswith("\u200c\u0647\u0627.png"), (
        "letters of Persian stay"
    )
