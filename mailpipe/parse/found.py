"""What looking for structured data in a message gives, and what it looks at."""

from typing import Any, NamedTuple


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
