"""Find what lies in a folder under one Message-ID: messages, and provider copies with a pixel of ours."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mailpipe.mail import headers, ids
from mailpipe.sent.canonical import tokens
from mailpipe.wire.imap_fetch import Stream
from mailpipe.wire.imap_link import Link
from mailpipe.wire.imap_names import quoted, uid_set
from mailpipe.wire.imap_search import searched
from mailpipe.wire.imap_syntax import pairs

MAX_SIZE = 64 * 1024 * 1024  # octets; a longer message is left alone
# Exchange gives a message an identifier of its own and keeps the old one here.
FIELDS = ("Message-ID", "X-Microsoft-Original-Message-ID")
_FETCHED = f"BODY.PEEK[HEADER.FIELDS ({' '.join(FIELDS).upper()})]"


@dataclass(frozen=True, slots=True)
class Found:
    """One message; ``tokens`` are those of its pixels that are ours."""

    folder: str
    validity: int
    uid: int
    raw: bytes
    tokens: tuple[str, ...]


def with_id(link: Link, message_id: str) -> set[int]:
    """The messages of the folder with exactly that identifier: SEARCH itself finds every part of one.

    May raise Refused or WorldError.
    """
    session = link.session()
    first, second = (f"HEADER {name} {quoted(message_id)}" for name in FIELDS)
    candidates = searched(session, f"OR {first} {second}")
    found: set[int] = set()
    if not candidates or not message_id:
        return found
    for answer in session.command("UID FETCH", uid_set(candidates), f"(UID {_FETCHED})"):
        if answer.kind != "FETCH" or not answer.values:
            continue
        items = pairs(answer.values[0])
        field = next((value for name, value in items.items() if name.startswith("BODY[HEADER")), None)
        if isinstance(field, bytes) and message_id in _identifiers(field):
            found.add(int(items["UID"]))
    return found


def _identifiers(block: bytes) -> list[str]:
    wanted = {name.lower() for name in FIELDS}
    fields = headers.read(block, 0, len(block)).fields
    return [one for field in fields if field.name.lower() in wanted for one in ids.parse(field.value, [])]


def copies(
    link: Link, folder: str, message_id: str, is_ours: Callable[[str], bool], *, known: Iterable[int] = ()
) -> list[Found]:
    """What is there in a folder, ascending; ``known`` are not read again.  May raise as above."""
    selected = link.enter(folder, read_only=True)
    session = link.session()
    session.command("NOOP")  # what has come since the folder was entered counts too
    uids = sorted(with_id(link, message_id) - set(known))
    stream = Stream(session, [uids] if uids else [], max_size=MAX_SIZE, gone=lambda _uid: None)
    found = []
    for message in stream.messages():
        raw = message.raw or b""
        good = tuple(token for token in tokens(raw) if is_ours(token))
        found.append(Found(folder, selected.uid_validity, message.uid, raw, good))
    return sorted(found, key=lambda one: one.uid)
