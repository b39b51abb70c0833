"""Folder names, strings and UID sets as IMAP wants them; nothing here can become a command.

Names are Unicode text for us and modified UTF-7 (RFC 3501 section 5.1.3) for the server.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from itertools import pairwise

from mailpipe.errors import ProtocolError, UsageError

SET_LENGTH = 7500  # characters of one set: servers take lines of 8192 octets (RFC 7162 section 4)

_PRINTABLE = re.compile(r"[\x20-\x7e]*")
_SHIFTED = re.compile(rb"&([A-Za-z0-9+,]*)-")
_SETS = re.compile(r"\d{1,10}(?::\d{1,10})?(?:,\d{1,10}(?::\d{1,10})?)*")


def quoted(text: str) -> str:
    """A quoted string; raises UsageError unless all of it is printable ASCII."""
    if not _PRINTABLE.fullmatch(text):
        raise UsageError(f"{text!r} cannot be sent to an IMAP server")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def mailbox(name: str) -> str:
    """A folder's name, ready for a command; raises UsageError for a name that cannot be one."""
    if not name or any(ord(c) < 32 or ord(c) == 127 for c in name):
        raise UsageError(f"{name!r} cannot be the name of a folder")
    return quoted(encode(name))


def encode(name: str) -> str:
    """Modified UTF-7."""
    parts = []
    for run in re.findall(r"[\x20-\x7e]+|[^\x20-\x7e]+", name):
        if _PRINTABLE.fullmatch(run):
            parts.append(run.replace("&", "&-"))
        else:
            octets = run.encode("utf-16-be", "surrogatepass")
            parts.append("&" + b64encode(octets).decode().rstrip("=").replace("/", ",") + "-")
    return "".join(parts)


def decode(name: bytes) -> str:
    """The name behind modified UTF-7; what is not valid stays as it is, for servers send such names."""

    def plain(found: re.Match[bytes]) -> bytes:
        coded = found[1]
        if not coded:
            return b"&"
        try:
            octets = b64decode(coded.replace(b",", b"/") + b"=" * (-len(coded) % 4), validate=True)
            return octets.decode("utf-16-be").encode()
        except ValueError:
            return found[0]

    return _SHIFTED.sub(plain, name).decode("utf-8", "replace")


def ranges(uids: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Ascending numbers as runs without gaps."""
    ordered = sorted(set(uids))
    starts = [0, *(at for at, (a, b) in enumerate(pairwise(ordered), 1) if b != a + 1), len(ordered)]
    for start, end in pairwise(starts):
        if end > start:
            yield ordered[start], ordered[end - 1]


def uid_set(uids: Iterable[int]) -> str:
    """A sequence set of exactly these numbers."""
    return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in ranges(uids))


def uid_sets(uids: Iterable[int]) -> Iterator[str]:
    """Sequence sets that are exactly these numbers together, none longer than a command may be."""
    parts: list[str] = []
    length = 0
    for low, high in ranges(uids):
        part = str(low) if low == high else f"{low}:{high}"
        if parts and length + len(part) > SET_LENGTH:
            yield ",".join(parts)
            parts, length = [], 0
        parts.append(part)
        length += len(part) + 1
    if parts:
        yield ",".join(parts)


def uid_list(text: str) -> list[int]:
    """The numbers of a ``uid-set`` (RFC 4315), in its order; raises ProtocolError."""
    if not _SETS.fullmatch(text):
        raise ProtocolError(f"the server sends no set of UIDs: {text[:80]!r}")
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition(":")
        low, high = sorted((int(first), int(last or first)))  # RFC 4315: 4:2 is 2:4
        if high - low > 1_000_000:
            raise ProtocolError(f"the server sends an endless set of UIDs: {text[:80]!r}")
        found.extend(range(low, high + 1))
    return found
