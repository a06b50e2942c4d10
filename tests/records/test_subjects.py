from neumo.records.subjects import patient_hash, subject_of


def test_hashes_tell_the_same_apart_from_the_other() -> None:
    key, other = b"k" * 32, b"o" * 32
    subject = subject_of(key, sop_instance_uid="1.2", patient_id=" 4711 ", study_instance_uid="1.2")
    assert subject.patient_hash == patient_hash(key, "4711") != patient_hash(other, "4711")
    assert subject.study_hash != subject.keyed_hash and subject.series_hash is None
    assert subject_of(key, sop_instance_uid="1.2", patient_id=" ").patient_hash is None
