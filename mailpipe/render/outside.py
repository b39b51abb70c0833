"""Brings in what rendering needs from outside: the account, the clock, randomness, the one raw message."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from time import time

import pybase64

from mailpipe.config import Settings
from mailpipe.errors import ConfigError, RecordError, UsageError
from mailpipe.mail import mailbox
from mailpipe.mail.identity import keyring
from mailpipe.mail.smime import Sealer
from mailpipe.record import Record, has_failed
from mailpipe.render.budget import Budget
from mailpipe.render.message import Outside, Sender
from mailpipe.render.template import Template
from mailpipe.render.tracking import Copier


def sender(settings: Settings, account: str | None) -> Sender:
    """Who sends, from the configuration; raises ConfigError."""
    chosen = settings.optional_account(account)
    try:
        from_ = mailbox.parse(chosen.from_) if chosen.from_ else None
    except RecordError as exc:
        raise ConfigError(f"from of account {chosen.name!r}: {exc}") from exc
    keys = keyring(chosen.ref_key.read()) if chosen.ref_key else ()
    if chosen.ref_key and not keys:
        raise ConfigError(f"refKey of account {chosen.name!r} is empty")
    return Sender(from_, settings.config.app, settings.config.domain, keys)


def secret() -> str:
    """Digits that nobody can guess."""
    return str(int.from_bytes(os.urandom(6), "big"))


def outside() -> Outside:
    """The clock and randomness; both are computed when SOURCE_DATE_EPOCH is set.

    See https://reproducible-builds.org/specs/source-date-epoch/.
    """
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given is None:
        return Outside(clock(), _random, Budget())
    try:
        moment = datetime.fromtimestamp(int(given), UTC)
    except (ValueError, OverflowError, OSError) as exc:
        raise UsageError("SOURCE_DATE_EPOCH is not a number of seconds") from exc
    return Outside(lambda: moment, counted(), Budget())


def clock() -> Callable[[], datetime]:
    """The time to the second, with the offset of this machine."""
    second, moment = 0, datetime.now(UTC)

    def now() -> datetime:
        nonlocal second, moment
        current = int(time())
        if current != second:  # working out the offset takes longer than a tenth of a message
            second, moment = current, datetime.fromtimestamp(current).astimezone()
        return moment

    return now


def _random(_content: bytes) -> str:
    """A version 4 UUID, RFC 9562 section 5.4."""
    raw = bytearray(os.urandom(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    return _uuid(raw.hex())


def counted() -> Callable[[bytes], str]:
    """A version 8 UUID of the content and of its number in the run, RFC 9562 section 5.8."""
    number = 0

    def unique(content: bytes) -> str:
        nonlocal number
        number += 1
        raw = bytearray(sha256(b"%d\0%b" % (number, content)).digest()[:16])
        raw[6] = raw[6] & 0x0F | 0x80
        raw[8] = raw[8] & 0x3F | 0x80
        return _uuid(raw.hex())

    return unique


def _uuid(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def copier(settings: Settings, template: Template, unique: Callable[[bytes], str]) -> Copier | None:
    """What makes a copy for each recipient; None where the template tracks nothing."""
    if not template.tracks:
        return None
    from mailpipe.wire.trackkeys import keys

    return Copier(template.tracked, lambda: keys(settings)[0], unique)


def sealer(settings: Settings, account: str | None, template: Template) -> Sealer | None:
    """What signs and encrypts; None where the template wants neither.

    Raises ConfigError if our own certificate or key cannot be used: before anything is made.
    """
    if not any(template.seals):
        return None
    from mailpipe.wire.smime_seal import Sealer as Own  # runs programs; few templates need it

    made = Own(settings.optional_account(account).smime)
    made.ready(sign=template.seals.sign, encrypt=template.seals.encrypt)
    return made


def single() -> Callable[[Record], bytes]:
    """The encoder of ``--eml``: the octets of one message; raises UsageError at a second one."""
    written = False

    def encode(record: Record) -> bytes:
        nonlocal written
        if has_failed(record):
            return b""
        if written:
            raise UsageError("--eml writes one message, there are more", hint="add --limit 1")
        written = True
        return pybase64.b64decode(record["raw"])

    return encode
