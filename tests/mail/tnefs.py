"""Writes winmail.dat streams (MS-OXTNEF) for the tests."""

import struct


def attribute(name: int, data: bytes, level: int = 2) -> bytes:
    return struct.pack("<BII", level, name, len(data)) + data + struct.pack("<H", sum(data) % 65536)


def properties(*found: tuple[int, int, bytes]) -> bytes:
    """MAPI properties of (kind, number, octets)."""
    out = struct.pack("<I", len(found))
    for kind, number, data in found:
        out += struct.pack("<HH", kind, number)
        if kind in (0x1E, 0x1F, 0x0D, 0x102):
            out += struct.pack("<II", 1, len(data)) + data + bytes(-len(data) % 4)
        else:
            out += data
    return out


def stream(*attributes: bytes) -> bytes:
    head = attribute(0x89006, struct.pack("<I", 0x10000), 1) + attribute(
        0x69007, struct.pack("<II", 1252, 0), 1
    )
    return b"\x78\x9f\x3e\x22\x01\x00" + head + b"".join(attributes)


def file(name: str, data: bytes, *more: tuple[int, int, bytes]) -> bytes:
    """One attachment with a short and a long name."""
    named = properties((0x1F, 0x3707, name.encode("utf-16-le") + b"\0\0"), *more)
    return (
        attribute(0x69002, bytes(14))
        + attribute(0x18010, b"SHORT~1.BIN\0")
        + attribute(0x6800F, data)
        + attribute(0x69005, named)
    )


def body(text: str) -> bytes:
    return attribute(0x69003, properties((0x1F, 0x1000, text.encode("utf-16-le") + b"\0\0")), 1)
