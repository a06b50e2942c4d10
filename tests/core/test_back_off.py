from neumo.core.back_off import back_off


def test_waits_double_up_to_the_longest() -> None:
    for failures, whole in ((1, 5), (2, 10), (4, 40), (9, 900), (10_000, 900)):
        assert 0.75 * whole <= back_off(failures, 5, 900) <= whole


def test_without_jitter_waits_are_exact() -> None:
    assert [back_off(failures, 5, 900, jitter=0) for failures in (0, 1, 2, 3, 99)] == [5, 5, 10, 20, 900]
