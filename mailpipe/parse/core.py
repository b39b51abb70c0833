"""parse: messages in, JMAP Email objects out, whatever their octets are."""

from binascii import Error
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any

import pybase64

from mailpipe.errors import RecordError
from mailpipe.mail import limits, mime, parts
from mailpipe.mail.vocabulary import Vocabulary
from mailpipe.parse import attachments, bodies, data, envelope, reply
from mailpipe.parse.attachments import Keep
from mailpipe.parse.found import DataPart
from mailpipe.record import Record, each

PREVIEW = 256  # characters, RFC 8621 section 4.1.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to put into the records.

    ``content`` puts attachments into the record unless ``keep`` stores them; ``max_size`` is in octets.
    """

    keep_raw: bool = False
    content: bool = True
    keep: Keep | None = None
    max_size: int = limits.MESSAGE
    vocabulary: Vocabulary | None = None


DEFAULT = Options()


def parse(records: Iterable[Record], options: Options = DEFAULT) -> Iterator[Record]:
    """Yield each record with its ``raw`` message taken apart.

    There is no message that fails; a record without ``raw`` does.
    """
    return each("parse", partial(_step, options=options))(records)


def _step(record: Record, options: Options) -> Record:
    raw = _raw(record)
    parsed = {**record, **read(raw, options)}
    if "id" in record:
        parsed["id"] = record["id"]
    if not options.keep_raw:
        del parsed["raw"]
    return parsed


def _raw(record: Record) -> bytes:
    raw = record.get("raw")
    if raw is None:
        raise RecordError("no member 'raw'", slug="no-raw", hint="run `mailpipe fetch` first")
    try:
        return pybase64.b64decode(raw, validate=True)
    except (Error, ValueError, TypeError) as exc:
        raise RecordError(
            "'raw' is not base64", slug="bad-raw", hint="it holds the octets of the message"
        ) from exc


def read(raw: bytes, options: Options = DEFAULT) -> dict[str, Any]:
    """The members that one message gives; never fails."""
    defects: list[str] = []
    seen = raw
    if len(raw) > options.max_size:
        defects.append("limit:message")
        seen = raw[: options.max_size]
    message = mime.read(seen)
    defects.extend(message.defects)
    for part in message.walk():
        defects.extend(part.defects)
    described = {
        "id": f"sha256:{sha256(raw).hexdigest()}",
        "size": len(raw),
        **envelope.describe(message.root.fields, defects),
    }
    classified = parts.classify(message.root)
    found = bodies.read(classified, defects)
    attached, data_parts = _attachments(classified.attachments, options, defects)
    pieces = reply.split(found.shown)
    structured = data.extract(data_parts, pieces, found.html, options.vocabulary)
    defects.extend(structured.defects)
    described |= {
        "preview": " ".join(found.shown[: 8 * PREVIEW].split())[:PREVIEW],
        "hasAttachment": any(map(attachments.is_for_people, classified.attachments)),
        "attachments": attached,
        "text": found.text,
        "html": found.html,
        "reply": pieces.reply,
        "quoted": pieces.quoted,
        "signature": pieces.signature,
        "data": structured.data,
        "dataSource": structured.source,
        "dataEvidence": structured.evidence,
        "auth": {"verified": None},
    }
    if found.truncated:
        described["isTruncated"] = True
    described["headers"] = envelope.listed(message.root.fields, defects)
    described["defects"] = list(dict.fromkeys(defects))
    return described


def _attachments(
    found: list[mime.Part], options: Options, defects: list[str]
) -> tuple[list[dict[str, Any]], list[DataPart]]:
    described: list[dict[str, Any]] = []
    data_parts: list[DataPart] = []
    for part in found:
        data, wrong = part.content()
        defects.extend(wrong)
        defects.extend(attachments.name_defects(part))
        described.append(attachments.describe(part, data, content=options.content, keep=options.keep))
        data_part = attachments.data_part(part, data)
        if data_part is not None:
            data_parts.append(data_part)
    return described, data_parts
