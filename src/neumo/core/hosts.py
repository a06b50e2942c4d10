"""Which Host headers name a server, so that a name rebound to this machine (DNS rebinding) gets nothing."""

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit


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
    """Return whom an address is counted as: itself, or of IPv6 its /64, which one customer is given as a whole."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed.packed[:8] + bytes(8), 64)))
