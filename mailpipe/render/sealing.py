"""Signs and encrypts a finished message, where its template says so (S/MIME, RFC 8551)."""

from collections.abc import Callable
from typing import Any, NamedTuple

from mailpipe.errors import ConfigError, RecordError
from mailpipe.mail import seal
from mailpipe.mail.smime import Sealer
from mailpipe.render.fields import Field, Values
from mailpipe.render.options import said, switch


class Wanted(NamedTuple):
    """Whether a message is signed, and whether it is encrypted."""

    sign: bool = False
    encrypt: bool = False


class Option:
    """The keys ``sign`` and ``encrypt``: true, false, or templates of these words."""

    def __init__(self, sign: Any, encrypt: Any, field: Callable[[str, Any], Field | None], name: str) -> None:
        """Compile them; ``field`` makes one template.  Raises :class:`ConfigError`."""
        self._sign = self._compiled("sign", sign, field, name)
        self._encrypt = self._compiled("encrypt", encrypt, field, name)
        self.possible = Wanted(self._sign is not None, self._encrypt is not None)

    def _compiled(
        self, key: str, value: Any, field: Callable[[str, Any], Field | None], name: str
    ) -> Field | None:
        made = field(key, value)
        if made is None or made.constant is None:
            return made
        return made if switch(key, value, name) else None

    def wanted(self, values: Values) -> Wanted:
        """What they say of one record; raises :class:`RecordError`."""
        return Wanted(
            said("sign", self._sign.text(values)) if self._sign else False,
            said("encrypt", self._encrypt.text(values)) if self._encrypt else False,
        )


class Lock:
    """Seals the messages of one sender."""

    def __init__(self, sealer: Sealer | None) -> None:
        self._sealer = sealer

    def sealed(self, entity: bytes, wanted: Wanted, people: dict[str, list[str]], unique: str) -> bytes:
        """The entity, signed and then encrypted as is wanted; raises :class:`RecordError` or ConfigError.

        ``people`` are the addresses by from, to, cc, bcc.
        """
        if not wanted.sign and not wanted.encrypt:
            return entity
        if self._sealer is None:
            raise ConfigError(
                "nothing is configured to sign or encrypt with", hint="set smime of the account"
            )
        if wanted.sign:
            signature = self._sealer.sign(entity, people["from"][0])
            entity = seal.signed(entity, signature, unique)
        if wanted.encrypt:
            if people["bcc"]:
                raise RecordError(
                    "an encrypted message says in clear whose keys open it: bcc would be seen by all",
                    slug="bcc-encrypted",
                    hint="send those a message of their own",
                )
            enveloped = self._sealer.encrypt(entity, [*people["to"], *people["cc"]])
            entity = seal.encrypted(enveloped.octets, enveloped.authenticated)
        return entity
