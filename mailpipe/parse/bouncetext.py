"""Reads bounces that are plain text, from servers that do not write RFC 3464: addresses and what is said."""

import re
from typing import NamedTuple

MAX_TEXT = 64 * 1024  # characters
MAX_LINE = 1000
MAX_RECIPIENTS = 1000

# Where the returned message begins; what it says is not the server's.
_RETURNED = re.compile(
    "|".join(
        (
            r"copy of (?:the|your) (?:original )?message|returned message|unsent message follows",
            r"original (?:message|mail)\b(?! (?:was|has|could|is:))|below this line|end of message",
            r"(?:message|mail) (?:headers?|text) follow|headers? of the original|^-{3,} ?message header",
            r"^(?:received|return-path|x-received): ",
        )
    ),
    re.IGNORECASE,
)
_ADDR = r"[^\s<>()\[\]\",;:]{1,320}@[A-Za-z0-9.-]{1,255}[A-Za-z0-9]"
_ALONE = re.compile(rf"[\s*|>•-]{{0,20}}(?:to:\s*)?<?({_ADDR})>?(?:\s*<mailto:[^>]*>)?(?=[\s:;,.(]|$)")
_SESSION = re.compile(rf"(?:rcpt to:\s?|\b[45]\d\d[ -](?:[45]\.\d+\.\d+ )?)<({_ADDR})>", re.IGNORECASE)
_ANSWER = re.compile(r"\b[45]\d\d[ -][^<\n]{0,20}<")
_WORDS = r"to|recipients?|user|mailbox|address(?:es)?|full|in|for|attempts|gateway for"
_NAMED = re.compile(rf"\b(?:{_WORDS})\b[\s:'\"(<=*]{{1,6}}({_ADDR})", re.IGNORECASE)
_ANY = re.compile(rf"({_ADDR})")
_SENDER = re.compile(rf"mail from:\s?<?({_ADDR})", re.IGNORECASE)


class Mention(NamedTuple):
    """An address that a bounce is about, and the text from there to the next one."""

    address: str
    said: str


def notice(text: str) -> str:
    """What the server says, without the message that it returns."""
    lines = text[:MAX_TEXT].split("\n")
    for number, line in enumerate(lines):
        if _RETURNED.search(line[:200]) and any(part.strip() for part in lines[:number]):
            return "\n".join(lines[:number])
    return "\n".join(lines)


def read(text: str, ignored: frozenset[str]) -> list[Mention]:
    """The recipients that a notice is about; ``ignored`` has addresses, in lower case, that are not."""
    lines = [line[:MAX_LINE] for line in text.split("\n")]
    ignored = ignored | {match[1].lower() for line in lines for match in _SENDER.finditer(line)}
    for pattern in (_ALONE, _SESSION, _NAMED, _ANY):
        places: dict[str, tuple[str, int]] = {}
        for number, line in enumerate(lines):
            if "@" not in line:
                continue
            found = [pattern.match(line)] if pattern is _ALONE else pattern.finditer(line)
            for match in found:
                if match and match[1].lower() not in ignored and len(places) < MAX_RECIPIENTS:
                    places.setdefault(match[1].lower(), (match[1], number))
        if places:
            mentions = _with_text(lines, list(places.values()))
            return [_answered(mention, lines) for mention in mentions] if pattern is _SESSION else mentions
    return []


def _answered(mention: Mention, lines: list[str]) -> Mention:
    """With only the answers that name the address, where a transcript has them; others are around them."""
    own = [line for line in lines if mention.address in line and _ANSWER.search(line)]
    return Mention(mention.address, "\n".join(own)) if own else mention


def _with_text(lines: list[str], places: list[tuple[str, int]]) -> list[Mention]:
    ends = [*(number for _, number in places[1:]), len(lines)]
    return [
        Mention(address, "\n".join(lines[number : max(end, number + 1)]))
        for (address, number), end in zip(places, ends, strict=True)
    ]
