"""Reads winmail.dat (MS-OXTNEF): the files, the text and the HTML that Outlook has packed into one part.

One linear pass with limits of its own: sizes and counts in the stream are the sender's, not to be believed.
Nothing is decompressed; a body that is only there as compressed RTF is not read.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from mailpipe.mail import charsets

SIGNATURE = b"\x78\x9f\x3e\x22"
MAX_ATTRIBUTES = 20_000  # of the stream
MAX_PROPERTIES = 2_000  # MAPI properties of one attribute
MAX_FILES = 1_000

_BODY, _DATA, _TITLE, _RENDERING = 0x800C, 0x800F, 0x8010, 0x9002
_MESSAGE_PROPERTIES, _FILE_PROPERTIES, _CODEPAGE = 0x9003, 0x9005, 0x9007
_P_BODY, _P_RTF, _P_HTML, _P_INTERNET_CODEPAGE = 0x1000, 0x1009, 0x1013, 0x3FDE
_P_DATA, _P_NAME, _P_LONG_NAME, _P_TYPE, _P_CID = 0x3701, 0x3704, 0x3707, 0x370E, 0x3712
_STRING, _UNICODE, _OBJECT, _BINARY, _LONG = 0x1E, 0x1F, 0x0D, 0x102, 0x03
_SIZES = {2: 4, 3: 4, 4: 4, 10: 4, 11: 4, 5: 8, 6: 8, 7: 8, 20: 8, 64: 8, 72: 16}  # short ones are padded
_MANY = 0x1000  # a property of several values
_HEAD = struct.Struct("<BII")
_U16 = struct.Struct("<H")
_U32 = struct.Struct("<I")


class File(NamedTuple):
    """One attachment; ``type`` and ``cid`` are empty where the stream does not tell."""

    name: str
    type: str
    cid: str
    data: bytes


class Contents(NamedTuple):
    """What a stream holds; ``defects`` are slugs."""

    text: str
    html: str
    files: list[File]
    defects: list[str]


def read(stream: bytes) -> Contents:
    """Read a stream; a damaged one gives what stands before the damage (``tnef-damaged``)."""
    reader = _Reader()
    if not stream.startswith(SIGNATURE):
        return Contents("", "", [], ["tnef-damaged"])
    try:
        for name, data in _attributes(stream):
            reader.attribute(name, data)
    except (struct.error, ValueError):
        reader.defects.append("tnef-damaged")
    return reader.contents()


def _attributes(stream: bytes) -> Iterator[tuple[int, memoryview]]:
    """The attributes as name and octets."""
    view = memoryview(stream)
    position = 6  # signature and key
    for _ in range(MAX_ATTRIBUTES):
        if position + _HEAD.size + 2 > len(stream):
            if any(view[position:]):
                raise ValueError("the stream ends inside an attribute")
            return
        _level, name, size = _HEAD.unpack_from(stream, position)
        position += _HEAD.size
        if position + size > len(stream):
            raise ValueError("an attribute is longer than the stream")
        yield name & 0xFFFF, view[position : position + size]
        position += size + 2  # the checksum
    raise ValueError("more attributes than any message has")


class _Reader:
    """Takes the attributes in order; those of a file follow its rendering data."""

    def __init__(self) -> None:
        self.codepage = "windows-1252"
        self.text = ""
        self.html = ""
        self.rtf = False
        self.files: list[dict[str, str | bytes]] = []
        self.defects: list[str] = []

    def attribute(self, name: int, data: memoryview) -> None:
        if name == _CODEPAGE:
            self.codepage = _label(_U32.unpack_from(data)[0])
        elif name == _BODY:
            self.text = self.text or self.string(bytes(data))
        elif name == _MESSAGE_PROPERTIES:
            self.message(dict(_properties(data)))
        elif name == _RENDERING:
            if len(self.files) >= MAX_FILES:
                raise ValueError("more files than any message has")
            self.files.append({})
        elif self.files and name == _TITLE:
            self.files[-1].setdefault("name", self.string(bytes(data)))
        elif self.files and name == _DATA:
            self.files[-1]["data"] = bytes(data)
        elif self.files and name == _FILE_PROPERTIES:
            self.file(dict(_properties(data)))

    def message(self, found: "dict[int, tuple[int, memoryview]]") -> None:
        label = self.codepage
        if _P_INTERNET_CODEPAGE in found and found[_P_INTERNET_CODEPAGE][0] == _LONG:
            label = _label(_U32.unpack_from(found[_P_INTERNET_CODEPAGE][1])[0])
        if _P_BODY in found:
            self.text = self.value(found[_P_BODY])
        if _P_HTML in found:
            kind, data = found[_P_HTML]
            is_text = kind == _UNICODE
            self.html = (
                self.value((kind, data)) if is_text else charsets.decode(bytes(data), label).text.rstrip("\0")
            )
        self.rtf = self.rtf or _P_RTF in found

    def file(self, found: "dict[int, tuple[int, memoryview]]") -> None:
        file = self.files[-1]
        for number, key in ((_P_NAME, "name"), (_P_LONG_NAME, "name"), (_P_TYPE, "type"), (_P_CID, "cid")):
            if number in found and (value := self.value(found[number])):
                file[key] = value
        if _P_DATA in found and "data" not in file:
            kind, data = found[_P_DATA]
            file["data"] = bytes(data[16:] if kind == _OBJECT else data)  # behind the interface's name

    def value(self, found: "tuple[int, memoryview]") -> str:
        kind, data = found
        if kind == _UNICODE:
            return bytes(data).decode("utf-16-le", "replace").rstrip("\0")
        return self.string(bytes(data))

    def string(self, data: bytes) -> str:
        return charsets.decode(data.rstrip(b"\0"), self.codepage).text

    def contents(self) -> Contents:
        files = [
            File(
                str(f.get("name", "")), str(f.get("type", "")), str(f.get("cid", "")), _octets(f.get("data"))
            )
            for f in self.files
            if "data" in f
        ]
        if self.rtf and not self.text and not self.html:
            self.defects.append("tnef-rtf-not-read")
        text = self.text.replace("\r\n", "\n").replace("\r", "\n")
        return Contents(text, self.html.replace("\r\n", "\n"), files, self.defects)


def _octets(value: str | bytes | None) -> bytes:
    return value if isinstance(value, bytes) else b""


def _label(codepage: int) -> str:
    return {
        65001: "utf-8",
        20127: "us-ascii",
        28591: "iso-8859-1",
        20866: "koi8-r",
        50220: "iso-2022-jp",
    }.get(codepage, f"windows-{codepage}")


def _properties(data: memoryview) -> "Iterator[tuple[int, tuple[int, memoryview]]]":
    """The MAPI properties of an attribute by number, as kind and octets; of several values the first."""
    count = _U32.unpack_from(data)[0]
    position = 4
    for _ in range(min(count, MAX_PROPERTIES)):
        kind, number = _U16.unpack_from(data, position)[0], _U16.unpack_from(data, position + 2)[0]
        position += 4
        if number >= 0x8000:  # a name follows: a GUID, and a number or a string
            position = _after_name(data, position + 16)
        values = 1
        if kind & _MANY or kind in (_STRING, _UNICODE, _OBJECT, _BINARY):
            values = _U32.unpack_from(data, position)[0]
            position += 4
        first: memoryview | None = None
        for _value in range(min(values, MAX_PROPERTIES)):
            value, position = _value_at(data, position, kind & ~_MANY)
            first = value if first is None else first
        if first is not None:
            yield number, (kind & ~_MANY, first)


def _after_name(data: memoryview, position: int) -> int:
    if _U32.unpack_from(data, position)[0] == 0:
        return position + 8
    size = int(_U32.unpack_from(data, position + 4)[0])
    return position + 8 + size + -size % 4


def _value_at(data: memoryview, position: int, kind: int) -> tuple[memoryview, int]:
    size = _SIZES.get(kind)
    if size is None:
        if kind not in (_STRING, _UNICODE, _OBJECT, _BINARY):
            raise ValueError("a kind of property that nobody knows")
        size = int(_U32.unpack_from(data, position)[0])
        position += 4
    if position + size > len(data):
        raise ValueError("a property is longer than its attribute")
    return data[position : position + size], position + size + -size % 4
