"""Finds what readers, filters or mail programs will stumble over in a finished message; changes nothing."""

import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urlsplit

import pybase64
from bs4 import BeautifulSoup, Tag

from mailpipe.errors import RecordError
from mailpipe.mail import mailbox
from mailpipe.record import Record, has_failed

CLIPPED = 102 * 1024  # octets of HTML from which on Gmail shows only the beginning
LARGE = 10 * 1024 * 1024  # octets of a message that some servers refuse
LINE = 998  # octets, RFC 5322 section 2.1.1
SUBJECT = 100  # characters
MAX_FOUND = 100  # findings of one message
# What the large mailbox providers do not let pass.
_BLOCKED = frozenset(
    {
        *("ade", "adp", "apk", "appx", "bat", "cab", "chm", "cmd", "com", "cpl", "dll", "dmg", "exe", "hta"),
        *("ins", "iso", "jar", "js", "jse", "lib", "lnk", "msc", "msi", "nsh", "ps1", "reg", "scr", "sct"),
        *("shb", "sys", "vb", "vbe", "vbs", "vxd", "wsc", "wsf", "wsh"),
    }
)
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+", re.I)
_LOOKS_LIKE_URL = re.compile(r"(?:https?://|www\.)([^/\s?#:]+)", re.I)
_LEFTOVER = re.compile(r"\{\{|\}\}|\{%|%7B%7B|\b(?:undefined|None|NaN)\b", re.I)

Finding = dict[str, str]


def findings(record: Record) -> list[Finding]:
    """What was found in a rendered record: ``{type, detail}`` each; ``type`` is a stable name."""
    found: list[Finding] = []
    for kind, detail in _all(record):
        finding = {"type": kind, "detail": detail}
        if finding not in found and len(found) < MAX_FOUND:
            found.append(finding)
    return found


def _all(record: Record) -> Iterator[tuple[str, str]]:
    yield from _people(record)
    yield from _subject(str(record.get("subject") or ""))
    yield from _sizes(record)
    soup = BeautifulSoup(record["html"], "lxml")
    yield from _text(record["text"], soup)
    yield from _links(soup)
    yield from _pictures(soup)
    for attachment in record.get("attachments", ()):
        ending = str(attachment["name"]).rpartition(".")[2].lower()
        if ending in _BLOCKED:
            yield (
                "attachment-blocked",
                f"{attachment['name']}: many servers refuse files that run (.{ending})",
            )
    yield from _unsubscription(record)


def _people(record: Record) -> Iterator[tuple[str, str]]:
    for key in ("from", "to", "cc", "replyTo"):
        for box in record.get(key, ()):
            if "@" in (box["name"] or ""):
                yield (
                    "name-with-address",
                    f"{key}: the name {box['name']!r} looks like an address other than {box['email']}",
                )


def _subject(subject: str) -> Iterator[tuple[str, str]]:
    if not subject:
        yield "subject-missing", "the subject is empty"
    elif len(subject) > SUBJECT:
        yield "subject-long", f"the subject has {len(subject)} characters, phones show about 40"


def _sizes(record: Record) -> Iterator[tuple[str, str]]:
    size = len(record["html"].encode())
    if size > CLIPPED:
        yield "html-large", f"the HTML has {size} octets, Gmail clips what is over {CLIPPED}"
    if record["size"] > LARGE:
        yield "message-large", f"the message has {record['size']} octets, some servers refuse over {LARGE}"
    for key in ("text", "html"):
        longest = max(map(len, record[key].encode().split(b"\n")))
        if longest > LINE:
            yield "line-long", f"a line of the {key} has {longest} octets, servers may cut it after {LINE}"


def _text(text: str, soup: BeautifulSoup) -> Iterator[tuple[str, str]]:
    if not text.strip():
        shown = "only pictures" if soup.find("img") else "nothing"
        yield "text-missing", f"the text part is empty, the HTML shows {shown}: filters take that for spam"


