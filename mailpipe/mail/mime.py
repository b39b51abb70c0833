"""A message to a tree of parts with byte offsets: iterative, linear, with limits, never failing.

Nothing is decoded here but header blocks; a part knows where it lies in its buffer, so the raw octets
that a signature covers can be had again, and a body is decoded when somebody asks for it.
"""

import re
from typing import NamedTuple

from mailpipe.mail import boundaries, headers, limits, parameters, transfer

_HTML = re.compile(rb"\s*(?:<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>])", re.IGNORECASE)
_TYPE = re.compile(r"[^\s/;]+/[^\s/;]+$")
_BOM = b"\xef\xbb\xbf"
_NAMES = frozenset({"content-type", "content-disposition", "content-transfer-encoding", "content-id"})


class Part:
    """One MIME part (RFC 2046): where it lies, its fields, its parts if it is a multipart.

    ``buffer[start:body]`` is the header block with its empty line, ``buffer[body:end]`` the body as sent.
    ``id`` numbers leaves and multiparts as IMAP does ("1.2", RFC 9051 section 6.4.5); the root is "".
    """

    __slots__ = (
        "body",
        "buffer",
        "cid",
        "defects",
        "disposition",
        "encoding",
        "end",
        "fields",
        "filename",
        "hollow",
        "id",
        "name",
        "names",
        "parameters",
        "parent",
        "parts",
        "start",
        "type",
    )

    def __init__(self, buffer: bytes, start: int, end: int, parent: "Part | None", number: str) -> None:
        self.buffer = buffer
        self.start = start
        self.end = end
        self.parent = parent
        self.id = number
        self.parts: list[Part] = []
        self.hollow = False  # it calls itself a multipart, but has no parts
        block = headers.read(buffer, start, end)
        self.fields = block.fields
        self.body = block.body
        self.defects = block.defects
        self.parameters: dict[str, str] = {}
        self.type = "text/plain"
        if parent is not None and parent.type == "multipart/digest":
            self.type = "message/rfc822"  # RFC 2046 section 5.1.5
        self._describe()

    def _describe(self) -> None:
        content: dict[str, str] = {}
        for name, value in self.fields:
            key = name.lower()
            if key in _NAMES:
                if key not in content:
                    content[key] = value
                elif content[key] != value:
                    self.defects.append("duplicate-header")
        self._read_type(content.get("content-type"))
        self.encoding, wrong = "7bit", ()  # type: str, tuple[str, ...]
        if "content-transfer-encoding" in content:
            self.encoding, wrong = transfer.name(content["content-transfer-encoding"])
        self.defects.extend(wrong)
        self.disposition: str | None = None
        self.filename: str | None = None  # only what Content-Disposition says
        if "content-disposition" in content:
            field = parameters.parse(content["content-disposition"])
            self.disposition = field.value or None
            self.defects.extend(field.defects)
            self.filename = field.parameters.get("filename") or field.parameters.get("name") or None
        named = self.parameters.get("name")
        self.name = self.filename or named or None
        self.names = [name for name in (self.filename, named) if name]
        if self.filename and named and self.filename != named:
            self.defects.append("attachment-names-differ")
        self.cid = content["content-id"].strip("<> \t") or None if "content-id" in content else None

    def _read_type(self, value: str | None) -> None:
        if value is None:
            return
        field = parameters.parse(value)
        self.parameters = field.parameters
        self.defects.extend(field.defects)
        if _TYPE.match(field.value):
            self.type = field.value
        elif field.value in ("text", "html", "plain"):
            self.type = "text/html" if field.value == "html" else "text/plain"
        elif field.value or not field.parameters:
            self.defects.append("content-type-invalid")

    def is_multipart(self) -> bool:
        """Whether the part has parts; a multipart in which none was found is a text part."""
        return bool(self.parts)

    def raw(self) -> bytes:
        """The octets of the part as sent, header block included."""
        return self.buffer[self.start : self.end]

    def content(self) -> tuple[bytes, tuple[str, ...]]:
        """The octets that the body stands for, and the defects of its transfer encoding."""
        if self.encoding == "base64":
            return transfer.base64_at(self.buffer, self.body, self.end)
        return transfer.decode(self.buffer[self.body : self.end], self.encoding)


class Message(NamedTuple):
    """The root part and the defects of the tree as a whole (slugs); parts have their own."""

    root: Part
    defects: list[str]

    def walk(self) -> list[Part]:
        """Every part, the root first, in the order in which they lie in the message."""
        out: list[Part] = []
        todo = [self.root]
        while todo:
            part = todo.pop()
            out.append(part)
            todo.extend(reversed(part.parts))
        return out


def read(raw: bytes) -> Message:
    """Read a message from its octets; never fails, whatever they are."""
    defects: list[str] = []
    if b"\n" not in raw and b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")  # offsets stay what they are
        defects.append("line-ends-cr")
    root = Part(raw, _start(raw, defects), len(raw), None, "")
    count = 1
    todo = [(root, 1)]
    while todo:
        part, depth = todo.pop()
        if not part.type.startswith("multipart/"):
            continue
        if depth > limits.DEPTH:
            part.defects.append("limit:depth")
            continue
        count = _open(part, count)
        todo.extend((child, depth + 1) for child in reversed(part.parts))
    return Message(root, defects)


def _start(raw: bytes, defects: list[str]) -> int:
    """Where the header block starts: behind a byte order mark, empty lines and an mbox ``From `` line."""
    start = 0
    if raw.startswith(_BOM):
        start = len(_BOM)
        defects.append("byte-order-mark")
    blank = start
    while raw[blank : blank + 1] in (b"\r", b"\n") and blank < len(raw):
        blank += 1
    if blank > start and headers.starts_block(raw, blank):
        start = blank
        defects.append("leading-empty-lines")
    from_line = headers.FROM_LINE.match(raw, start)
    if from_line is not None:
        start = from_line.end()
        defects.append("mbox-from-line")
    return start


def _open(part: Part, count: int) -> int:
    """Find the parts of a multipart; returns the number of parts so far, bounded by ``limits.PARTS``."""
    if part.encoding in ("base64", "quoted-printable", "uuencode"):
        _decode_whole(part)
    found = boundaries.split(part.buffer, part.body, part.end, part.parameters.get("boundary", ""))
    part.defects.extend(found.defects)
    if not found.regions:
        # What looks like a preamble is all that there is to read.
        part.end = found.preamble
        part.hollow = True
        part.type = "text/html" if _HTML.match(part.buffer, part.body, part.end) else "text/plain"
        return count
    prefix = part.id + "." if part.id else ""
    for number, (start, end) in enumerate(found.regions, 1):
        if count >= limits.PARTS:
            part.defects.append("limit:parts")
            break
        part.parts.append(Part(part.buffer, start, end, part, f"{prefix}{number}"))
        count += 1
    return count


def _decode_whole(part: Part) -> None:
    """A multipart must not be encoded (RFC 2045 section 6.4); one whose boundary does not show is."""
    delimiter = b"--" + part.parameters.get("boundary", "").encode("utf-8", "replace")
    if part.buffer.find(delimiter, part.body, part.end) >= 0:
        return
    data, wrong = part.content()
    part.defects.extend(("multipart-encoded", *wrong))
    part.buffer, part.start, part.body, part.end = data, 0, 0, len(data)
    part.encoding = "8bit"
