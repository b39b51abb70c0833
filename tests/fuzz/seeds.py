"""Whole mails to damage: those of the tests, those of the benchmarks, and some of every odd kind."""

import base64
import binascii
from email.message import EmailMessage
from functools import cache

from bench import corpus
from tests.mail import tnefs
from tests.parse.messages import ALL, BOUNCE, PLAIN, RICH

HEAD = b"From: a@example.com\nTo: mail-api+42@example.com\nSubject: Re: [42] x\n"

REPLY = """\
Oui, c'est fait.
statut: terminé
N° d’immatriculation : ab-123-cd

Le ven. 20 nov. 2026 à 09:12, Vehicle desk <mail-api@example.com> a écrit :
> Please check.
> ---
> status: open

Envoyé de mon téléphone
-- \nDupont
"""
FORWARD = """\
See below.

---------- Forwarded message ---------
Von: Ada <ada@example.net>
Gesendet: Freitag, 20. November 2026 09:12
An: a@example.com
Betreff: offer

- plate: AB-123
- status: done
"""
YAML = "---\nplate: AB-123\nlist: [a, b]\nnested: {a: 1, b: {c: NO}}\n...\nRegards\n"
JSON = '{"plate": "AB-123", "price": 1.10, "list": [1, {"a": null}], "text": "\\ud83d\\ude00"}'
GEO = '{"type": "Feature", "geometry": {"type": "Point", "coordinates": [2.35, 48.85]}, "properties": {}}'
CALENDAR = """\
BEGIN:VCALENDAR
METHOD:REPLY
BEGIN:VEVENT
UID:1@example.com
DTSTART;TZID=Europe/Paris:20261120T091500
DTEND:20261120T101500Z
RRULE:FREQ=WEEKLY;COUNT=3
ATTENDEE;PARTSTAT=ACCEPTED;CN="Ada, A.":mailto:ada@example.net
SUMMARY:check
END:VEVENT
END:VCALENDAR
"""
HTML = """\
<html><head><style>.x{display:none}</style></head><body style="color:#333">
<p>Bonjour,<br>statut&nbsp;: fait</p>
<table><tr><th>Plate</th><td>AB-123</td></tr><tr><td colspan=2>
<a href="https://example.com/?q=48.85,2.35">map</a>
</table><ul><li>one<li>two</ul><div class=x>hidden</div><!--[if mso]>x<![endif]--><img src="cid:logo">
<div class="gmail_quote"><div dir=ltr class=gmail_attr>On Fri, 20 Nov 2026, Ada wrote:<br></div>
<blockquote>old <b>text</b></blockquote></div></body></html>
"""
KML = "<?xml version='1.0'?><kml><Point><coordinates>2.35,48.85,0</coordinates></Point></kml>"


def typed(kind: str, body: str | bytes, fields: str = "", charset: str = "utf-8") -> bytes:
    """A message, or a part, of one type."""
    octets = body if isinstance(body, bytes) else body.encode(charset, "replace")
    encoded = b"base64\n\n" + base64.encodebytes(octets) if isinstance(body, bytes) else b"8bit\n\n" + octets
    return f"Content-Type: {kind}\n{fields}Content-Transfer-Encoding: ".encode() + encoded


def mixed(*parts: bytes, kind: str = "mixed") -> bytes:
    """A multipart of parts."""
    boundary = b"=_%d" % len(b"".join(parts))
    inner = b"".join(b"--%b\n%b\n" % (boundary, part) for part in parts)
    return b'Content-Type: multipart/%b; boundary="%b"\n\n%b--%b--\n' % (
        kind.encode(),
        boundary,
        inner,
        boundary,
    )


def uuencoded(data: bytes) -> str:
    return f"begin 644 a.pdf\n{binascii.b2a_uu(data).decode()}`\nend\n"


def built() -> bytes:
    """A message made by the standard library."""
    message = EmailMessage()
    message["From"], message["To"] = "Zoë Ünal <z@example.net>", "undisclosed-recipients:;, b@example.org"
    message["Subject"] = "Прверка номера 確認 " * 8
    message.set_content("привет\n" * 5)
    message.add_alternative(HTML, subtype="html")
    message.add_attachment(JSON.encode(), maintype="application", subtype="json", filename="дата.json")
    return message.as_bytes()


@cache
def seeds() -> tuple[bytes, ...]:
    """All of them."""
    winmail = tnefs.stream(
        tnefs.body("plate: AB"), tnefs.file("a.json", JSON.encode(), (0x102, 0x3712, b"c\0"))
    )
    bodies = [
        *(typed("text/plain; charset=utf-8", text) for text in (REPLY, FORWARD, YAML, JSON)),
        typed("text/plain; charset=utf-16", REPLY.encode("utf-16")),
        typed("text/plain; charset=iso-2022-jp", "確認しました\n状態：完了\n", charset="iso-2022-jp"),
        typed(
            "text/plain; charset=koi8-r; format=flowed; delsp=yes",
            "слово \nдело \n> цитата \n",
            charset="koi8-r",
        ),
        typed("text/plain", uuencoded(b"%PDF-1.4" * 5) + "=ybegin line=128 size=1 name=a\nk\n=yend size=1\n"),
        typed("text/html", HTML),
        typed("application/ms-tnef; name=winmail.dat", winmail),
        typed("text/calendar; method=REPLY", CALENDAR),
        typed("application/geo+json; name=a.geojson", GEO),
        typed("application/vnd.google-earth.kml+xml", KML),
        typed("application/yaml", YAML.replace("Regards", "")),
        typed(
            "message/external-body; access-type=URL; url=http://example.com/", "Content-Type: text/plain\n\n"
        ),
        typed("message/partial; id=x; number=1; total=2", "Subject: y\n\nz"),
        typed("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", b"0\x80\x06\x09*" * 9),
        mixed(
            typed("text/plain", REPLY),
            typed("text/html", HTML),
            typed("application/json", JSON),
            kind="alternative",
        ),
        mixed(
            typed("text/html", HTML),
            typed("image/png", b"\x89PNG\r\n\x1a\n", "Content-ID: <logo>\n"),
            kind="related",
        ),
        mixed(typed("text/plain", REPLY), typed("message/rfc822", RICH.decode("latin-1"))),
        mixed(typed("text/plain", FORWARD), typed("application/octet-stream; name=a.eml", PLAIN)),
        mixed(b"\n" + PLAIN, b"\n" + BOUNCE, kind="digest"),
        mixed(typed("text/plain", "x"), typed("application/pkcs7-signature", b"0\x80" * 20), kind="signed"),
    ]
    marked = [
        b"Return-Path: <>\nAuto-Submitted: auto-replied\n"
        b"Received: from x by y; Fri, 20 Nov 2026 09:12:45 +0100\n",
        b"Authentication-Results: mx.example.com; dkim=pass header.d=example.net; dmarc=pass\n"
        b"List-Id: <x.example.com>\n",
        b"From: Doe, John <j@example.net>, =?utf-8?q?=3Cx=40y=3E?= <z@example.net>\n"
        b"Date: Fri, 31 Feb 2026 25:00 XX\n",
        b'References: <a@b> <mail-api-ref-42@example.com>\nMessage-ID: <[x]>\nCc: "\n',
    ]
    heads = [HEAD, *(HEAD + fields for fields in marked)]
    made = [heads[number % len(heads)] + body for number, body in enumerate(bodies)]
    return (*ALL, *made, built(), *corpus.messages(12), next(corpus.messages(1, attachment=3000)))
