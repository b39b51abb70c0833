"""The JSON Schema of a record; mailpipe-record(5) says the same in words."""

from typing import Any

from mailpipe.record import VERSION

TEXT = {"type": "string"}
MAYBE_TEXT = {"type": ["string", "null"]}
FLAG = {"type": "boolean"}
MAYBE_FLAG = {"type": ["boolean", "null"]}
COUNT = {"type": "integer", "minimum": 0}
INSTANT = {"type": "string", "format": "date-time"}
ID = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
DELIVERED = {"enum": ["yes", "no", "queued", "unknown"]}
ACTION = {"enum": ["failed", "delayed", "delivered", "relayed", "expanded", None]}
REASON = {
    "enum": ["bad_mailbox", "bad_domain", "mailbox_full", "too_big", "policy", "system", "unknown", None]
}
OUTCOME = {"enum": ["processed", "failed", "deferred"]}
AUTO = {"enum": ["none", "reply", "generated", "bounce", "complaint", "list", "loop"]}


def many(items: dict[str, Any]) -> dict[str, Any]:
    """A list of such items."""
    return {"type": "array", "items": items}


def with_members(required: str = "", /, **properties: Any) -> dict[str, Any]:
    """An object with these members, perhaps among others; the names in ``required`` must be there."""
    shape: dict[str, Any] = {"type": "object", "properties": properties}
    return {**shape, "required": required.split()} if required else shape


ADDRESS = with_members("email", name=MAYBE_TEXT, email=TEXT)
ADDRESSES = many(ADDRESS)
MAILBOX = with_members("email", email=TEXT)
ATTACHMENT = with_members(
    "blobId size type",
    partId=MAYBE_TEXT,
    blobId=ID,
    size=COUNT,
    name=MAYBE_TEXT,
    type=TEXT,
    charset=MAYBE_TEXT,
    disposition=MAYBE_TEXT,
    cid=MAYBE_TEXT,
    content={"type": "string", "contentEncoding": "base64"},
    path=TEXT,
)
STATUS = with_members(
    "delivered",
    delivered=DELIVERED,
    smtpReply=MAYBE_TEXT,
    action=ACTION,
    status=MAYBE_TEXT,
    reason=REASON,
    hard=FLAG,
    finalRecipient=TEXT,
    feedbackType=TEXT,
)

PROPERTIES: dict[str, Any] = {
    "messageId": many(TEXT),
    "inReplyTo": many(TEXT),
    "references": many(TEXT),
    **dict.fromkeys(("from", "sender", "to", "cc", "bcc", "replyTo"), ADDRESSES),
    "subject": MAYBE_TEXT,
    "sentAt": {**INSTANT, "type": ["string", "null"]},
    "receivedAt": INSTANT,
    "size": COUNT,
    "keywords": {"type": "object", "additionalProperties": {"const": True}},
    "preview": TEXT,
    "hasAttachment": FLAG,
    "attachments": many(ATTACHMENT),
    "headers": many(with_members("name value", name=TEXT, value=TEXT)),
    "envelope": with_members("mailFrom rcptTo", mailFrom=MAILBOX, rcptTo=many(MAILBOX)),
    "deliveryStatus": {"type": "object", "additionalProperties": STATUS},
    "id": ID,
    "raw": {"type": "string", "contentEncoding": "base64", "contentMediaType": "message/rfc822"},
    "source": with_members("protocol", account=MAYBE_TEXT, protocol=TEXT, mailbox=TEXT),
    "text": MAYBE_TEXT,
    "html": MAYBE_TEXT,
    "isTruncated": {"const": True},
    "reply": TEXT,
    "quoted": TEXT,
    "signature": TEXT,
    "data": True,
    "dataSource": {"enum": ["json", "yaml", "ini", "lines", "table", None]},
    "dataEvidence": {"type": "object"},
    "dataErrors": many(with_members("path message", path=TEXT, message=TEXT)),
    "ref": {
        **with_members("id", id=TEXT, by={"enum": ["address", "references", "subject"]}, verified=MAYBE_FLAG),
        "type": ["object", "null"],
    },
    "auth": with_members("verified", verified=MAYBE_FLAG),
    "auto": with_members("class", **{"class": AUTO}, suppressReply=FLAG, evidence=many({})),
    "returned": {"type": "object"},
    "forwarded": {"type": ["object", "null"]},
    "safeHtml": MAYBE_TEXT,
    "crypto": {"type": "object"},
    "calendar": many({"type": "object"}),
    "geo": many(with_members("lat lon", lat={"type": "number"}, lon={"type": "number"})),
    "defects": many(TEXT),
    "route": with_members(rule=MAYBE_TEXT, outcome=OUTCOME),
    "settled": {"type": "object"},
    "sentCopy": with_members(appended=FLAG),
    "idempotencyKey": TEXT,
    "lint": many(with_members("type detail", type=TEXT, detail=TEXT)),
    "path": TEXT,
    "track": {"type": "object"},
    "dryRun": {"type": "object"},
    "send": {"type": "object"},
    "error": with_members("stage type detail retryable", stage=TEXT, type=TEXT, detail=TEXT, retryable=FLAG),
}


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of one record, at any point of its way; members of others are allowed."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A record of mailpipe",
        "description": f"Version {VERSION}: an Email object of JMAP (RFC 8621) and members of our own.",
        "type": "object",
        "properties": PROPERTIES,
    }
