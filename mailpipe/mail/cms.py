"""Tells what a CMS message (RFC 5652) is, without opening it: its kind, its algorithms; never fails.

BER is read as far as needed: senders that stream write indefinite lengths, which DER does not have.
"""

from collections.abc import Iterator
from typing import NamedTuple

MAX_ELEMENTS = 100_000  # that are looked at while an element of indefinite length is skipped
MAX_SIGNERS = 20

_KINDS = {
    "1.2.840.113549.1.7.2": "signed",
    "1.2.840.113549.1.7.3": "enveloped",
    "1.2.840.113549.1.9.16.1.23": "auth-enveloped",  # RFC 5083
    "1.2.840.113549.1.9.16.1.9": "compressed",  # RFC 3274
}
_DIGESTS = {
    "1.2.840.113549.2.5": "md5",
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
    "2.16.840.1.101.3.4.2.4": "sha224",
    "2.16.840.1.101.3.4.2.8": "sha3-256",
    "2.16.840.1.101.3.4.2.9": "sha3-384",
    "2.16.840.1.101.3.4.2.10": "sha3-512",
}
STRONG_DIGESTS = frozenset(_DIGESTS.values()) - {"md5", "sha1"}
_CIPHERS = {
    "1.3.14.3.2.7": "des-cbc",
    "1.2.840.113549.3.2": "rc2-cbc",
    "1.2.840.113549.3.7": "des-ede3-cbc",
    "2.16.840.1.101.3.4.1.2": "aes-128-cbc",
    "2.16.840.1.101.3.4.1.22": "aes-192-cbc",
    "2.16.840.1.101.3.4.1.42": "aes-256-cbc",
    "2.16.840.1.101.3.4.1.6": "aes-128-gcm",
    "2.16.840.1.101.3.4.1.26": "aes-192-gcm",
    "2.16.840.1.101.3.4.1.46": "aes-256-gcm",
    "1.2.840.113549.1.9.16.3.18": "chacha20-poly1305",
}
_OID, _SEQUENCE, _SET, _CONTEXT_0 = 0x06, 0x30, 0x31, 0xA0


class Kind(NamedTuple):
    """What a CMS message is: signed, enveloped, auth-enveloped, compressed.

    ``digests`` are those of its signers, ``cipher`` that of its content; an algorithm without a name here is
    its object identifier.  ``detached`` says that the signed content lies elsewhere.
    """

    name: str
    digests: tuple[str, ...] = ()
    cipher: str = ""
    detached: bool = False


class _Element(NamedTuple):
    tag: int
    start: int  # of the content
    end: int  # of the content
    after: int


class _Damaged(ValueError):
    """Raised inside where the octets are no BER."""


def sniff(data: bytes) -> Kind | None:
    """What the octets are; None if they are no CMS message of a kind that mail uses."""
    try:
        return _kind(data)
    except (_Damaged, IndexError):
        return None


def _kind(data: bytes) -> Kind | None:
    outer = _element(data, 0)
    if outer.tag != _SEQUENCE:
        return None
    parts = _children(data, outer)
    name = _KINDS.get(_oid(data, next(parts, outer)))
    explicit = next(parts, None)
    if name is None or explicit is None or explicit.tag != _CONTEXT_0:
        return None
    inner = next(_children(data, explicit), None)
    if inner is None or inner.tag != _SEQUENCE:
        return None
    children = list(_children(data, inner))
    if name == "signed":
        return _signed(data, children)
    sequences = [child for child in children if child.tag == _SEQUENCE]
    if name == "compressed" or not sequences:
        return Kind(name)
    algorithm = list(_children(data, sequences[0]))[1:2]
    return Kind(name, cipher=_algorithm(data, algorithm[0], _CIPHERS) if algorithm else "")


def _signed(data: bytes, children: list[_Element]) -> Kind:
    content = next((child for child in children if child.tag == _SEQUENCE), None)
    detached = content is not None and len(list(_children(data, content))) < 2
    signers = children[-1] if children and children[-1].tag == _SET else None
    digests = []
    for number, signer in enumerate(_children(data, signers) if signers else ()):
        if number >= MAX_SIGNERS:
            break
        # version, signer identifier, digest algorithm (RFC 5652 section 5.3)
        fields = list(_children(data, signer))
        if len(fields) > 2:
            digests.append(_algorithm(data, fields[2], _DIGESTS))
    return Kind("signed", digests=tuple(digests), detached=detached)


def _algorithm(data: bytes, element: _Element, names: dict[str, str]) -> str:
    first = next(_children(data, element), None)
    identifier = _oid(data, first) if first else ""
    return names.get(identifier, identifier)


def _element(data: bytes, position: int) -> _Element:
    """The element at a position, its end found even if it does not say its length."""
    tag, start, length = _head(data, position)
    if length is not None:
        if start + length > len(data):
            raise _Damaged
        return _Element(tag, start, start + length, start + length)
    depth, position = 1, start
    for _ in range(MAX_ELEMENTS):
        inner, begin, size = _head(data, position)
        position = begin + (size or 0)
        if inner == 0 and size == 0:
            depth -= 1
            if depth == 0:
                return _Element(tag, start, position - 2, position)
        elif size is None:
            depth += 1
    raise _Damaged


def _head(data: bytes, position: int) -> tuple[int, int, int | None]:
    """Tag, offset of the content, and its length; None if it is indefinite."""
    tag = data[position]
    if tag & 0x1F == 0x1F:
        raise _Damaged  # CMS has no tags of many octets
    first = data[position + 1]
    if first < 0x80:
        return tag, position + 2, first
    if first == 0x80:
        return tag, position + 2, None
    size = first & 0x7F
    if size > 8:
        raise _Damaged
    return tag, position + 2 + size, int.from_bytes(data[position + 2 : position + 2 + size], "big")


def _children(data: bytes, parent: _Element) -> Iterator[_Element]:
    position = parent.start
    for _ in range(MAX_ELEMENTS):
        if position >= parent.end:
            return
        child = _element(data, position)
        yield child
        position = child.after


def _oid(data: bytes, element: _Element) -> str:
    """The dotted form of an object identifier; "" if the element is none."""
    if element.tag != _OID or not 0 < element.end - element.start <= 32:
        return ""
    numbers: list[int] = []
    value = 0
    for octet in data[element.start : element.end]:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            numbers.append(value)
            value = 0
    if not numbers:
        return ""
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))
