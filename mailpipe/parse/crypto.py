"""Opens S/MIME (RFC 8551): decides what of a message is signed and encrypted, and what may be believed.

The whole message is peeled layer by layer: what is inside takes its place.  A protected part beside other
parts is opened too, but what is in it is kept apart: put next to plain text, decrypted text could be led
out by it (CVE-2017-17689), and a signature would seem to cover what it does not.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from mailpipe.mail import cms, mime
from mailpipe.mail.mime import Part
from mailpipe.mail.smime import Certificate, Opener, Verified

MAX_LAYERS = 5  # signed within encrypted within signed is three
MAX_APART = 5  # protected parts beside others that are opened

_MIME_TYPES = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_SIGNATURE_TYPES = ("application/pkcs7-signature", "application/x-pkcs7-signature")
_UNTYPED = ("application/octet-stream", "application/x-download")


class Opened(NamedTuple):
    """The message as it is inside, the record's ``crypto`` or None, and protected parts of other messages.

    ``apart`` holds pairs: what to say of a part, and the tree that was inside it, or None.
    """

    root: Part
    crypto: dict[str, Any] | None
    apart: list[tuple[dict[str, Any], Part | None]]


def is_protected(root: Part) -> bool:
    """Whether there is anything to open; a look at types and names, nothing more."""
    todo = [root]
    while todo:
        part = todo.pop()
        if _is_clear_signed(part) or _is_opaque(part):
            return True
        todo.extend(part.parts)
    return False


def open_message(root: Part, authors: Sequence[str], opener: Opener | None, defects: list[str]) -> Opened:
    """Open a message; ``authors`` are the addresses of From, none if it is in doubt who the author is."""
    peeler = _Peeler(authors, opener, defects)
    inside, report = peeler.peel(root)
    apart: list[tuple[dict[str, Any], Part | None]] = []
    if not report:
        signed = next((part for part in _walk(inside) if _is_clear_signed(part)), None)
        if signed is not None:
            report = peeler.report_signed(signed)
    for part in _walk(inside):
        if part is inside or not _is_opaque(part):
            continue
        if len(apart) >= MAX_APART:
            defects.append("limit:crypto")
            break
        content, inner = peeler.peel(part)
        if inner:
            apart.append(({"partId": part.id or "1", **inner}, content if content is not part else None))
    _cover(report, inside)
    for described, tree in apart:
        _cover(described, tree)
        _confine(described)
    return Opened(inside, report or None, apart)


class _Peeler:
    """Takes layers off; the innermost signature is the one that speaks of the text."""

    def __init__(self, authors: Sequence[str], opener: Opener | None, defects: list[str]) -> None:
        self._author = authors[0].lower() if len(authors) == 1 else None
        self._opener = opener
        self._defects = defects

    def peel(self, part: Part) -> tuple[Part, dict[str, Any]]:
        """What is inside of a part that is wholly protected, and the report."""
        report: dict[str, Any] = {}
        for _ in range(MAX_LAYERS):
            while part.type == "multipart/mixed" and len(part.parts) == 1:
                part = part.parts[0]
            if _is_clear_signed(part):
                report |= self.report_signed(part)
                if not _is_opaque(part.parts[0]):
                    return part, report
                part = part.parts[0]
            elif _is_opaque(part):
                content = self._open(part, report)
                if content is None:
                    return part, report
                part = self._tree(content)
            else:
                return part, report
        self._defects.append("limit:crypto")
        return part, report

    def report_signed(self, part: Part) -> dict[str, Any]:
        """The report of a multipart/signed: its first part is what is signed (RFC 1847 section 2.1)."""
        signature, wrong = part.parts[1].content()
        self._defects.extend(wrong)
        kind = cms.sniff(signature)
        if kind is None or kind.name != "signed":
            return {"signed": {"verified": False, "reason": "unreadable", "matchesFrom": False}}
        described = self._judged(signature, _forms(part.parts[0].raw()), kind)
        described["covers"] = [each.id or "1" for each in _leaves(part.parts[0])]
        return {"signed": described}

    def _open(self, part: Part, report: dict[str, Any]) -> bytes | None:
        data, wrong = part.content()
        self._defects.extend(wrong)
        kind = cms.sniff(data)
        if kind is None:
            self._defects.append("crypto-unreadable")
            return None
        if kind.name == "signed":
            described = self._judged(data, (), kind)
            content = described.pop("content", None)
            report["signed"] = described
            return content if isinstance(content, bytes) else None
        if kind.name == "compressed":
            self._defects.append("crypto-compressed")
            return None
        # What was signed outside of this layer was the ciphertext, not the text.
        report.pop("signed", None)
        return self._decrypt(data, kind, report)

    def _decrypt(self, data: bytes, kind: cms.Kind, report: dict[str, Any]) -> bytes | None:
        opened = self._opener.decrypt(data) if self._opener else None
        content = opened.content if opened else None
        reason = opened.reason if opened else "not-configured"
        authenticated = kind.name == "auth-enveloped"
        if not authenticated:
            # Whoever carried the message may have changed it (CVE-2017-17689); only a signature inside helps.
            self._defects.append("encryption-without-integrity")
        if content is None and reason.startswith("openssl-"):
            self._defects.append(reason)
        report["encrypted"] = {
            "decrypted": content is not None,
            **({"reason": reason} if content is None else {}),
            "cipher": kind.cipher or None,
            "integrity": "authenticated" if authenticated else "none",
        }
        return content

    def _tree(self, content: bytes) -> Part:
        message = mime.read(content)
        self._defects.extend(message.defects)
        for part in message.walk():
            self._defects.extend(part.defects)
        return message.root

    def _judged(self, signed: bytes, forms: Sequence[bytes], kind: cms.Kind) -> dict[str, Any]:
        found = self._opener.verify(signed, forms) if self._opener else Verified(None, None, "not-configured")
        if found.reason.startswith("openssl-"):
            self._defects.append(found.reason)
        signer = _of_author(found.signers, self._author)
        matches = signer is not None and self._author in signer.emails
        verified, reason = _verdict(found, kind, matches)
        described: dict[str, Any] = {"verified": verified}
        if reason:
            described["reason"] = reason
        if signer is not None:
            described["signer"] = _person(signer)
        described["matchesFrom"] = matches
        described["digest"] = kind.digests[0] if kind.digests else None
        if found.content is not None:
            described["content"] = found.content
        return described


def _verdict(found: Verified, kind: cms.Kind, matches: bool) -> tuple[bool | None, str]:
    """Whether the author of the message has signed what is in it, and if not, why."""
    if found.intact is None:
        return (False if found.reason == "unreadable" else None), found.reason
    if not found.intact:
        return False, found.reason
    if not set(kind.digests) <= cms.STRONG_DIGESTS or not kind.digests:
        return False, "weak-digest"
    if found.trusted is False:
        return False, found.reason
    if not matches:
        return False, "other-sender"
    return (None, found.reason) if found.trusted is None else (True, "")


def _of_author(signers: Sequence[Certificate], author: str | None) -> Certificate | None:
    """The signer whose certificate has the author's address, else the first."""
    return next((each for each in signers if author in each.emails), signers[0] if signers else None)


