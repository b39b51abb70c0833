"""Answer a server's SASL challenges (RFC 4422): octets in, octets out; no socket here."""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from mailpipe.errors import UnavailableError


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user and how to prove it; secrets are read when they are needed and shown nowhere."""

    user: str
    password: Callable[[], str] | None = field(default=None, repr=False)
    token: Callable[[], str] | None = field(default=None, repr=False)
    host: str = ""
    port: int = 0


@dataclass(frozen=True, slots=True)
class Exchange:
    """A mechanism at work: what to send first, and what to each challenge; both not yet base64.

    ``first`` is None where the server speaks first.
    """

    mechanism: str
    first: bytes | None = field(repr=False)
    answers: Sequence[Callable[[bytes], bytes]] = field(default=(), repr=False)


def choose(offered: Collection[str], credentials: Credentials) -> Exchange:
    """The best mechanism that both sides know; raises UnavailableError when there is none.

    A token goes by OAUTHBEARER or XOAUTH2; a password, which only ever goes over TLS or to this
    very host, by PLAIN, LOGIN or CRAM-MD5.
    """
    known = {name.upper() for name in offered}
    ways = _TOKEN if credentials.token else _PASSWORD
    for name, way in ways.items():
        if name in known:
            return way(credentials)
    there = ", ".join(sorted(known)) or "none"
    raise UnavailableError(f"no usable way to log in: the server offers {there}, we have {', '.join(ways)}")


def encoded(data: bytes) -> bytes:
    """Base64 as SASL profiles send it; an empty answer is ``=`` where it comes with the command."""
    return b64encode(data)


def _secret(read: Callable[[], str] | None) -> bytes:
    assert read is not None
    return read().encode("utf-8", "surrogateescape")


def _plain(who: Credentials) -> Exchange:
    return Exchange("PLAIN", b"\0%b\0%b" % (who.user.encode(), _secret(who.password)))


def _login(who: Credentials) -> Exchange:
    secret = _secret(who.password)
    return Exchange("LOGIN", None, [lambda _: who.user.encode(), lambda _: secret])


def _cram_md5(who: Credentials) -> Exchange:
    secret = _secret(who.password)

    def answer(challenge: bytes) -> bytes:
        digest = hmac.new(secret, challenge, hashlib.md5).hexdigest()
        return f"{who.user} {digest}".encode()

    return Exchange("CRAM-MD5", None, [answer])


def _oauthbearer(who: Credentials) -> Exchange:
    # RFC 7628 section 3.1; a failure comes as a challenge with JSON, to be answered with ^A.
    user = who.user.replace("=", "=3D").replace(",", "=2C")  # saslname, RFC 5801 section 4
    head = f"n,a={user},\1host={who.host}\1port={who.port}\1auth=Bearer ".encode()
    return Exchange("OAUTHBEARER", head + _secret(who.token) + b"\1\1", [lambda _: b"\1"])


def _xoauth2(who: Credentials) -> Exchange:
    # A failure comes as a challenge with JSON, to be answered with nothing; then the server refuses.
    head = f"user={who.user}\1auth=Bearer ".encode()
    return Exchange("XOAUTH2", head + _secret(who.token) + b"\1\1", [lambda _: b""])


_PASSWORD: dict[str, Callable[[Credentials], Exchange]] = {
    "PLAIN": _plain,
    "LOGIN": _login,
    "CRAM-MD5": _cram_md5,
}
_TOKEN: dict[str, Callable[[Credentials], Exchange]] = {"OAUTHBEARER": _oauthbearer, "XOAUTH2": _xoauth2}
