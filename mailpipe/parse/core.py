"""parse: messages in, JMAP Email objects out, whatever their octets are."""

from binascii import Error
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any

import pybase64

from mailpipe.errors import RecordError
from mailpipe.mail import limits, mime, parts
from mailpipe.mail.identity import Identity
from mailpipe.mail.vocabulary import Vocabulary
from mailpipe.parse import (
    attachments,
    authentication,
    auto,
    bodies,
    bounce,
    data,
    envelope,
    forward,
    ref,
    reply,
    special,
)
from mailpipe.parse.attachments import Keep
from mailpipe.parse.found import DataPart
from mailpipe.parse.special import Special
from mailpipe.record import Record, each

PREVIEW = 256  # characters, RFC 8621 section 4.1.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to put into the records.

    ``content`` puts attachments into the record unless ``keep`` stores them; ``max_size`` is in octets.
    ``identity`` gives the marks of the account that a message was fetched from, ``trust`` whom it believes.
    """

    keep_raw: bool = False
    safe_html: bool = False
    content: bool = True
    keep: Keep | None = None
    max_size: int = limits.MESSAGE
    vocabulary: Vocabulary | None = None
    identity: Callable[[str | None], Identity] | None = None
    trust: Callable[[str | None], authentication.Trust] | None = None


DEFAULT = Options()


def parse(records: Iterable[Record], options: Options = DEFAULT) -> Iterator[Record]:
    """Yield each record with its ``raw`` message taken apart.

    There is no message that fails; a record without ``raw`` does.
    """
    return each("parse", partial(_step, options=options))(records)


def _step(record: Record, options: Options) -> Record:
    source = record.get("source")
    account = source.get("account") if isinstance(source, dict) else None
    parsed = {**record, **read(_raw(record), options, account if isinstance(account, str) else None)}
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


def read(raw: bytes, options: Options = DEFAULT, account: str | None = None) -> dict[str, Any]:
    """The members that one message gives; never fails."""
    defects: list[str] = []
    if len(raw) > options.max_size:
        defects.append("limit:message")
    message = mime.read(raw[: options.max_size])
    fields = message.root.fields
    defects.extend(message.defects)
    for part in message.walk():
        defects.extend(part.defects)
    described = {
        "id": f"sha256:{sha256(raw).hexdigest()}",
        "size": len(raw),
        **envelope.describe(fields, defects),
    }
    described |= _content(message.root, options, described["subject"], defects)
    described["ref"] = ref.find(fields, described, options.identity(account)) if options.identity else None
    authors = [mailbox["email"] for mailbox in described["from"]]
    trust = options.trust(account) if options.trust else authentication.NOBODY
    described["auth"] = authentication.judge(fields, authors, trust)
    described |= _automatic(message, described)
    described["headers"] = envelope.listed(fields, defects)
    described["defects"] = list(dict.fromkeys(defects))
    return described


def _content(root: mime.Part, options: Options, subject: str | None, defects: list[str]) -> dict[str, Any]:
    """What is in the body: the human text, the data, the files."""
    classified = parts.classify(root)
    found = bodies.read(classified, defects)
    attached, data_parts, specials = _attachments(classified.attachments, options, defects)
    pieces = reply.split(found.shown)
    structured = data.extract(data_parts, pieces, found.html, options.vocabulary)
    defects.extend(structured.defects)
    forwarded = forward.take_apart(pieces, subject)
    truncated = {"isTruncated": True} if found.truncated else {}
    return {
        "preview": " ".join(found.shown[: 8 * PREVIEW].split())[:PREVIEW],
        "hasAttachment": any(map(attachments.is_for_people, classified.attachments)),
        "attachments": attached,
        "text": found.text,
        "html": found.html,
        **({"safeHtml": _safe(found, defects)} if options.safe_html else {}),
        **truncated,
        "reply": pieces.reply,
        "quoted": pieces.quoted,
        "signature": pieces.signature,
        **({"forwarded": forwarded} if forwarded else {}),
        "data": structured.data,
        "dataSource": structured.source,
        "dataEvidence": structured.evidence,
        **special.describe(specials, pieces, found.html, defects),
    }


def _safe(found: bodies.Bodies, defects: list[str]) -> str | None:
    if found.html is None:
        return None
    from mailpipe.parse import safehtml  # costs a library; only those who show HTML need it

    safe = safehtml.clean(found.html, found.shown)
    defects.extend(safe.defects)
    return safe.html


def _automatic(message: mime.Message, described: dict[str, Any]) -> dict[str, Any]:
    """Whether a machine wrote the message, and what it says about mail of ours."""
    root = message.root
    sender = described["from"][0]["email"] if described["from"] else ""
    bounced = bounce.read(message.walk(), described["text"], sender)
    facts = auto.Facts(
        root.fields,
        type=root.type,
        report=root.parameters.get("report-type", ""),
        sender=sender,
        subject=described["subject"] or "",
        bounced=bounced is not None,
    )
    status = {"deliveryStatus": bounced.status} if bounced else {}
    return {"auto": auto.classify(facts), **status}


def _attachments(
    found: list[mime.Part], options: Options, defects: list[str]
) -> tuple[list[dict[str, Any]], list[DataPart], list[Special]]:
    described: list[dict[str, Any]] = []
    data_parts: list[DataPart] = []
    specials: list[Special] = []
    for part in found:
        data, wrong = part.content()
        defects.extend(wrong)
        defects.extend(attachments.name_defects(part))
        described.append(attachments.describe(part, data, content=options.content, keep=options.keep))
        data_part = attachments.data_part(part, data)
        if data_part is not None:
            data_parts.append(data_part)
        recognised = special.of(part, data)
        if recognised is not None:
            specials.append(recognised)
    return described, data_parts, specials
