"""Makes one copy of a message for each of its recipients, with a pixel of its own; nothing else differs.

What a copy says in its header is the same for all, Message-ID included, so that answers to all stay in
one conversation.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

import pybase64

from mailpipe.errors import ConfigError, RecordError
from mailpipe.mail import compose, encode, pixel
from mailpipe.record import Record, Step, attempt, failed, has_failed
from mailpipe.render.fields import Field, Values
from mailpipe.render.frontmatter import Source
from mailpipe.render.options import switch

KEYS = ("url", "except", "unsubscribe", "sealed")

_SIGNED = re.compile(
    rb"^Content-Type:\s*(?:multipart/(?:signed|encrypted)|application/(?:x-)?pkcs7)", re.I | re.M
)


class Wanted(NamedTuple):
    """What is to be recorded of one message: nothing where ``server`` is empty.

    ``exempt`` are the addresses, in lower case, whose copies have no pixel; ``sealed`` says that what is
    signed or encrypted may be tracked too.
    """

    server: str
    exempt: frozenset[str]
    unsubscribe: bool
    sealed: bool = False


class Option:
    """The value of the key ``track``: a URL, or a mapping of its keys."""

    def __init__(self, value: Any, field: Callable[[str, Any], Field | None], name: str) -> None:
        """Compile it; ``field`` makes one template.  Raises :class:`ConfigError`."""
        options = value if isinstance(value, dict) else {"url": value}
        for key in options:
            if key not in KEYS:
                raise ConfigError(
                    f"{name}: unknown key {key!r} in track", hint=f"the keys are {', '.join(KEYS)}"
                )
        exempt = options.get("except")
        self._url = field("track", options.get("url"))
        self._exempt = [
            one
            for item in (exempt if isinstance(exempt, list) else [exempt])
            if (one := field("track", item))
        ]
        self._unsubscribe = switch("unsubscribe", options.get("unsubscribe"), name)
        self._sealed = switch("sealed", options.get("sealed"), name)
        self.active = self._url is not None
        if self._url is not None and self._url.constant:
            pixel.base(self._url.constant)

    def wanted(self, values: Values) -> Wanted:
        """What it says of one record; raises :class:`RecordError`."""
        url = self._url.text(values).strip() if self._url else ""
        try:
            server = pixel.base(url) if url else ""
        except ConfigError as exc:
            raise RecordError(exc.detail, slug="bad-url", hint=exc.hint) from exc
        exempt = frozenset(box.email.lower() for field in self._exempt for box in field.mailboxes(values))
        return Wanted(server, exempt, self._unsubscribe, self._sealed)


def with_url(value: Any, url: Source) -> dict[str, Any]:
    """The value of ``track`` with the URL of a flag instead of the template's."""
    return {**(value if isinstance(value, dict) else {}), "url": url}


class Copier:
    """Makes the copies.

    ``wanted`` says what is to be recorded of the message for one object, ``key`` gives the key that
    signs, ``unique`` an identifier of 32 digits and hyphens.
    """

    def __init__(
        self,
        wanted: Callable[[Record], Wanted],
        key: Callable[[], bytes],
        unique: Callable[[bytes], str],
    ) -> None:
        self._wanted = wanted
        self._key = cache(key)
        self._unique = unique

    def copies(
        self, records: Iterable[Record], step: Step, again: Callable[[str], bytes]
    ) -> Iterator[Record]:
        """Yield, for each object, one record for each recipient of the message that ``step`` makes of it.

        ``again`` makes that message once more, with other HTML.
        """
        for given in records:
            made = given if has_failed(given) else attempt("render", step, given)
            if has_failed(made):
                yield made
                continue
            try:
                copies = self._copies(made, self._wanted(given), again)
            except RecordError as exc:
                copies = [failed(given, exc, "render")]
            yield from copies

    def _copies(self, record: Record, wanted: Wanted, again: Callable[[str], bytes]) -> list[Record]:
        if not wanted.server:
            return [record]
        raw = pybase64.b64decode(record["raw"])
        before, found, after = raw.rpartition(compose.text_part("text/html", record["html"]))
        sealed = not found or _SIGNED.search(before) is not None
        if sealed and not wanted.sealed:
            raise RecordError(
                "the message is signed or encrypted, and a pixel tells when it was read",
                slug="not-trackable",
                hint="write track: {url: ..., sealed: true} if that is wanted all the same",
            )

        def written(html: str) -> bytes:
            return again(html) if sealed else before + compose.text_part("text/html", html) + after

        recipients = record["envelope"]["rcptTo"]
        return [self._copy(record, recipient, wanted, written) for recipient in recipients]

    def _copy(
        self,
        record: Record,
        recipient: dict[str, Any],
        wanted: Wanted,
        written: Callable[[str], bytes],
    ) -> Record:
        envelope = {**record["envelope"], "rcptTo": [recipient]}
        address = recipient["email"]
        if address.lower() in wanted.exempt:
            return {**record, "envelope": envelope}
        named = f"{record['messageId'][0]}\0{address}".encode()
        unique = bytes.fromhex(self._unique(named).replace("-", ""))
        where = pixel.pixel_url(wanted.server, pixel.token(unique, self._key()))
        track = {"id": unique.hex(), "recipient": address, "pixel": where}
        raw = written(pixel.with_pixel(record["html"], where))
        if wanted.unsubscribe:
            where = pixel.unsubscribe_url(wanted.server, pixel.token(unique, self._key(), "unsubscribe"))
            raw, track = _with_unsubscribe(raw, where), {**track, "unsubscribe": where}
        return {**record, "envelope": envelope, "track": track, **_octets(raw)}


def _octets(raw: bytes) -> Record:
    return {"size": len(raw), "raw": pybase64.b64encode(raw).decode("ascii")}


def _with_unsubscribe(raw: bytes, url: str) -> bytes:
    """The message with the two fields of RFC 8058 at the end of its header."""
    fields = encode.structured("List-Unsubscribe", f"<{url}>")
    fields += encode.structured("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
    head, gap, body = raw.partition(b"\r\n\r\n")
    return head + b"\r\n" + fields.removesuffix(b"\r\n") + gap + body
