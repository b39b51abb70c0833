"""The members of a record: name, type, which stages write it, what it means."""

from typing import NamedTuple


class Member(NamedTuple):
    """One member; ``brief`` is a sentence, ``more`` says what is in it."""

    name: str
    type: str
    by: tuple[str, ...]
    brief: str
    more: str = ""


_ADDRESSES = "list of {name, email}"
_IDS = "list of text"

# The properties of a JMAP Email object, RFC 8621 section 4.
JMAP = (
    Member("messageId", _IDS, ("render", "parse"), "The Message-ID, without angle brackets."),
    Member("inReplyTo", _IDS, ("render", "parse"), "The ids of In-Reply-To, without angle brackets."),
    Member("references", _IDS, ("render", "parse"), "The ids of References, without angle brackets."),
    Member(
        "from",
        _ADDRESSES,
        ("render", "parse"),
        "The authors.",
        "name may be empty or null; email is the addr-spec.",
    ),
    Member("sender", _ADDRESSES, ("parse",), "Who sent it for the authors."),
    Member("to", _ADDRESSES, ("render", "parse"), "The first recipients."),
    Member("cc", _ADDRESSES, ("render", "parse"), "Recipients of a copy."),
    Member(
        "bcc",
        _ADDRESSES,
        ("render", "parse"),
        "Recipients whom the others do not see.",
        "Never in the sent header.",
    ),
    Member(
        "replyTo", _ADDRESSES, ("render", "parse"), "Where answers go.", "render puts the signed ref into it."
    ),
    Member("subject", "text", ("render", "parse"), "The subject, decoded."),
    Member(
        "sentAt",
        "date and time",
        ("render", "parse"),
        "The Date of the message, RFC 3339, with its own offset.",
    ),
    Member("receivedAt", "date and time", ("fetch",), "When the mailbox received it, RFC 3339, in UTC."),
    Member("size", "number", ("render", "fetch", "parse"), "Octets of the message."),
    Member(
        "keywords",
        "object",
        ("fetch",),
        "Flags of the mailbox, each with the value true.",
        'As in {"$seen": true}.',
    ),
    Member("preview", "text", ("parse",), "The beginning of the text in one line."),
    Member(
        "hasAttachment", "true or false", ("parse",), "Whether there is an attachment a person would see."
    ),
    Member(
        "attachments",
        "list of objects",
        ("render", "parse"),
        "The attachments, of every type.",
        "partId, blobId, size, name, type, sniffedType, charset, disposition, cid. blobId is sha256: and the "
        "hexadecimal digest of the decoded octets. The octets are in content as base64, or in the file "
        "path with --attachments, or left out with --no-content. name is safe to use as a file name; "
        "namesGiven are those that the sender gave, if others. sniffedType is what the first octets show, or "
        "null. packedIn is the partId of the text or winmail.dat that the file was taken out of; it has no "
        "partId of its own. The sealed octets of an opened S/MIME message come last, without partId. nested "
        "is, with --nested, the record of an attached message. partial is {id, "
        "number, total} of a piece of a message; external says where content is that was never sent.",
    ),
    Member(
        "headers", "list of {name, value}", ("parse",), "All header fields, in order, with decoded values."
    ),
    Member(
        "envelope",
        "object",
        ("render",),
        "Who sends and who receives, as the mail server is told: {mailFrom: {email}, rcptTo: [{email}, "
        "...]}.",
        "send obeys it and nothing else.",
    ),
    Member(
        "deliveryStatus",
        "object",
        ("send", "parse"),
        "What became of each recipient, by address.",
        "Each is {delivered, smtpReply, action, status, reason, hard}. delivered is yes, no, queued or "
        "unknown; action and status are those of RFC 3464; reason is one of bad_mailbox, bad_domain, "
        "mailbox_full, too_big, policy, system, unknown; hard is true where mail to this address is of "
        "no use "
        "any more: a permanent failure of its mailbox or its domain, not of one message. queueId is what the "
        "server calls a message that it took, messageId the Message-ID that it gave it, where it says so. "
        "A bounce that parse reads has the very same shape as a refusal that send meets, and the address "
        "that we sent to as key; the address that a forwarding host tried in vain is finalRecipient. A "
        "complaint "
        "(RFC 5965) has feedbackType: abuse, fraud, virus, not-spam or other.",
    ),
)

