"""Signs and encrypts with the certificates of one account, by openssl, after looking at each of them."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from mailpipe.config import KeyPair, Smime
from mailpipe.errors import ConfigError, RecordError
from mailpipe.mail.smime import Certificate, Enveloped
from mailpipe.wire import openssl
from mailpipe.wire.smime_open import authorities_of, check_key

_ADDRESS = re.compile(
    r"[a-z0-9!#$%&'*+=?^_`{|}~-][a-z0-9!#$%&'*+=?^_`{|}~.@-]*"
)  # a file name, without slash
_SIGNING = frozenset({"Digital Signature", "Non Repudiation"})
_PURPOSES = frozenset({"E-mail Protection", "Any Extended Key Usage"})


class _Own:
    """Our own certificate and key, looked at once."""

    def __init__(self, pair: KeyPair) -> None:
        check_key(pair)
        self.pair = pair
        self.blocks = openssl.blocks(_read(pair.certificate))
        found = openssl.certificate(self.blocks[0]) if self.blocks else None
        if found is None:
            raise ConfigError(f"{pair.certificate}: there is no certificate in it", hint="it is a PEM file")
        self.certificate = found
        self.phrase = pair.passphrase.read() if pair.passphrase else ""
        self._check_pair()

    def _check_pair(self) -> None:
        """Openssl would sign with any key, and everybody would refuse the signature."""
        with openssl.Session() as session:
            phrase = session.passphrase(self.phrase)
            key = session.run(["pkey", "-pubout", "-in", self.pair.key, *phrase])
        if not key.ok:
            raise ConfigError(f"openssl cannot read {self.pair.key}", hint="is its passphrase right?")
        public = openssl.run(["x509", "-noout", "-pubkey"], self.blocks[0])
        if public.output.strip() != key.output.strip():
            raise ConfigError(
                f"{self.pair.key} is not the key of {self.pair.certificate}",
                hint="our certificate comes first in the file, then those of its issuers",
            )


class Sealer:
    """Signs and encrypts for one account; see :class:`mailpipe.mail.smime.Sealer`."""

    def __init__(self, smime: Smime) -> None:
        self._smime = smime
        self._signing: _Own | None = None
        self._ours: bytes | None = None
        self._recipients: dict[str, bytes] = {}
        self._cipher = "" if smime.cipher == "auto" else smime.cipher

    def ready(self, *, sign: bool, encrypt: bool) -> None:
        """Raises ConfigError if our own certificate is missing, expired or for something else."""
        if sign:
            self._signer()
        if encrypt:
            self._own_for_encryption()
            if self._smime.recipients is None:
                raise ConfigError(
                    "no certificates of recipients are configured", hint="set recipients of smime"
                )

    def sign(self, entity: bytes, sender: str) -> bytes:
        """The detached signature; raises RecordError if the certificate is not that of the sender."""
        own = self._signer()
        if sender.lower() not in own.certificate.emails:
            named = ", ".join(own.certificate.emails) or "nobody"
            raise RecordError(
                f"the certificate is that of {named}, not of {sender}",
                slug="bad-signer",
                hint="everybody would see a signature of somebody else",
            )
        with openssl.Session() as session:
            args = ["cms", "-sign", "-binary", "-outform", "DER", "-md", "sha256"]
            args += ["-signer", session.holding(own.blocks[0])[0], "-inkey", own.pair.key]
            if own.blocks[1:]:
                args += ["-certfile", session.holding(b"\n".join(own.blocks[1:]))[0]]
            done = session.run([*args, *session.passphrase(own.phrase)], entity)
        if not done.ok:
            raise ConfigError(f"openssl does not sign with {own.pair.key}: {_last(done.said)}")
        return done.output

    def encrypt(self, entity: bytes, recipients: Sequence[str]) -> Enveloped:
        """Encrypted to all; raises RecordError if one has no good certificate."""
        listed = [self._recipient(address.lower()) for address in recipients]
        wanted = list(dict.fromkeys([*listed, self._own_for_encryption()]))
        for cipher in [self._cipher] if self._cipher else ["aes-256-gcm", "aes-256-cbc"]:
            with openssl.Session() as session:
                people = [session.holding(each)[0] for each in wanted]
                args = ["cms", "-encrypt", "-binary", "-outform", "DER", f"-{cipher}", *people]
                done = session.run(args, entity)
            if done.ok:
                self._cipher = cipher  # what openssl has not it will not have for the next message
                return Enveloped(done.output, cipher.endswith("gcm"))
        raise ConfigError(
            f"openssl does not encrypt: {_last(done.said)}", hint="cipher: aes-256-cbc may help"
        )

    def _signer(self) -> _Own:
        if self._signing is None:
            if self._smime.own is None:
                raise ConfigError("no certificate to sign with is configured", hint="set own of smime")
            own = _Own(self._smime.own)
            problem = _dates(own.certificate) or _for_signing(own.certificate)
            if problem:
                raise ConfigError(
                    f"{own.pair.certificate} {problem}", hint="nobody would believe the signature"
                )
            self._signing = own
        return self._signing

    def _own_for_encryption(self) -> bytes:
        """Our own certificate: without it the copy in our Sent folder could not be read by us."""
        if self._ours is None:
            pairs = [pair for pair in (self._smime.own, *self._smime.earlier) if pair is not None]
            problem = "no certificate of our own is configured"
            for pair in pairs:
                own = _Own(pair)
                wrong = _dates(own.certificate) or _for_encryption(own.certificate)
                if not wrong:
                    self._ours = own.blocks[0]
                    return self._ours
                problem = f"{pair.certificate} {wrong}"
            raise ConfigError(problem, hint="we are among the recipients, so that we can read what we sent")
        return self._ours

    def _recipient(self, address: str) -> bytes:
        if address not in self._recipients:
            self._recipients[address] = self._found(address)
        return self._recipients[address]

    def _found(self, address: str) -> bytes:
        folder = self._smime.recipients
        path = Path(folder) / f"{address}.pem" if folder and _ADDRESS.fullmatch(address) else None
        if path is None or not path.is_file():
            raise RecordError(
                f"there is no certificate of {address}" + (f" in {folder}" if folder else ""),
                slug="no-certificate",
                hint=f"put it there as {address}.pem",
            )
        blocks = openssl.blocks(_read(str(path)))
        certificate = openssl.certificate(blocks[0]) if blocks else None
        if certificate is None:
            raise RecordError(f"{path}: there is no certificate in it", slug="bad-certificate")
        problem = _dates(certificate) or _for_encryption(certificate)
        if not problem and address not in certificate.emails:
            problem = f"is that of {', '.join(certificate.emails) or 'nobody'}"
        problem = problem or self._distrust(blocks)
        if problem:
            raise RecordError(
                f"{path} {problem}", slug="bad-certificate", hint=f"ask {address} for a new one"
            )
        return blocks[0]

    def _distrust(self, blocks: list[bytes]) -> str:
        """Why nobody vouches for a recipient, where the account says who may.

        The purpose has been looked at: openssl takes no key on a curve for encryption.
        """
        authorities = authorities_of(self._smime)
        if not authorities:
            return ""
        with openssl.Session() as session:
            chain = ["-untrusted", session.holding(b"\n".join(blocks[1:]))[0]] if blocks[1:] else []
            done = session.run(
                ["verify", "-purpose", "any", *authorities, *chain, session.holding(blocks[0])[0]]
            )
        return "" if done.ok else f"is not trusted: {_last(done.said)}"


def _dates(certificate: Certificate) -> str:
    now = datetime.now(UTC)
    if now > certificate.not_after:
        return f"has expired on {certificate.not_after:%Y-%m-%d}"
    return f"is not valid before {certificate.not_before:%Y-%m-%d}" if now < certificate.not_before else ""


def _for_signing(certificate: Certificate) -> str:
    return _purpose(certificate, _SIGNING, "sign")


def _for_encryption(certificate: Certificate) -> str:
    """RSA keys encipher keys, those on curves agree on them (RFC 5754, RFC 8551 section 4.4.2)."""
    wanted = "Key Encipherment" if "rsa" in certificate.algorithm.lower() else "Key Agreement"
    return _purpose(certificate, frozenset({wanted}), "encrypt")


def _purpose(certificate: Certificate, wanted: frozenset[str], verb: str) -> str:
    usages = set(certificate.usages)
    if usages & _KEY_USAGES and not usages & wanted:
        return f"is not made to {verb} with"
    extended = usages - _KEY_USAGES
    return "is not made for e-mail" if extended and not extended & _PURPOSES else ""


_KEY_USAGES = frozenset(
    {
        *("Digital Signature", "Non Repudiation", "Key Encipherment", "Data Encipherment", "Key Agreement"),
        *("Certificate Sign", "CRL Sign", "Encipher Only", "Decipher Only"),
    }
)


def _read(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as exc:
        raise ConfigError(f"{name}: {exc.strerror}") from exc


def _last(said: str) -> str:
    """What openssl said in the end, in one line."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it says nothing"
