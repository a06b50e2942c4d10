"""Host headers that name a server, so that a name rebound to this machine (DNS rebinding) gets nothing."""

from collections.abc import Callable, Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

Network = IPv4Network | IPv6Network


def host_check(host: str, loopback: bool, names: tuple[str, ...]) -> Callable[[str], bool]:
    """Return a function that says whether a Host header names this server.

    A page of another site can make its own name resolve to this machine (DNS rebinding), so names must be known. It
    cannot do that with a bare address; on loopback only loopback addresses are meant all the same.
    """
    known = {name.lower() for name in (host, *names)} | ({"localhost"} if loopback else set())

    def is_known(header: str) -> bool:
        try:
            name = urlsplit(f"//{header}").hostname or ""
            _ = urlsplit(f"//{header}").port
        except ValueError:
            return False
        if name in known:
            return True
        try:
            address = ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or not loopback

    return is_known


def network_of(address: str) -> str:
    """Return the address by which a client is counted: its own, or of IPv6 the /64, which a customer has as a whole."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed.packed[:8] + bytes(8), 64)))


def networks_of(names: Iterable[str]) -> tuple[Network, ...]:
    """Return the networks that addresses and networks name, such as "10.0.0.5" and "10.0.0.0/24"; "*" is all.

    Of IPv4 also as a socket of IPv6 shows it (::ffff:10.0.0.5).

    Raises
    ------
    ValueError
        A name is neither.
    """
    found: list[Network] = []
    for name in names:
        if name == "*":
            found += [ip_network("0.0.0.0/0"), ip_network("::/0")]
            continue
        network = ip_network(name, strict=False)
        found.append(network)
        if isinstance(network, IPv4Network):
            found.append(ip_network(f"::ffff:{network.network_address}/{96 + network.prefixlen}"))
    return tuple(found)


def is_network(name: str) -> bool:
    """Whether a name is an address, a network, or "*"."""
    try:
        return bool(networks_of([name]))
    except ValueError:
        return False
