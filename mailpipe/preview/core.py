"""preview: rendered messages become one HTML page."""

import re
from collections.abc import Callable, Iterable, Iterator
from email import message_from_bytes
from email.message import Message
from typing import Any, NamedTuple

import pybase64
from jinja2 import Environment, PackageLoader

from mailpipe.exact import dumps
from mailpipe.record import Record, Transform, has_failed
from mailpipe.render.lint import Finding, findings

PAGE = "page"  # the member of the last record: the page itself, where it goes to stdout
_CID = re.compile(r'\b(src|background)="cid:([^"]+)"')


class Shown(NamedTuple):
    """What the page shows of one record; ``error`` alone where it could not be rendered."""

    error: str = ""
    subject: str = ""
    people: tuple[tuple[str, str], ...] = ()
    html: str = ""
    text: str = ""
    data: str = ""
    header: str = ""
    parts: tuple[str, ...] = ()
    size: int = 0
    lint: tuple[Finding, ...] = ()


def preview(
    records: Iterable[Record], render: Transform, show: Callable[[str], str | None]
) -> Iterator[Record]:
    """Yield the records that failed, then the page, unless ``show`` has put it somewhere else."""
    shown = []
    for record in render(records):
        shown.append(described(record))
        if has_failed(record):
            yield record
    page = show(written(shown))
    if page is not None:
        yield {PAGE: page}


def encode(record: Record) -> bytes:
    """The octets of the page; records that failed are told on stderr and in the page."""
    return str(record.get(PAGE, "")).encode("utf-8", "replace") if not has_failed(record) else b""


def described(record: Record) -> Shown:
    """What there is to see of a rendered record."""
    if has_failed(record):
        return Shown(error=str(record["error"].get("detail")))
    raw = pybase64.b64decode(record["raw"])
    message = message_from_bytes(raw)
    return Shown(
        subject=record["subject"],
        people=tuple(_people(record)),
        html=_with_pictures(record["html"], message),
        text=record["text"],
        data=_pretty(record.get("data")),
        header=raw.partition(b"\r\n\r\n")[0].decode("utf-8", "replace").replace("\r\n", "\n"),
        parts=tuple(_parts(message)),
        size=record["size"],
        lint=tuple(findings(record)),
    )


def written(shown: list[Shown]) -> str:
    """The page; every value in it is escaped."""
    environment = Environment(
        loader=PackageLoader("mailpipe.preview", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("page.html").render(messages=shown)


def _people(record: Record) -> Iterator[tuple[str, str]]:
    named = {"from": "From", "to": "To", "cc": "Cc", "bcc": "Bcc", "replyTo": "Reply-To"}
    for key, title in named.items():
        if record.get(key):
            yield (
                title,
                ", ".join(
                    f"{each['name']} <{each['email']}>" if each["name"] else each["email"]
                    for each in record[key]
                ),
            )


def _with_pictures(html: str, message: Message) -> str:
    """The HTML with its inline parts in it: a browser knows no ``cid:`` (RFC 2392)."""
    found: dict[str, str] = {}
    for part in message.walk():
        if part["Content-ID"]:
            octets: Any = part.get_payload(decode=True)
            encoded = pybase64.b64encode(octets).decode()
            found[part["Content-ID"].strip("<> ")] = f"data:{part.get_content_type()};base64,{encoded}"
    return _CID.sub(lambda match: f'{match[1]}="{found.get(match[2], "")}"', html)


def _parts(message: Message, depth: int = 0) -> Iterator[str]:
    name = message.get_filename()
    content: Any = None if message.is_multipart() else message.get_payload(decode=True)
    size = "" if content is None else f", {len(content)} octets"
    yield f"{'  ' * depth}{message.get_content_type()}{f', {name}' if name else ''}{size}"
    if message.is_multipart():
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from _parts(part, depth + 1)


def _pretty(data: Any) -> str:
    from msgspec import json

    return "" if data is None else json.format(dumps(data), indent=2).decode()
