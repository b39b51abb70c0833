"""Certificates and keys for S/MIME, made for the tests, and messages made with them by openssl itself."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.servers import need

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
NOW = datetime.now(UTC)


@dataclass(frozen=True)
class Person:
    """Somebody with a certificate and a key, in files."""

    certificate: Path
    key: Path
    loaded: x509.Certificate
    private: Key


class Authority:
    """Vouches for addresses; its certificate is in ``file``."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self.folder = folder
        self.file = folder / f"{name}.pem"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Test {name}")])
        self._number = 0
        builder = _builder(
            self._name, self._name, self._key.public_key(), timedelta(days=-1), timedelta(days=30)
        )
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        self.certificate = builder.sign(self._key, hashes.SHA256())
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def issue(
        self,
        email: str,
        *,
        key: Key | None = None,
        starts: timedelta = timedelta(days=-1),
        ends: timedelta = timedelta(days=10),
        usage: Sequence[str] = ("digital_signature", "key_encipherment", "key_agreement"),
        purposes: Sequence[x509.ObjectIdentifier] = (ExtendedKeyUsageOID.EMAIL_PROTECTION,),
        own: bool = False,
        passphrase: bytes = b"",
    ) -> Person:
        """A certificate for an address; ``own`` makes it sign itself."""
        self._number += 1
        private: Key = key or ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, email.partition("@")[0])])
        builder = _builder(name, name if own else self._name, private.public_key(), starts, ends)
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.RFC822Name(email)]), critical=False)
        if usage:
            builder = builder.add_extension(_usage(**dict.fromkeys(usage, True)), critical=True)
        if purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        signed = builder.sign(private if own else self._key, hashes.SHA256())
        stem = self.folder / f"{self.file.stem}-{self._number}"
        certificate, keyfile = stem.with_suffix(".pem"), stem.with_suffix(".key")
        certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        lock: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if passphrase:
            lock = serialization.BestAvailableEncryption(passphrase)
        octets = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
        keyfile.touch(mode=0o600)
        keyfile.write_bytes(octets)
        return Person(certificate, keyfile, signed, private)

    def revoke(self, *people: Person) -> bytes:
        """A revocation list in PEM."""
        builder = x509.CertificateRevocationListBuilder(
            issuer_name=self._name, last_update=NOW - timedelta(days=1), next_update=NOW + timedelta(days=9)
        )
        for person in people:
            revoked = x509.RevokedCertificateBuilder(person.loaded.serial_number, NOW - timedelta(days=1))
            builder = builder.add_revoked_certificate(revoked.build())
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    starts: timedelta,
    ends: timedelta,
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(NOW + starts).not_valid_after(NOW + ends)


def _usage(**given: bool) -> x509.KeyUsage:
    names = (
        *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
        *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    )
    return x509.KeyUsage(**{name: given.get(name, False) for name in names})


def openssl(*args: str | Path, data: bytes = b"") -> bytes:
    """What openssl makes of some octets."""
    done = subprocess.run(["openssl", *map(str, args)], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@dataclass(frozen=True)
class Pki:
    """An authority that is trusted, one that is not, and people of both."""

    folder: Path
    authority: Authority
    stranger: Authority

    @cached_property
    def ours(self) -> Person:
        """The desk, with an RSA key."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return self.authority.issue("desk@example.com", key=key)

    @cached_property
    def partner(self) -> Person:
        """A partner, with an EC key."""
        return self.authority.issue("dupont@example.net")


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """Certificates for S/MIME."""
    need("openssl")
    folder = tmp_path_factory.mktemp("pki")
    return Pki(folder, Authority(folder), Authority(folder, "stranger"))


def signed(entity: bytes, person: Person, *options: str | Path) -> bytes:
    """A MIME entity signed by openssl: multipart/signed, or opaque with ``-nodetach``; with CR LF."""
    made = openssl(
        *(
            "cms",
            "-sign",
            "-binary",
            "-crlfeol",
            "-signer",
            person.certificate,
            "-inkey",
            person.key,
            *options,
        ),
        data=entity,
    )
    return made.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def encrypted(entity: bytes, *people: Person, cipher: str = "aes-256-cbc") -> bytes:
    """A MIME entity encrypted by openssl to everybody; with CR LF."""
    made = openssl(
        "cms",
        "-encrypt",
        "-binary",
        "-crlfeol",
        f"-{cipher}",
        *(each.certificate for each in people),
        data=entity,
    )
    return made.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
