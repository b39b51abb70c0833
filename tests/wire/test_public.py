"""Tests of telling public addresses from others."""

import pytest

from mailpipe.wire.public import is_public

INSIDE = """
127.0.0.1 127.1.2.3 0.0.0.0 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1
192.0.0.8 192.0.2.1 198.18.0.1 198.51.100.7 203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
:: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:7f00:1 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b::169.254.169.254
64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:7f00:1:: 3fff::1 fc00::1 fd00::1 fe80::1 fe80::1%eth0 fec0::1
ff02::1 5f00::1 localhost 2130706433 0x7f000001 127.1
"""
OUTSIDE = """
1.1.1.1 8.8.8.8 172.32.0.1 100.128.0.1 192.0.1.1 2606:4700::1111 ::ffff:8.8.8.8 64:ff9b::808:808
"""


def words(text: str) -> list[str]:
    return text.split()


@pytest.mark.parametrize("address", words(INSIDE))
def test_an_address_of_ours_or_of_nobody_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", words(OUTSIDE))
def test_an_address_of_anybody_is_public(address: str) -> None:
    assert is_public(address)
