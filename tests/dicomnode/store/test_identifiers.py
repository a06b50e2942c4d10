from neumo.dicomnode.store.identifiers import content_digest, reading_key


def test_a_digest_is_of_content_and_transfer_syntax() -> None:
    digest = content_digest("1.2.840.10008.1.2", b"content")
    assert digest == content_digest("1.2.840.10008.1.2", memoryview(b"content"))
    assert digest != content_digest("1.2.840.10008.1.2.1", b"content") != content_digest("", b"content")
    assert len(digest) == 64


def test_a_key_is_of_object_content_and_bundle() -> None:
    keys = {
        reading_key(*parts) for parts in (("1", "a", "b"), ("2", "a", "b"), ("1", "c", "b"), ("1", "a", "d"))
    }
    assert len(keys) == 4 and all(len(key) == 64 for key in keys)
