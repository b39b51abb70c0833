"""What verifying, decrypting, signing and encrypting (S/MIME, RFC 8551) ask for and give; no cryptography."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol


class Certificate(NamedTuple):
    """A certificate, as far as decisions need it; ``emails`` in lower case, ``usages`` as OpenSSL names them.

    ``usages`` is empty if the certificate restricts nothing.
    """

    subject: str
    issuer: str
    serial: str
    emails: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    fingerprint: str
    usages: tuple[str, ...] = ()
    algorithm: str = ""


class Verified(NamedTuple):
    """What became of a signature.

    ``intact`` says whether the content is what was signed (None: could not be found out), ``trusted`` whether
    the signer's certificate leads to somebody whom the account trusts (None: nobody is trusted).
    ``reason`` says why one of them is not true, as a stable slug.
    """

    intact: bool | None
    trusted: bool | None
    reason: str
    content: bytes | None = None
    signers: tuple[Certificate, ...] = ()


class Decrypted(NamedTuple):
    """The content, or why there is none, as a stable slug."""

    content: bytes | None
    reason: str = ""


class Opener(Protocol):
    """Opens what others have sent.  Neither method raises for anything that is in a message."""

    def verify(self, signed: bytes, contents: Sequence[bytes]) -> Verified:
        """Verify CMS signed-data; ``contents`` are the forms that a detached content may have."""
        ...

    def decrypt(self, enveloped: bytes) -> Decrypted:
        """Decrypt CMS enveloped-data with any of the account's keys."""
        ...


class Enveloped(NamedTuple):
    """CMS in DER: AuthEnvelopedData if ``authenticated``, else EnvelopedData."""

    octets: bytes
    authenticated: bool


class Sealer(Protocol):
    """Protects what we send, with the keys of one account.

    Raises ConfigError if a key or certificate of our own cannot be used, RecordError if one of the sender
    or of a recipient of this message is missing or not good.
    """

    def ready(self, *, sign: bool, encrypt: bool) -> None:
        """Look at our own keys and certificates before anything is made."""
        ...

    def sign(self, entity: bytes, sender: str) -> bytes:
        """The detached signature of an entity with CR LF, in DER."""
        ...

    def encrypt(self, entity: bytes, recipients: Sequence[str]) -> Enveloped:
        """An entity encrypted to all recipients and to ourselves."""
        ...
