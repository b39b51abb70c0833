"""parse: messages in, JMAP Email objects out, whatever their octets are."""

from binascii import Error
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pybase64

from mailpipe.errors import RecordError
from mailpipe.mail import limits, mime, parts
from mailpipe.mail.headers import Header
from mailpipe.mail.identity import Identity
from mailpipe.mail.smime import Opener
from mailpipe.mail.vocabulary import Vocabulary
from mailpipe.parse import (
    attached,
    attachments,
    authentication,
    auto,
    bodies,
    bounce,
    crypto,
    data,
    envelope,
    forward,
    loops,
    packed,
    ref,
    reply,
    special,
)
from mailpipe.parse.attachments import Choice
from mailpipe.record import Record, each

if TYPE_CHECKING:
    from mailpipe.mail.schema import Schema

PREVIEW = 256  # characters, RFC 8621 section 4.1.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to put into the records.

    ``files`` says what becomes of attachments; ``nested`` reads attached messages; ``max_size`` is in octets.
    ``identity`` gives the marks of the account that a message was fetched from, ``trust`` whom it believes,
    ``smime`` what opens its encrypted mail.
    """

    keep_raw: bool = False
    safe_html: bool = False
    nested: bool = False
    files: Choice = attachments.ALL
    max_size: int = limits.MESSAGE
    vocabulary: Vocabulary | None = None
    schema: "Schema | None" = None
    identity: Callable[[str | None], Identity] | None = None
    trust: Callable[[str | None], authentication.Trust] | None = None
    smime: Callable[[str | None], Opener] | None = None


DEFAULT = Options()


@dataclass(slots=True)
class Nesting:
    """How many messages lie around the one that is read, and how many were read with it so far."""

    depth: int = 0
    count: int = 0


def parse(records: Iterable[Record], options: Options = DEFAULT) -> Iterator[Record]:
    """Yield each record with its ``raw`` message taken apart.

    There is no message that fails; a record without ``raw`` does.
    """
    return each("parse", partial(_step, options=options))(records)


def _step(record: Record, options: Options) -> Record:
    source = record.get("source")
    account = source.get("account") if isinstance(source, dict) else None
    raw = _raw(record)
    # fetch has said the id already, and hashing a large message takes as long as decoding it.
    named = {} if "id" in record else {"id": _id(raw)}
    parsed = {**named, **record, **read(raw, options, account if isinstance(account, str) else None)}
    if not options.keep_raw:
        del parsed["raw"]
    return parsed


def _raw(record: Record) -> bytes:
    raw = record.get("raw")
    if isinstance(raw, bytes):  # read from a file or a pipe of ours
        return raw
    if raw is None:
        raise RecordError("no member 'raw'", slug="no-raw", hint="run `mailpipe fetch` first")
    try:
        return pybase64.b64decode(raw, validate=True)
    except (Error, ValueError, TypeError) as exc:
        raise RecordError(
            "'raw' is not base64", slug="bad-raw", hint="it holds the octets of the message"
        ) from exc


def read(
    raw: bytes, options: Options = DEFAULT, account: str | None = None, nesting: Nesting | None = None
) -> dict[str, Any]:
    """The members that one message gives; never fails.  ``nesting`` says in how many others it lies."""
    defects: list[str] = []
    if len(raw) > options.max_size:
        defects.append("limit:message")
    message = mime.read(raw[: options.max_size])
    fields = message.root.fields
    defects.extend(message.defects)
    for part in message.walk():
        defects.extend(part.defects)
    described = {
        "size": len(raw),
        **envelope.describe(fields, defects),
    }
    described |= _opened(message.root, described, options, account, defects, nesting or Nesting())
    identity = options.identity(account) if options.identity else None
    automatic = _automatic(message, described, identity)
    described["ref"] = _ref(fields, described, automatic.get("returned"), identity)
    authors = [mailbox["email"] for mailbox in described["from"]]
    trust = options.trust(account) if options.trust else authentication.NOBODY
    described["auth"] = authentication.judge(fields, authors, trust)
    described |= automatic
    described["headers"] = envelope.listed(fields, defects)
    described["defects"] = list(dict.fromkeys(defects))
    return described


def _opened(
    root: mime.Part,
    described: dict[str, Any],
    options: Options,
    account: str | None,
    defects: list[str],
    nesting: Nesting,
) -> dict[str, Any]:
    """The content, S/MIME taken off, and ``crypto`` if there was any."""
    if not crypto.is_protected(root):
        return _content(root, options, described["subject"], defects, nesting)
    senders = sum(field.name.lower() == "from" for field in root.fields)
    authors = [mailbox["email"] for mailbox in described["from"]] if senders == 1 else []
    opened = crypto.open_message(root, authors, options.smime(account) if options.smime else None, defects)
    content = _content(opened.root, options, described["subject"], defects, nesting)
    if opened.root is not root and not root.parts:
        # The sealed octets are the proof of who signed them, and raw is dropped.
        sealed = attached.read([root], [], options.files, None, []).described
        content["attachments"] += [{**each, "partId": None} for each in sealed]
    report = opened.crypto or {}
    if opened.apart:
        report["parts"] = [
            {**told, **(_content(tree, options, None, defects, nesting) if tree is not None else {})}
            for told, tree in opened.apart
        ]
    return {**content, "crypto": report} if report else content


def _content(
    root: mime.Part, options: Options, subject: str | None, defects: list[str], nesting: Nesting
) -> dict[str, Any]:
    """What is in the body: the human text, the data, the files."""
    classified = parts.classify(root)
    found = bodies.read(classified, defects)
    in_text = packed.from_text(found.files, defects)
    nested = partial(_nested, options=options, nesting=nesting) if options.nested else None
    files = attached.read(classified.attachments, in_text, options.files, nested, defects)
    if (files.text or files.html) and not found.shown.strip():
        found = bodies.of_packed(found, files.text, files.html, defects)
    pieces = reply.split(found.shown)
    structured = data.extract(files.data, pieces, found.html, options.vocabulary)
    defects.extend(structured.defects)
    structured, errors = _shaped(structured, options)
    forwarded = forward.take_apart(pieces, subject)
    truncated = {"isTruncated": True} if found.truncated else {}
    return {
        "preview": " ".join(found.shown[: 8 * PREVIEW].split())[:PREVIEW],
        "hasAttachment": files.packed or any(map(attachments.is_for_people, classified.attachments)),
        "attachments": files.described,
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
        **errors,
        **special.describe(files.specials, pieces, found.html, defects),
    }


def _safe(found: bodies.Bodies, defects: list[str]) -> str | None:
    if found.html is None:
        return None
    from mailpipe.parse import safehtml  # costs a library; only those who show HTML need it

    safe = safehtml.clean(found.html, found.shown)
    defects.extend(safe.defects)
    return safe.html


def _shaped(found: data.Found, options: Options) -> tuple[data.Found, dict[str, Any]]:
    if options.schema is None:
        return found, {}
    from mailpipe.parse import shaped  # costs a library; only those who have a schema need it

    return shaped.shape(found, options.schema, options.vocabulary)


def _ref(
    fields: list[Header],
    described: dict[str, Any],
    returned: dict[str, Any] | None,
    identity: Identity | None,
) -> dict[str, Any] | None:
    """The resource that the message is about; a bounce is about that of the mail that came back."""
    if identity is None:
        return None
    found = ref.find(fields, described, identity)
    if returned and (found is None or found["by"] == "subject"):
        return ref.find_returned(returned, identity) or found
    return found


def _automatic(message: mime.Message, described: dict[str, Any], identity: Identity | None) -> dict[str, Any]:
    """Whether a machine wrote the message, and what it says about mail of ours."""
    root = message.root
    sender = described["from"][0]["email"] if described["from"] else ""
    walked = message.walk()
    complaint = bounce.read_complaint(walked)
    bounced = complaint or bounce.read(walked, described["text"], sender)
    facts = auto.Facts(
        root.fields,
        type=root.type,
        report=root.parameters.get("report-type", ""),
        sender=sender,
        subject=described["subject"] or "",
        bounced=bounced is not None and complaint is None,
        complained=complaint is not None,
        loop=loops.find(root.fields, described, identity) if identity else (),
    )
    if bounced is None:
        return {"auto": auto.classify(facts)}
    returned = {"returned": bounced.returned} if bounced.returned else {}
    return {"auto": auto.classify(facts), "deliveryStatus": bounced.status, **returned}


def _id(raw: bytes) -> str:
    return f"sha256:{sha256(raw).hexdigest()}"


def _nested(data: bytes, defects: list[str], *, options: Options, nesting: Nesting) -> dict[str, Any] | None:
    """The record of an attached message; nothing in it is believed to be about us."""
    if nesting.depth >= limits.NESTED or nesting.count >= limits.NESTED_COUNT:
        defects.append("limit:nested")
        return None
    nesting.depth += 1
    nesting.count += 1
    described = read(data, replace(options, identity=None, trust=None, smime=None), nesting=nesting)
    nesting.depth -= 1
    del described["ref"], described["auth"]
    described = {"id": _id(data), **described}
    if options.keep_raw:
        described["raw"] = pybase64.b64encode_as_string(data)
    return described
