"""Verifies and decrypts S/MIME with the keys of one account, by ``openssl cms``."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from mailpipe.config import KeyPair, Smime
from mailpipe.errors import ConfigError, NotPermittedError, UnavailableError
from mailpipe.mail.smime import Decrypted, Verified
from mailpipe.wire import openssl

MAX_SIGNERS = 10  # whose certificates are looked at

# What openssl says of a certificate that it does not accept, and what we call it.
_REASONS = {
    "certificate has expired": "certificate-expired",
    "certificate is not yet valid": "certificate-not-yet-valid",
    "self-signed certificate": "self-signed",
    "self signed certificate": "self-signed",
    "unable to get local issuer certificate": "issuer-unknown",
    "unable to get issuer certificate": "issuer-unknown",
    "unable to verify the first certificate": "issuer-unknown",
    "certificate revoked": "certificate-revoked",
    "unable to get certificate CRL": "revocation-unknown",
    "CRL has expired": "revocation-unknown",
    "unsuitable certificate purpose": "wrong-purpose",
    "unsupported certificate purpose": "wrong-purpose",
    "key too small": "weak-key",
    "key too weak": "weak-key",
    "md too weak": "weak-digest",
}
_BROKEN = {
    "signer certificate not found": "signer-certificate-missing",
    "no signers": "not-signed",
    "digest failure": "content-changed",
    "content verify error": "content-changed",
    "verification failure": "content-changed",
    "messagedigest attribute wrong length": "content-changed",
}


class Opener:
    """Opens S/MIME for one account; reads its keys when they are needed for the first time."""

    def __init__(self, smime: Smime) -> None:
        self._smime = smime
        self._pairs = [pair for pair in (smime.own, *smime.earlier) if pair is not None]
        self._phrases: dict[str, str] = {}
        self._checked: set[str] = set()

    def verify(self, signed: bytes, contents: Sequence[bytes]) -> Verified:
        """See :class:`mailpipe.mail.smime.Opener`; raises ConfigError if the authorities cannot be read."""
        try:
            return self._verify(signed, contents)
        except openssl.Missing:
            return Verified(None, None, "openssl-missing")
        except UnavailableError:
            return Verified(None, None, "openssl-timeout")

    def decrypt(self, enveloped: bytes) -> Decrypted:
        """See :class:`mailpipe.mail.smime.Opener`.

        Raises ConfigError or NotPermittedError if a key that is configured cannot be read.
        """
        reason = "no-key"
        try:
            for pair in self._pairs:
                opened = self._decrypt(enveloped, pair)
                if opened.content is not None:
                    return opened
                reason = opened.reason if reason in ("no-key", "not-for-us") else reason
        except openssl.Missing:
            return Decrypted(None, "openssl-missing")
        except UnavailableError:
            return Decrypted(None, "openssl-timeout")
        return Decrypted(None, reason)

    def _verify(self, signed: bytes, contents: Sequence[bytes]) -> Verified:
        done, pem, form = self._run(signed, contents, ["-noverify"])
        if not done.ok:
            reason = next((slug for said, slug in _BROKEN.items() if said in done.said), "unreadable")
            return Verified(None if reason == "unreadable" else False, None, reason)
        content = None if contents else done.output
        signers = tuple(openssl.certificates(pem, MAX_SIGNERS))
        authorities = authorities_of(self._smime)
        if not authorities:
            return Verified(True, None, "nobody-trusted", content, signers)
        trusted, _, _ = self._run(signed, [form] if contents else [], ["-purpose", "smimesign", *authorities])
        if trusted.ok:
            return Verified(True, True, "", content, signers)
        reason = next(
            (slug for said, slug in _REASONS.items() if said in trusted.said), "certificate-invalid"
        )
        return Verified(True, False, reason, content, signers)

    def _run(
        self, signed: bytes, contents: Sequence[bytes], options: Sequence[str]
    ) -> tuple[openssl.Done, bytes, bytes]:
        """Try each form of the content; how it ended, the signers' certificates, and the form that fits."""
        done, form = openssl.Done(False, b"", ""), b""
        for form in contents or [b""]:
            with openssl.Session() as session:
                out, certificates = session.holding()
                args = ["cms", "-verify", "-inform", "DER", "-binary", "-signer", out, *options]
                if contents:
                    args += ["-content", session.holding(form)[0]]
                done = session.run(args, signed)
                if done.ok:
                    certificates.seek(0)
                    return done, certificates.read(), form
        return done, b"", form

    def _decrypt(self, enveloped: bytes, pair: KeyPair) -> Decrypted:
        phrase = self._phrase(pair)
        with openssl.Session() as session:
            args = [
                "cms",
                "-decrypt",
                "-inform",
                "DER",
                "-binary",
                "-recip",
                pair.certificate,
                "-inkey",
                pair.key,
            ]
            done = session.run([*args, *session.passphrase(phrase)], enveloped)
        if done.ok:
            return Decrypted(done.output)
        if "no matching recipient" in done.said or "no recipient" in done.said:
            return Decrypted(None, "not-for-us")
        if "Could not " in done.said or "maybe wrong password" in done.said or "bad password" in done.said:
            raise ConfigError(
                f"openssl cannot use {pair.key} with {pair.certificate}", hint="is its passphrase right?"
            )
        return Decrypted(None, "damaged")

    def _phrase(self, pair: KeyPair) -> str:
        if pair.key not in self._checked:
            check_key(pair)
            self._checked.add(pair.key)
        if pair.key not in self._phrases:
            self._phrases[pair.key] = pair.passphrase.read() if pair.passphrase else ""
        return self._phrases[pair.key]


def authorities_of(smime: Smime) -> list[str]:
    """Options that make openssl trust those whom the account trusts, and nobody else; none if nobody is.

    Raises ConfigError if the file cannot be read.
    """
    given = smime.authorities
    if given is None:
        return []
    if given == "system":
        return ["-no-CAstore"]
    try:
        listed = Path(given).read_bytes()
    except OSError as exc:
        raise ConfigError(f"authorities {given}: {exc.strerror}") from exc
    if b"-----BEGIN CERTIFICATE-----" not in listed:
        raise ConfigError(f"authorities {given}: there is no certificate in it", hint="it is a PEM file")
    alone = ["-CAfile", given, "-no-CApath", "-no-CAstore"]
    return [*alone, "-crl_check"] if b"-----BEGIN X509 CRL-----" in listed else alone


def check_key(pair: KeyPair) -> None:
    """Raises ConfigError if the files are not there, NotPermittedError if others can read the key."""
    for name in (pair.certificate, pair.key):
        try:
            with Path(name).open("rb") as file:
                status = os.fstat(file.fileno())
        except OSError as exc:
            raise ConfigError(
                f"{name}: {exc.strerror}", hint="see own of smime in mailpipe-config(5)"
            ) from exc
        if name == pair.key and status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise NotPermittedError(f"{name} can be read by others", hint=f"chmod 600 {name}")
