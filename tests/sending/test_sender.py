"""The protocol of each kind of destination: C-STORE or STOW-RS."""

from pathlib import Path

import pytest

from neumo.core.errors import ConfigError
from neumo.sending.destinations import CStoreDestination, StowDestination
from neumo.sending.sender import sender_to


def test_the_kind_of_a_destination_decides_how_to_send(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("secret\n")
    pacs = CStoreDestination(name="a", kind="c-store", ae_title="A", host="127.0.0.1", port=104)
    assert callable(sender_to(pacs, "NEUMO", "send.to"))
    web = StowDestination(name="b", kind="stow-rs", url="http://127.0.0.1:9", password_file=password)
    assert callable(sender_to(web, "NEUMO", "send.to"))
    password.unlink()
    with pytest.raises(ConfigError, match=r"send\.to: password_file"):
        sender_to(web, "NEUMO", "send.to")
