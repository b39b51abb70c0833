"""Tell whether a host is this very host, so that nobody else can listen to a connection with it."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether a host's name or address means this very host; other names are not looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
