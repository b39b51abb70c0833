"""Reads and writes one address, strictly: for mail that goes out, where a guess is a wrong recipient.

One text is one mailbox (RFC 5322 section 3.4): no lists, no groups, no comments, no obsolete forms.
Reading addresses out of incoming mail, where every form occurs, is not done here.
"""

import re
import unicodedata
from typing import NamedTuple

from mailpipe.errors import RecordError

LOCAL_LIMIT = 64  # octets, RFC 5321 section 4.5.3.1.1
DOMAIN_LIMIT = 253  # octets; 255 on the DNS wire, RFC 1035 section 2.3.4
ADDRESS_LIMIT = 254  # octets, RFC 5321 section 4.5.3.1.3 with errata 1690
NAME_LIMIT = 998  # characters

# Every character but blanks, controls and specials (RFC 5322 section 3.2.3, RFC 6531 section 3.3).
_ATOM = r'[^\0-\x20\x7f()<>\[\]:;@\\,."]+'
_LOCAL = re.compile(rf'{_ATOM}(?:\.{_ATOM})*|"(?:[^"\\]|\\.)*"')
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_QUICK = re.compile(rf"[A-Za-z0-9_+=.-]{{1,64}}@({_LABEL}(?:\.{_LABEL})*)")
_ADDRESS = re.compile(r'(?P<local>"(?:[^"\\]|\\.)*"|[^"@]+)@(?P<domain>[^@]+)')
_NAMED = re.compile(r'(?P<name>"(?:[^"\\]|\\.)*"|[^"<>]*?)\s*<(?P<email>[^<>]*|"(?:[^"\\]|\\.)*"@[^<>]*)>')
_SPECIALS = re.compile(r'[()<>\[\]:;@\\,"]')
_DOTS = re.compile("[\u3002\uff0e\uff61]")
_ESCAPE = re.compile(r"\\(.)")
_ENCODED_WORD = re.compile(r"=\?[^?\s]*\?[bq]\?", re.IGNORECASE)
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_HIDDEN = ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")
_JOINERS = "\u200c\u200d"  # needed to write Persian and many emoji; allowed in names only


class Mailbox(NamedTuple):
    """A display name, or None, and an address whose domain is ASCII (A-labels)."""

    name: str | None
    email: str

    def as_record(self) -> dict[str, str | None]:
        """As in JMAP: ``{name, email}`` (RFC 8621 section 4.1.2.3)."""
        return {"name": self.name, "email": self.email}

    @property
    def domain(self) -> str:
        return self.email.rpartition("@")[2]

    @property
    def key(self) -> str:
        """Equal for two spellings of one mailbox: nobody wants a mail twice for its capitals."""
        return self.email.lower()


def parse(text: str) -> Mailbox:
    """One mailbox from ``address``, ``Name <address>`` or ``"Name, quoted" <address>``.

    Raises :class:`RecordError` with what is wrong and how to write it.
    """
    return named(*split(text))


def split(text: str) -> tuple[str | None, str]:
    """The name, unquoted, and the address of one mailbox; neither is looked into.

    Raises :class:`RecordError` if the text cannot be exactly one mailbox.
    """
    text = text.strip(" ")
    if "<" not in text:
        return None, text
    match = _NAMED.fullmatch(text)
    if match is None:
        raise bad(text, "is not one address", "write each address as an item of its own")
    name = match["name"]
    if name.startswith('"'):
        return _ESCAPE.sub(r"\1", name[1:-1]), match["email"]
    if _SPECIALS.search(name):
        hint = 'quote a name with special characters: "Widgets, Inc." <w@example.com>'
        raise bad(text, "is not one address", hint)
    return name, match["email"]


def named(name: str | None, email: str) -> Mailbox:
    """A mailbox of a name, which may be any text without control characters, and an address."""
    if name is not None:
        name = display_name(name)
    return Mailbox(name or None, address(email))


def display_name(name: str) -> str:
    """The name with its outer blanks removed; raises :class:`RecordError` for one that would deceive."""
    if name.isascii() and name.isprintable() and "=?" not in name and len(name) <= NAME_LIMIT:
        return name.strip()
    if len(name) > NAME_LIMIT:
        raise bad(name, f"is a name of {len(name)} characters", f"{NAME_LIMIT} are allowed")
    for character in name:
        if character not in _JOINERS and unicodedata.category(character) in _HIDDEN:
            raise bad(
                name, f"has the character U+{ord(character):04X} in its name", "remove it from the data"
            )
    if _ENCODED_WORD.search(name):
        raise bad(name, "has a name with an encoded word in it", "give names as plain text")
    return name.strip()


def address(text: str) -> str:
    """The address, its domain in ASCII; raises :class:`RecordError` if it is not one address.

    Domains are those of IDNA 2008 (RFC 5891), so ``straße.de`` stays another domain than
    ``strasse.de``.  A local part may have any letters (RFC 6531).
    """
    quick = _QUICK.fullmatch(text)
    if quick and len(text) <= ADDRESS_LIMIT and ".." not in text and "xn--" not in text.lower():
        local = text[: quick.start(1) - 1]
        if local[0] != "." and local[-1] != "." and len(quick[1]) <= DOMAIN_LIMIT:
            return text
    _refuse_hidden(text)
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise bad(text, "is not one address")
    local, host = match["local"], _domain(text, match["domain"])
    if not _LOCAL.fullmatch(local):
        raise bad(text, f"has {local!r} before the @, which no mail system takes")
    if len(local.encode()) > LOCAL_LIMIT:
        raise bad(text, f"has {len(local.encode())} octets before the @", f"{LOCAL_LIMIT} are allowed")
    if len(local.encode()) + 1 + len(host) > ADDRESS_LIMIT:
        raise bad(text, "is too long", f"an address has at most {ADDRESS_LIMIT} octets")
    return f"{local}@{host}"


def _refuse_hidden(text: str) -> None:
    for character in text:
        kind = unicodedata.category(character)
        if kind in _HIDDEN or (kind == "Zs" and character != " "):
            raise bad(text, f"has the character U+{ord(character):04X} in it", "remove it from the data")


def _domain(text: str, host: str) -> str:
    if host.startswith("["):
        return _literal(text, host)
    if not host.isascii() or "xn--" in host.lower():
        host = _a_labels(text, host)
    if not _DOMAIN.fullmatch(host) or len(host) > DOMAIN_LIMIT:
        raise bad(text, f"has {host!r} after the @, which is not a domain")
    return host


def _a_labels(text: str, host: str) -> str:
    import idna

    if _DOTS.search(host):
        raise bad(text, "has a full stop in its domain that only looks like one")
    try:
        return idna.encode(unicodedata.normalize("NFC", host.lower())).decode()
    except UnicodeError as exc:  # idna.IDNAError is one
        raise bad(text, f"has a domain that IDNA 2008 does not allow ({exc})") from exc


def _literal(text: str, host: str) -> str:
    """An address literal, RFC 5321 section 4.1.3: ``[192.0.2.1]`` or ``[IPv6:2001:db8::1]``."""
    import ipaddress

    inner = host[1:-1] if host.endswith("]") else ""
    try:
        if inner[:5].lower() == "ipv6:":
            ipaddress.IPv6Address(inner[5:])
        else:
            ipaddress.IPv4Address(inner)
    except ValueError as exc:
        raise bad(text, f"has {host!r} after the @, which is not an address literal") from exc
    return host


def bad(text: str, why: str, hint: str = "") -> RecordError:
    """The error for one address, with the text shown so that nothing in it is invisible."""
    return RecordError(f"the address {text[:120]!r} {why}", slug="bad-address", hint=hint)
