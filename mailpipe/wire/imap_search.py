"""Find messages in a folder of any size: UIDs in ascending order, window by window.

One SEARCH over a million messages answers with a line of ten megabytes; a window of sequence
numbers keeps lines short and lets the first message out at once.
"""

import re
from collections.abc import Iterator, Sequence

from mailpipe.errors import UsageError
from mailpipe.mail.stored import Wanted
from mailpipe.wire.imap import Session
from mailpipe.wire.imap_message import MONTHS
from mailpipe.wire.imap_names import quoted

WINDOW = 10_000  # messages


def criteria(wanted: Wanted) -> list[str | bytes]:
    """Search keys as the parts of a command; what somebody has flagged as deleted is never wanted.

    Raises UsageError.
    """
    keys: list[str | bytes] = ["UNDELETED"]
    if wanted.unseen:
        keys.append("UNSEEN")
    if wanted.since is not None:
        day = wanted.since
        keys.append(f"SINCE {day.day}-{MONTHS[day.month - 1]}-{day.year}")  # RFC 3501 section 9, date
    for name, text in wanted.headers:
        keys += [f"HEADER {quoted(name)}", text.encode() if not text.isascii() else quoted(text)]
    if wanted.search is not None:
        keys.append(f"({checked(wanted.search)})")
    return keys


def checked(search: str) -> str:
    """A search key that a person wrote; it can neither end its parentheses nor begin a literal.

    Raises UsageError.
    """
    depth = 0
    for token in re.finditer(r'"(?:[^"\\]|\\["\\])*"|(.)', search, re.DOTALL):
        sign = token[1]
        depth += {"(": 1, ")": -1}.get(sign, 0) if sign else 0
        if depth < 0 or (sign is not None and (sign in '"{}' or not " " <= sign <= "~")):
            raise UsageError(f"{search!r} is no IMAP search key", hint="see RFC 3501 section 6.4.4")
    if depth or not search.strip():
        raise UsageError(f"{search!r} is no IMAP search key", hint="see RFC 3501 section 6.4.4")
    return search.strip()


def windows(
    session: Session, keys: Sequence[str | bytes], *, after: int = 0, window: int = WINDOW
) -> Iterator[list[int]]:
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
        fresh = sorted(uid for uid in searched(session, f"{start}:{stop}", *keys) if uid > last_uid)
        if fresh:
            last_uid = fresh[-1]
            yield fresh


def searched(session: Session, *keys: str | bytes) -> set[int]:
    """The UIDs that match; for searches whose result is known to be small.  May raise Refused.

    Octets among the keys are UTF-8.
    """
    charset = ["CHARSET UTF-8"] if any(isinstance(key, bytes) for key in keys) else []
    return {
        int(value)
        for answer in session.command("UID SEARCH", *charset, *keys)
        if answer.kind == "SEARCH"
        for value in answer.values
        if str(value).isdigit()
    }
