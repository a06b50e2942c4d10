from neumo.sending.attempts import SENT, Attempt, Fate, worst


def test_the_worst_attempt_decides() -> None:
    busy, unavailable, refused = (Attempt(fate) for fate in (Fate.BUSY, Fate.UNAVAILABLE, Fate.REFUSED))
    assert worst([]) == SENT
    assert worst([SENT, busy]) == busy
    assert worst([SENT, busy, unavailable]) == unavailable
    assert worst([busy, refused, unavailable, SENT]) == refused
