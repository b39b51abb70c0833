"""What looking for structured data in a message gives, and what it looks at."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol


class Labelled(Protocol):
    """What says how a file is called: a body part, or a file that was packed into one."""

    @property
    def type(self) -> str: ...
    @property
    def name(self) -> str | None: ...
    @property
    def parameters(self) -> Mapping[str, str]: ...


class File(NamedTuple):
    """A file of a message: how it is labelled, its decoded octets, the id of the part where it lies.

    ``names`` are all the names given for it.  ``packed`` says that the part holds more than this file: text
    with a file written into it, or a winmail.dat.
    """

    type: str
    name: str | None
    data: bytes
    parameters: Mapping[str, str] = {}
    names: tuple[str, ...] = ()
    disposition: str | None = None
    cid: str | None = None
    part: str = "1"
    packed: bool = False


class DataPart(NamedTuple):
    """A body part that a machine wrote: decoded octets, with the type, name and charset as labelled."""

    type: str
    name: str | None
    content: bytes
    charset: str | None = None


class Pieces(NamedTuple):
    """A text taken apart; each of its lines is in exactly one of the three."""

    reply: str
    quoted: str
    signature: str


class Found(NamedTuple):
    """Structured data and where it comes from.

    ``data`` is None when there is none.  ``source`` is one of json, yaml, ini, lines, table.
    ``evidence`` is ``{"fields": {field: {source, line?, key?}}, "conflicts": [...]}``, each member only
    if there is something to say; lines count from 1 in the reply.  ``defects`` are stable slugs.
    """

    data: Any
    source: str | None
    evidence: dict[str, Any]
    defects: list[str]


class Reading(NamedTuple):
    """Data read from one text: the values, how they were written, and where each was found."""

    values: dict[str, Any]
    source: str
    fields: dict[str, dict[str, Any]]
    conflicts: list[dict[str, Any]]