# Members of mailpipe's own.
OWN = (
    Member(
        "dryRun",
        "object",
        ("send",),
        "What send would do, with --dry-run.",
        "{via, mailFrom, rcptTo, size}; rcptTo leaves out who has got the message already.",
    ),
    Member(
        "send",
        "object",
        ("send",),
        "How far a message has come, with --status.",
        "{state, attempts, firstAttempt, lastAttempt, nextAttempt, due, via, scope}; state is deferred "
        "(put off), "
        "unknown (nobody knows whether it arrived) or sending (by a run that is there at this moment).",
    ),
    Member(
        "id",
        "text",
        ("fetch", "parse"),
        "sha256: and the digest of the message: the same mail is the same id.",
    ),
    Member(
        "raw",
        "base64",
        ("render", "fetch"),
        "The message itself, RFC 5322.",
        "send and parse drop it when it is used up.",
    ),
    Member(
        "source",
        "object",
        ("fetch",),
        "Where the message lies, for settle.",
        "account, protocol, mailbox, uid, uidValidity, attempt (how often it was handed out), and "
        "claimed where "
        "hosts exclude each other.",
    ),
    Member(
        "idempotencyKey",
        "text",
        ("render",),
        "What names this message whenever it is made: send hands it over once under this name.",
        "Without it the Message-ID does. render --reply makes one of the template and the answered mail.",
    ),
    Member("path", "text", ("render",), "The file that the message was written to by --output-dir."),
    Member(
        "lint",
        "list of {type, detail}",
        ("render",),
        "What readers, filters and mail programs will stumble over, with --lint.",
        "type is a stable name, such as link-broken or html-large; detail is for people.",
    ),
    Member("text", "text", ("render", "parse"), "The message as plain text."),
    Member("html", "text", ("render", "parse"), "The message as HTML, as it came: not safe for showing."),
    Member("isTruncated", "true", ("parse",), "The decoded text was too long, and is cut.", "Else left out."),
    Member("reply", "text", ("parse",), "The part of text that its author wrote."),
    Member("quoted", "text", ("parse",), "The part of text that quotes earlier mail."),
    Member("signature", "text", ("parse",), "The signature at the end of text."),
    Member(
        "data",
        "any JSON value",
        ("render", "parse"),
        "The structured data.",
        "What render was given is what parse finds again, for every JSON object. Values that people typed "
        "stay as typed.",
    ),
    Member("dataSource", "text", ("parse",), "Where data came from: json, yaml, ini, lines or table."),
    Member("dataEvidence", "object", ("parse",), "Where each field of data came from, and what disagreed."),
    Member(
        "dataErrors",
        "list of {path, message}",
        ("parse",),
        "With --schema: where data is not what the schema wants; empty if all is well.",
        "path is a JSON Pointer (RFC 6901). The record flows on, so that a rule can decide: "
        "{dataErrors: {exists: false}} holds for good data. Left out where there is no data.",
    ),
    Member(
        "ref",
        "object",
        ("render", "parse"),
        "The resource that the mail is about: {id, by, verified}.",
        "by is address, references or subject. verified is true where the tag of the address was made with"
        " our key, false where it was not, and null where there is no tag or no key.",
    ),
    Member(
        "auth",
        "object",
        ("parse",),
        "Sender authentication (RFC 8601): {verified, reason, authservId, fromDomain, spf, dkim, dmarc, "
        "arc}.",
        "Only Authentication-Results of the account's trust.authservIds count, where our own servers write "
        "them: above the first Received of a foreign host, and in the topmost run. verified is true where "
        "they say dmarc=pass for the domain of From, or dkim=pass or spf=pass for a domain aligned with it: "
        "the same one, or both below one of trust.organizations. It is null where nobody is trusted, else "
        "false, and reason says why; a message with two authors, or none, is never verified. dkim is a list "
        "of {domain, result, aligned}; evidence has the positions in headers of what counted, and untrusted "
        "what did not count: {index, authservId, reason}.",
    ),
    Member(
        "auto",
        "object",
        ("parse",),
        "Whether a machine wrote it: {class, suppressReply, evidence}.",
        "class is none, reply, generated, bounce, complaint, list or loop (RFC 3834 and practice). "
        "A loop is mail of our own that a recipient's mailbox has sent back to us.",
    ),
    Member(
        "returned",
        "object",
        ("parse",),
        "The header of our message that a bounce or complaint returns: messageId, to, subject and so on.",
        "Left out where nothing was returned. ref is found in it, too.",
    ),
    Member(
        "forwarded",
        "object",
        ("parse",),
        "A message forwarded inside the text: {from, to, cc, subject, sentAt, text}.",
    ),
    Member(
        "safeHtml",
        "text",
        ("parse",),
        "With --safe-html: html made inert, for showing in a page.",
        "Nothing in it runs, sends or fetches. Pictures of the message itself (cid:, data:) stay; the "
        "address of "
        "a picture elsewhere is moved to data-remote-src. null where there is no html.",
    ),
    Member(
        "crypto",
        "object",
        ("parse",),
        "S/MIME (RFC 8551): {signed, encrypted, parts}; left out where there is none.",
        "signed is {verified, reason, signer, matchesFrom, digest, covers}. verified is true only if the "
        "content is what was signed, with a digest that is not weak, by somebody whose certificate is "
        "good now, "
        "leads to one of the account's smime.authorities and has the address of From, and if nothing of the "
        "message lies beside it; null if there are no authorities. signer is {email, subject, issuer, "
        "serial, "
        "fingerprint, notAfter}, and covers has the partIds that were signed. encrypted is {decrypted, "
        "reason, "
        "cipher, integrity, covers}; integrity is none for ciphers like AES-CBC: what is decrypted may "
        "have been "
        "changed on the way. A message that is wholly signed or encrypted is read as what is inside. A "
        "protected part beside other parts is in parts, with what was in it, kept apart from the rest.",
    ),
    Member(
        "calendar",
        "list of objects",
        ("parse",),
        "Invitations and answers to them, with the names of JSCalendar (RFC 8984).",
        "Of calendar parts and .ics files: @type (Event or Task), method (request, reply, cancel, ...), uid, "
        "sequence, title, description, location, coordinates, start, timeZone, end or duration, "
        "showWithoutTime, status, organizer {name, email}, participants {name, email, participationStatus, "
        "role}, recurrenceId, recurrenceRule as written, excluded. start and end are local times of "
        "timeZone. "
        "Left out if there is none.",
    ),
    Member(
        "geo",
        "list of objects",
        ("parse",),
        "Positions: {lat, lon, source}, in degrees of WGS 84, as exact as they were written.",
        "source is geojson, kml, gpx, vcard, calendar, geo-uri or map-link; there may be name, altitude, "
        "uncertainty (metres), time, file, url. A line or an area is its first position, with geometry, "
        "positions (how many) and bbox. Links in quoted text do not count. Left out if there is none.",
    ),
    Member("defects", "list of text", ("parse",), "Every liberty taken while reading, as stable names."),
    Member(
        "route",
        "object",
        ("route",),
        "The rule that was met, and what its handler did.",
        "rule is its name, or null; outcome is processed, failed or deferred; reason and detail say why it"
        " is not processed. handler is {run, status, signal, timedOut, seconds, stdout, stderr}, with the "
        "beginning of what was printed, or {post, status, tries, seconds, response}, or {append}. reply is "
        "the same of the program that answers, or {withheld} with the reason. captures is what patterns have "
        "captured. before is a list of {rule, outcome, handler} of the rules that said continue. blameless "
        "is true where the message was deferred for no reason of its own, which is not counted as an "
        "attempt. With --explain, tried is a list of {rule, met, why}. With --dry-run there is would "
        "instead of outcome.",
    ),
    Member(
        "settled",
        "object",
        ("settle",),
        "Where the message was put: {outcome, action, mailbox, uid, uidValidity}.",
    ),
    Member(
        "sentCopy",
        "object",
        ("sent",),
        "What was done with the copy in the Sent folder: {appended, mailbox, uid, uidValidity, removed, "
        "reason}.",
        "removed is how many copies of the provider were removed. reason says why nothing was appended "
        "or removed,"
        " with detail where something failed.",
    ),
    Member(
        "track",
        "object",
        ("render",),
        "The pixel of a tracked message: {id, recipient, pixel, unsubscribe, registered}.",
        "id is what the token stands for, pixel and unsubscribe are URLs. send and `mailpipe track "
        "register` say "
        "in registered whether the id was kept with its recipient. raw has the pixel, html has not.",
    ),
    Member(
        "error",
        "object",
        ("render", "send", "sent", "fetch", "parse", "route", "settle"),
        "Why this record could not be processed: {stage, type, detail, retryable}.",
        "Later stages pass such a record on untouched. type is a stable name; detail is for people; "
        "retryable says whether trying again may help.",
    ),
)

MEMBERS = (*JMAP, *OWN)