def _links(soup: BeautifulSoup) -> Iterator[tuple[str, str]]:
    anchors = {str(tag.get(key)) for tag in _tags(soup, True) for key in ("id", "name") if tag.get(key)}
    for tag in _tags(soup, "a"):
        href = str(tag.get("href") or "").strip()
        if href.startswith("#"):
            if href[1:] not in anchors:
                yield "anchor-undefined", f"the link {href[:80]!r} leads to no place in the message"
        elif "href" in tag.attrs:
            yield from _link(href, tag.get_text(" ", strip=True))


def _link(href: str, text: str) -> Iterator[tuple[str, str]]:
    problem = broken(href)
    if problem:
        yield "link-broken", f"the link {href[:80]!r} {problem}"
        return
    if not text:
        yield "link-empty", f"the link {href[:80]!r} has nothing to click on"
    if href[:5].lower() == "http:":
        yield "link-insecure", f"the link {href[:80]!r} is not https"
    match = _LOOKS_LIKE_URL.match(text)
    host = urlsplit(href).hostname
    if match and host and match[1].lower().removeprefix("www.") != host.removeprefix("www."):
        yield (
            "link-deceptive",
            f"the link says {text[:60]!r} and leads to {host[:60]!r}: filters take it for fraud",
        )


def broken(href: str) -> str:
    """Why nobody can follow a link, as far as that is seen without the network; empty if it is fine."""
    if not href:
        return "leads nowhere"
    if _LEFTOVER.search(href):
        return "has something unfilled in it"
    try:
        parts = urlsplit(href)
        host = parts.hostname or ""
        _port = parts.port
    except ValueError as exc:
        return f"is not a URL ({exc})"
    if parts.scheme == "mailto":
        return _unmailable(parts.path)
    if parts.scheme == "tel":
        return "" if re.fullmatch(r"\+?[0-9().\s-]{3,}(?:;.*)?", parts.path) else "has no telephone number"
    if parts.scheme in ("http", "https") and not _HOST.fullmatch(host):
        return f"has {host[:60]!r} as its host, which only your own network may know"
    return ""


def _unmailable(path: str) -> str:
    from urllib.parse import unquote

    try:
        for each in unquote(path).split(","):
            mailbox.address(each.strip())
    except RecordError as exc:
        return f"is to nobody: {exc.detail}"
    return ""


def _pictures(soup: BeautifulSoup) -> Iterator[tuple[str, str]]:
    for tag in _tags(soup, "img"):
        source = str(tag.get("src") or "")
        if not str(tag.get("alt") or "").strip() and tag.get("role") != "presentation":
            yield "alt-missing", f"the picture {source[:80]!r} has no alt text; most people see that first"
        if source[:4].lower() == "http":
            yield "picture-remote", f"the picture {source[:80]!r} is loaded from a server, which many block"


def _tags(soup: BeautifulSoup, name: str | bool) -> Iterable[Tag]:
    return (tag for tag in soup.find_all(name) if isinstance(tag, Tag))


def _unsubscription(record: Record) -> Iterator[tuple[str, str]]:
    """RFC 8058 section 3: one click needs an https URL, and a signature, which is the server's business."""
    raw = pybase64.b64decode(record["raw"])
    head = (
        raw.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").decode("utf-8", "replace").lower().split("\r\n")
    )
    fields = {name: value.strip() for name, _, value in (line.partition(":") for line in head)}
    if "list-unsubscribe-post" in fields and "<https:" not in fields.get("list-unsubscribe", ""):
        yield "unsubscribe-incomplete", "List-Unsubscribe-Post needs a List-Unsubscribe with an https URL"


def linted(records: Iterable[Record], say: Callable[[str], None]) -> Iterator[Record]:
    """Yield each message with its findings in ``lint``; ``say`` is told each of them for people."""
    for number, record in enumerate(records, 1):
        if has_failed(record):
            yield record
            continue
        found = findings(record)
        for each in found:
            say(f"record {number}: {each['type']}: {each['detail']}")
        yield {**record, "lint": found}
