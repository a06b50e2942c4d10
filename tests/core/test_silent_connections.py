"""Limits on connections that have sent no whole request yet."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from neumo.core.hosts import networks_of
from neumo.core.silent_connections import SilentConnections

ADDRESSES = ["192.0.2.1", "192.0.2.2", "::ffff:192.0.2.1", "2001:db8::1", "2001:db8::2", "2001:db8:1::1"]
CUSTOMERS = {
    "192.0.2.1": "a", "::ffff:192.0.2.1": "a", "192.0.2.2": "b", "2001:db8::1": "c", "2001:db8::2": "c",
    "2001:db8:1::1": "d",
}  # fmt: skip
OF_ADDRESS, TOTAL = 3, 7


@given(st.lists(st.tuples(st.sampled_from(["open", "waits", "begins", "answered", "closed"]),
                          st.integers(0, 20), st.sampled_from(ADDRESSES)), max_size=80))  # fmt: skip
def test_no_address_and_not_all_together_have_more_silent_ones_than_allowed(
    steps: list[tuple[str, int, str]],
) -> None:
    """A model of every order of events: only who is silent is ended, the longest silent first."""
    connections = SilentConnections(OF_ADDRESS, TOTAL)
    states: dict[int, tuple[str, str]] = {}
    ended: list[int] = []
    for step, key, address in steps:
        if step == "open" and key not in states:
            states[key] = ("silent", CUSTOMERS[address])
            connections.opened(key, address, lambda key=key: ended.append(key))  # type: ignore[misc]
        elif key in states and step == "closed":
            connections.closed(key)
            del states[key]
        elif key in states and step != "open":
            states[key] = ({"waits": "silent", "begins": "body", "answered": "answer"}[step], states[key][1])
            getattr(connections, step)(key)
        for gone in ended:
            assert states.pop(gone)[0] == "silent"
        ended.clear()
        silent = Counter(customer for state, customer in states.values() if state == "silent")
        bodies = Counter(customer for state, customer in states.values() if state == "body")
        assert all(silent[c] == 0 or silent[c] + bodies[c] <= OF_ADDRESS for c in silent)
        assert silent.total() <= TOTAL  # of all together, whoever sends a body counts among the requests


def test_the_longest_silent_is_ended_first() -> None:
    ended: list[str] = []
    connections = SilentConnections(2, 9)
    for key in ("first", "second", "third"):
        connections.opened(key, "192.0.2.1", lambda key=key: ended.append(key))  # type: ignore[misc]
        connections.waits("second") if key == "second" else None
    assert ended == ["first"]
    connections.answered("second")
    connections.waits("second")
    connections.opened("fourth", "192.0.2.1", lambda: ended.append("fourth"))
    assert ended == ["first", "third"]
    connections.opened("other", "192.0.2.2", lambda: ended.append("other"))
    assert "other" not in ended


def test_named_proxies_speak_for_many() -> None:
    ended: list[str] = []
    for trusted in (["192.0.2.1"], ["192.0.2.9/24"], ["*"], ["2001:db8::1", "192.0.2.1"]):
        for address in ("192.0.2.1", "::ffff:192.0.2.1"):
            connections = SilentConnections(2, 9, networks_of(trusted))
            for key in range(9):
                connections.opened(key, address, lambda: ended.append("of the proxy"))
            assert not ended
    connections = SilentConnections(2, 9, networks_of(["192.0.2.1"]))
    for key in range(3):
        connections.opened(key, "192.0.2.11", lambda: ended.append("another"))
    assert ended == ["another"]
