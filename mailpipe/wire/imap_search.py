"""Find messages in a folder of any size: UIDs in ascending order, window by window.

One SEARCH over a million messages answers with a line of ten megabytes; a window of sequence
numbers keeps lines short and lets the first message out at once.
"""

from collections.abc import Iterator
from datetime import date

from mailpipe.wire.imap import Session
from mailpipe.wire.imap_message import MONTHS

WINDOW = 10_000  # messages


def criteria(*, unseen: bool, since: date | None) -> str:
    """Search keys; what somebody has flagged as deleted is never wanted."""
    keys = ["UNDELETED"]
    if unseen:
        keys.append("UNSEEN")
    if since is not None:
        keys.append(f"SINCE {since.day}-{MONTHS[since.month - 1]}-{since.year}")  # RFC 3501 section 9, date
    return " ".join(keys)


def windows(session: Session, keys: str, *, after: int = 0, window: int = WINDOW) -> Iterator[list[int]]:
    """UIDs above ``after`` that match, ascending, one list for each window of the folder as it is now.

    Other clients may expunge meanwhile, which renumbers what follows; the next window then starts
    as much earlier.  No UID comes twice.
    """
    first, end = 1, session.exists
    last_uid = after

    def expunged(number: int) -> None:
        nonlocal first, end
        end -= 1
        if number < first:
            first -= 1

    session.on_expunge = expunged
    while first <= min(end, session.exists):
        start, stop = first, min(first + window - 1, session.exists)
        first = stop + 1
        fresh = sorted(uid for uid in searched(session, f"{start}:{stop} {keys}") if uid > last_uid)
        if fresh:
            last_uid = fresh[-1]
            yield fresh


def searched(session: Session, keys: str) -> set[int]:
    """The UIDs that match; for searches whose result is known to be small.  May raise Refused."""
    return {
        int(value)
        for answer in session.command("UID SEARCH", keys)
        if answer.kind == "SEARCH"
        for value in answer.values
        if str(value).isdigit()
    }
