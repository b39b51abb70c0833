"""Lays out signed and encrypted entities (RFC 1847, RFC 8551 section 3) around what openssl makes."""

import re
from collections.abc import Iterable

from mailpipe.mail import compose

_7BIT = b"Content-Transfer-Encoding: 7bit\r\n"
_QP = b"Content-Transfer-Encoding: quoted-printable\r\n"
_FROM = re.compile(rb"(?m)^From ")
_UNSTEADY = re.compile(rb"(?m)^From |[ \t]\r$|[ \t]\Z")


def steady(parts: Iterable[bytes]) -> list[bytes]:
    """The parts so that no server on the way has a reason to change them (RFC 1847 section 2.1).

    Old ones take blanks from the ends of lines and write ``>From``: such lines are encoded.
    """
    return [_steady(part) for part in parts]


def _steady(part: bytes) -> bytes:
    head, gap, body = part.partition(b"\r\n\r\n")
    head += b"\r\n"
    if _7BIT in head and _UNSTEADY.search(body):
        head, body = head.replace(_7BIT, _QP), compose.quoted_printable(body)
    if _QP in head:
        body = _FROM.sub(b"=46rom=\r\n ", body)
    return head[:-2] + gap + body


def signed(entity: bytes, signature: bytes, unique: str) -> bytes:
    """A multipart/signed of an entity and its detached signature in DER."""
    attached = (
        b'Content-Type: application/pkcs7-signature; name="smime.p7s"\r\n'
        b"Content-Transfer-Encoding: base64\r\n"
        b'Content-Disposition: attachment; filename="smime.p7s"\r\n\r\n'
    ) + compose.base64(signature)
    # The name with a hyphen is that of RFC 5751 section 3.4.3.2 and later.
    parameters = '; protocol="application/pkcs7-signature";\r\n micalg=sha-256'
    return compose.multipart("signed", [entity, attached], unique, parameters)


def encrypted(enveloped: bytes, authenticated: bool) -> bytes:
    """An application/pkcs7-mime of CMS in DER; ``authenticated`` if it is AuthEnvelopedData."""
    kind = "authEnveloped-data" if authenticated else "enveloped-data"
    return (
        f'Content-Type: application/pkcs7-mime; smime-type={kind};\r\n name="smime.p7m"\r\n'
        "Content-Transfer-Encoding: base64\r\n"
        'Content-Disposition: attachment; filename="smime.p7m"\r\n\r\n'
    ).encode() + compose.base64(enveloped)
