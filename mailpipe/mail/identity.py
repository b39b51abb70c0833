"""Makes the marks by which a reply is traced to its resource, and finds them again.

The id of a resource (*ref*) travels three times: in the address that replies go to
(``app+<ref>.<tag>@domain``, RFC 5233 subaddress), in a stable anchor in References
(``<app-ref-<ref>.<tag>@domain>``, so that clients group the conversation), and shortened in
brackets in the subject.  The tag is an HMAC (RFC 2104) of the ref, so that nobody can guess his way
into a resource; it does not depend on case, because some mail systems fold the case of addresses.
Without a key there is no tag, and nothing that is found is ever called verified.
"""

import hmac
import re
from dataclasses import dataclass
from hashlib import sha256

from mailpipe.errors import RecordError

LOCAL_LIMIT = 64  # octets of a local part, RFC 5321 section 4.5.3.1.1
SHORT_LIMIT = 24  # characters of a ref that the subject shows whole
TAG_BYTES = 10  # 80 bits, sixteen letters

# Base 32 (RFC 4648 section 6) in lower case, two letters at a time.
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [first + second for first in _LETTERS for second in _LETTERS]
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_NOT_PLAIN = re.compile(rb"[^A-Za-z0-9_-]")
_ESCAPED = re.compile(rb"=([0-9a-fA-F]{2})")
_BRACKETS = re.compile(r"\[([^\[\]\s]{1,24})\]")
_MARK = r"(?P<ref>(?:[A-Za-z0-9_-]|=[0-9a-f]{2})+)(?:\.(?P<tag>[a-z2-7]{16}))?"


@dataclass(frozen=True, slots=True)
class Found:
    """A ref that was found; ``verified`` is None when there is no key to verify with."""

    id: str
    verified: bool | None


def keyring(secret: str) -> tuple[bytes, ...]:
    """The keys in a secret, one on each line: the first one signs, all of them verify."""
    return tuple(line.strip().encode() for line in secret.splitlines() if line.strip())


class Identity:
    """The marks of one application: ``app`` is its local part, ``domain`` where replies arrive."""

    def __init__(self, app: str, domain: str, keys: tuple[bytes, ...] = ()) -> None:
        self.app = app
        self.domain = domain
        self._keys = keys
        self._last = ("", "")
        name = re.escape(app)
        # A forwarder that rewrites the sender (SRS) puts "=" before what is left of the address.
        self._address = re.compile(rf"(?:^|=){name}(?:\+|%2b){_MARK}@(?P<domain>[^@]+)$", re.IGNORECASE)
        self._anchor = re.compile(rf"{name}-ref-{_MARK}@.+", re.IGNORECASE)

    def address(self, ref: str) -> str:
        """The address that replies about ``ref`` go to.

        Raises :class:`RecordError` when the ref is empty, has control characters, or does not fit
        into the 64 octets of a local part.
        """
        local = f"{self.app}+{self._mark(ref)}"
        if len(local) > LOCAL_LIMIT:
            raise RecordError(
                f"ref {ref[:80]!r} is too long: the reply address would have {len(local)} octets "
                f"before the @, {LOCAL_LIMIT} are allowed",
                slug="bad-ref",
                hint="use a shorter ref, or set replyTo",
            )
        return f"{local}@{self.domain}"

    def anchor(self, ref: str) -> str:
        """The message id, without angle brackets, that every mail about ``ref`` refers to."""
        return f"{self.app}-ref-{self._mark(ref)}@{self.domain}"

    def message_id(self, unique: str, domain: str) -> str:
        """A message id, without angle brackets; ``domain`` is that of From."""
        return f"{self.app}-{unique}@{domain}"

    def tag(self, mark: str, key: bytes) -> str:
        """Sixteen lower-case letters and digits that prove that we made ``mark``."""
        text = b"addr\0" + self.app.lower().encode() + b"\0" + mark.lower().encode()
        number = int.from_bytes(hmac.digest(key, text, "sha256")[:TAG_BYTES], "big")
        return "".join([_PAIRS[number >> shift & 1023] for shift in range(70, -1, -10)])

    def find_address(self, address: str) -> Found | None:
        """The ref in an address of ours; None for every other address.

        An address at another domain counts only if its tag is right: somebody forwarded it.
        """
        match = self._address.search(address)
        if match is None:
            return None
        found = self._found(match)
        ours = match["domain"].lower() == self.domain.lower()
        return found if ours or found.verified else None

    def find_anchor(self, message_id: str) -> Found | None:
        """The ref in one id from References or In-Reply-To; None if it is not an anchor of ours."""
        match = self._anchor.fullmatch(message_id.strip().strip("<>"))
        return self._found(match) if match else None

    def _mark(self, ref: str) -> str:
        if self._last[0] != ref:  # one message needs it twice, for its address and for its anchor
            mark = escape(ref)
            self._last = (ref, f"{mark}.{self.tag(mark, self._keys[0])}" if self._keys else mark)
        return self._last[1]

    def _found(self, match: re.Match[str]) -> Found:
        mark, tag = match["ref"], (match["tag"] or "").lower()
        if not self._keys:
            return Found(unescape(mark), None)
        good = [hmac.compare_digest(self.tag(mark, key), tag) for key in self._keys]
        return Found(unescape(mark), any(good))


def escape(ref: str) -> str:
    """The ref as characters that every mail system takes in a local part; others become ``=2e``.

    Raises :class:`RecordError` for an empty ref and for one with control characters.
    """
    if _PLAIN.fullmatch(ref):
        return ref
    if not ref.strip() or not ref.isprintable():
        raise RecordError(f"ref {ref[:80]!r} is empty or has control characters", slug="bad-ref")
    return _NOT_PLAIN.sub(lambda m: b"=%02x" % m[0][0], ref.encode()).decode()


def unescape(mark: str) -> str:
    """The ref that :func:`escape` was given, save for its case if a mail system changed that."""
    raw = _ESCAPED.sub(lambda m: bytes([int(m[1], 16)]), mark.encode())
    return raw.decode("utf-8", "replace")


def short(ref: str) -> str:
    """What stands in brackets in the subject: the first group of a UUID, a short ref whole.

    Of any other ref it is a digest, which people can compare and programs can look up.
    """
    if _UUID.fullmatch(ref):
        return ref[:8]
    if len(ref) <= SHORT_LIMIT and _BRACKETS.fullmatch(f"[{ref}]"):
        return ref
    return sha256(ref.encode("utf-8", "replace")).hexdigest()[:8]


def find_short(subject: str) -> list[str]:
    """Every word in brackets that may be a short ref, in order: ``Re: [a74e22bb] Check`` has one."""
    return _BRACKETS.findall(subject)