def _person(certificate: Certificate) -> dict[str, Any]:
    return {
        "email": list(certificate.emails),
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "serial": certificate.serial,
        "fingerprint": f"sha256:{certificate.fingerprint}",
        "notAfter": certificate.not_after.isoformat(),
    }


def _cover(report: dict[str, Any], tree: Part | None) -> None:
    """Say which parts of the tree are covered; a signature over a part of the message verifies no message."""
    leaves = [part.id or "1" for part in _leaves(tree)] if tree is not None else []
    if "encrypted" in report and report["encrypted"]["decrypted"]:
        report["encrypted"]["covers"] = leaves
    signed = report.get("signed")
    if signed is None:
        return
    covered = signed.setdefault("covers", leaves)
    bare = [part for part in _leaves(tree) if (part.id or "1") not in covered] if tree is not None else []
    if any(part.type not in _SIGNATURE_TYPES or not _is_signature(part) for part in bare):
        signed["covers"] = covered
        if signed["verified"] is not False:
            signed |= {"verified": False, "reason": "covers-part"}


def _confine(described: dict[str, Any]) -> None:
    """A signature within a part beside others says nothing about the message."""
    signed = described.get("signed")
    if signed is not None and signed["verified"] is not False:
        signed |= {"verified": False, "reason": "covers-part"}


def _is_signature(part: Part) -> bool:
    """Whether a part is the second of a multipart/signed, and not something that only has its type."""
    parent = part.parent
    return parent is not None and _is_clear_signed(parent) and parent.parts[1] is part


def _forms(raw: bytes) -> list[bytes]:
    """The content as it was signed: with CR LF (RFC 8551 section 3.1.1), or, by some, as it lies here."""
    canonical = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return [canonical] if canonical == raw else [canonical, raw]


def _is_clear_signed(part: Part) -> bool:
    if part.type != "multipart/signed" or len(part.parts) < 2:
        return False
    second = part.parts[1]
    return second.type in _SIGNATURE_TYPES or (
        second.type in _UNTYPED and (second.name or "").lower().endswith(".p7s")
    )


def _is_opaque(part: Part) -> bool:
    if part.type in _MIME_TYPES:
        return True
    return part.type in _UNTYPED and (part.name or "").lower().endswith(".p7m")


def _walk(root: Part) -> list[Part]:
    return mime.Message(root, []).walk()


def _leaves(root: Part | None) -> list[Part]:
    return [part for part in _walk(root) if not part.parts] if root is not None else []
