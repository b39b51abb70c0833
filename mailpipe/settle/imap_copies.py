"""Recognise copies that an earlier run has made: by their UID, else by the digest of their octets."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace

from mailpipe.errors import NoInputError
from mailpipe.settle.decide import Intent
from mailpipe.wire.imap import Session
from mailpipe.wire.imap_fetch import Stream
from mailpipe.wire.imap_link import Link
from mailpipe.wire.imap_search import searched
from mailpipe.wire.placements import Placement


def find_copies(link: Link, rows: Iterable[Placement], intents: Mapping[int, Intent]) -> dict[int, Placement]:
    """The placements, by UID, whose copy exists, each with the UID of the copy.

    ``intents`` tell size and digest of messages whose copy was never confirmed.  The session may
    be in another folder afterwards.  May raise Refused or WorldError.
    """
    by_folder: dict[str, list[Placement]] = {}
    found: dict[int, Placement] = {}
    for row in rows:
        if row.copy == 0:  # confirmed by a server that tells no UIDs
            found[row.uid] = row
        else:
            by_folder.setdefault(row.folder, []).append(row)
    for folder, there in by_folder.items():
        found |= _in_folder(link, folder, there, intents)
    return found


def _in_folder(
    link: Link, folder: str, rows: list[Placement], intents: Mapping[int, Intent]
) -> dict[int, Placement]:
    try:
        selected = link.enter(folder, read_only=True)
    except NoInputError:
        return {}  # with the folder, its copies are gone
    session = link.session()
    found: dict[int, Placement] = {}
    taken: set[int] = set()
    for row in rows:
        same = row.folder_validity == selected.uid_validity
        if row.copy is not None and same and row.copy in searched(session, f"UID {row.copy}"):
            found[row.uid] = row
            taken.add(row.copy)
    for row in rows:
        intent = intents.get(row.uid)
        if row.uid in found or intent is None or intent.digest is None or intent.size is None:
            continue
        first = row.folder_next if row.folder_validity == selected.uid_validity else 1
        copy = _like(session, intent.digest, intent.size, first, taken)
        if copy is not None:
            taken.add(copy)
            found[row.uid] = replace(row, copy=copy, folder_validity=selected.uid_validity)
    return found


def _like(session: Session, digest: str, size: int, first: int, taken: set[int]) -> int | None:
    """The UID, ``first`` or higher, of a message with that digest, which is no other's copy."""
    keys = f"UID {first}:* SMALLER {size + 1}" + (f" LARGER {size - 1}" if size else "")
    # When there is nothing from n on, n:* means the last message (RFC 3501 section 6.4.8).
    candidates = sorted(uid for uid in searched(session, keys) if uid >= first and uid not in taken)
    stream = Stream(session, [candidates] if candidates else [], max_size=size, gone=lambda _uid: None)
    like = [message.uid for message in stream.messages() if _digest(message.raw) == digest]
    return min(like, default=None)


def _digest(raw: bytes | None) -> str:
    return "" if raw is None else "sha256:" + hashlib.sha256(raw).hexdigest()
