from ipaddress import ip_address

import pytest

from neumo.core.hosts import host_check, is_network, network_of, networks_of


def test_names_and_addresses_of_a_server() -> None:
    outward = host_check("0.0.0.0", False, ("Neumo.example",))
    assert outward("neumo.example:443") and outward("192.0.2.7:8000")
    assert not outward("other.example") and not outward("") and not outward("neumo.example:port")
    inward = host_check("127.0.0.1", True, ())
    assert inward("localhost:80") and inward("[::1]:80") and not inward("192.0.2.7")


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_whom_an_address_is_counted_as(address: str, counted: str) -> None:
    assert network_of(address) == counted


@pytest.mark.parametrize(
    ("names", "inside", "outside"),
    [
        (["192.0.2.7"], ["192.0.2.7", "::ffff:192.0.2.7"], ["192.0.2.8", "::ffff:192.0.2.8", "::1"]),
        (["192.0.2.7/24"], ["192.0.2.200", "::ffff:192.0.2.200"], ["192.0.3.1", "::ffff:192.0.3.1"]),
        (["2001:db8::1"], ["2001:db8:0::1"], ["2001:db8::2"]),
        (["*"], ["192.0.2.7", "2001:db8::1"], []),
    ],
)
def test_which_addresses_names_mean(names: list[str], inside: list[str], outside: list[str]) -> None:
    networks = networks_of(names)
    for address in (*inside, *outside):
        assert any(ip_address(address) in network for network in networks) == (address in inside), address


@pytest.mark.parametrize(
    "name", ["proxy.local", "", "192.0.2.7:80", "192.0.2.0/33", "[::1]", "10.0.0.1, 10.0.0.2"]
)
def test_what_is_no_network(name: str) -> None:
    assert not is_network(name)
