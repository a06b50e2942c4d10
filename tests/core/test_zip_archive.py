import io
import zipfile
from contextlib import closing

import pytest

from neumo.core.errors import UnsafeArchiveError
from neumo.core.zip_archive import UnpackLimits, ZipMembers, open_zip

CONTENT = bytes(range(256)) * 4096 * 3


def members(limits: UnpackLimits) -> ZipMembers:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in ("a.png", "b.png"):
            archive.writestr(name, CONTENT)
    return ZipMembers("films.zip", open_zip("films.zip", stream, limits), len(stream.getvalue()), limits)


def test_what_was_given_up_half_way_can_be_unpacked_again_and_does_not_count_twice() -> None:
    packed = members(UnpackLimits(total_bytes=2 * len(CONTENT)))
    first, second = packed.infos
    for _ in range(5):
        with closing(packed.parts(first)) as parts:
            assert next(parts)
    assert b"".join(packed.parts(first)) == b"".join(packed.parts(second)) == CONTENT
    with pytest.raises(UnsafeArchiveError):
        list(packed.parts(first))
