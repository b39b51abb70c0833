"""Runs openssl: contents and passphrases reach it by pipe and by memory, never by a file with a name."""

import os
import re
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from tempfile import TemporaryFile
from typing import BinaryIO, NamedTuple

from mailpipe.errors import UnavailableError
from mailpipe.mail.smime import Certificate

SECONDS = 30  # how long one run may take
PROGRAM = "openssl"

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?", re.DOTALL)
_FIELD = re.compile(
    r"(subject|issuer|serial|notBefore|notAfter|sha256 Fingerprint|SHA256 Fingerprint)\s*=\s*(.*)"
)
_EXTENSION = re.compile(r"X509v3 ((?:Extended )?Key Usage):.*\n\s+(.*)")
_ALGORITHM = re.compile(r"Public Key Algorithm: (\S+)")

_SHOWN = (
    *("-subject", "-issuer", "-serial", "-startdate", "-enddate", "-dateopt", "iso_8601"),
    *("-fingerprint", "-sha256", "-nameopt", "RFC2253,-esc_msb,utf8", "-email"),
)


class Missing(UnavailableError):
    """Raised when there is no openssl to run."""


class Done(NamedTuple):
    """How a run ended."""

    ok: bool
    output: bytes
    said: str


class Session:
    """One run: memory to hand over as files, then the run itself; used as a context manager."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._passed: list[int] = []

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *exc: object) -> None:
        self._open.close()

    def holding(self, data: bytes = b"") -> tuple[str, BinaryIO]:
        """A path for openssl to read ``data`` from or to write to, and the same for us."""
        file = self._open.enter_context(_memory())
        file.write(data)
        file.flush()
        file.seek(0)
        self._passed.append(file.fileno())
        return f"/dev/fd/{file.fileno()}", file

    def passphrase(self, phrase: str) -> list[str]:
        """Options that give openssl a passphrase through a pipe."""
        reader, writer = os.pipe()
        self._open.callback(os.close, reader)
        with open(writer, "wb") as pipe:
            pipe.write(phrase.encode("utf-8", "surrogateescape")[:1024] + b"\n")
        self._passed.append(reader)
        return ["-passin", f"fd:{reader}"]

    def run(self, args: Sequence[str], data: bytes = b"") -> Done:
        """Run openssl; raises :class:`Missing`, or UnavailableError if it does not come to an end."""
        try:
            done = subprocess.run(
                [PROGRAM, *args],
                input=data,
                capture_output=True,
                pass_fds=self._passed,
                timeout=SECONDS,
                check=False,
                env={**os.environ, "LC_ALL": "C"},
            )
        except (FileNotFoundError, PermissionError) as exc:
            raise Missing("there is no program openssl", hint="S/MIME needs it: install openssl 3") from exc
        except subprocess.TimeoutExpired as exc:
            raise UnavailableError(f"openssl {args[0]} did not end within {SECONDS} s") from exc
        return Done(done.returncode == 0, done.stdout, done.stderr.decode("utf-8", "replace"))


def _memory() -> BinaryIO:
    """A file in memory where the system has such (Linux); else one without a name."""
    return open(os.memfd_create("mailpipe"), "w+b") if hasattr(os, "memfd_create") else TemporaryFile()


def run(args: Sequence[str], data: bytes = b"") -> Done:
    """Run openssl with nothing but standard input."""
    with Session() as session:
        return session.run(args, data)


def certificates(pem: bytes, limit: int) -> list[Certificate]:
    """The first certificates in PEM text; one that openssl cannot read is left out."""
    found = (certificate(each) for each in blocks(pem)[:limit])
    return [each for each in found if each is not None]


def blocks(pem: bytes) -> list[bytes]:
    """The certificates in PEM text, each for itself."""
    return _PEM.findall(pem)


def certificate(pem: bytes) -> Certificate | None:
    """One certificate in PEM; None if it cannot be read."""
    shown = run(["x509", "-noout", *_SHOWN], pem)
    if not shown.ok:
        return None
    fields: dict[str, str] = {}
    emails: list[str] = []
    for line in shown.output.decode("utf-8", "replace").splitlines():
        match = _FIELD.fullmatch(line)
        if match is not None:
            fields[match[1].lower()] = match[2]
        elif "@" in line:
            emails.append(line.strip().lower())
    usages, algorithm = _details(pem)
    return Certificate(
        subject=fields.get("subject", ""),
        issuer=fields.get("issuer", ""),
        serial=fields.get("serial", ""),
        emails=tuple(dict.fromkeys(emails)),
        not_before=_moment(fields.get("notbefore", "")),
        not_after=_moment(fields.get("notafter", "")),
        fingerprint=fields.get("sha256 fingerprint", "").replace(":", "").lower(),
        usages=usages,
        algorithm=algorithm,
    )


def _details(pem: bytes) -> tuple[tuple[str, ...], str]:
    """Key usages of both kinds, and the algorithm of the public key."""
    shown = run(["x509", "-noout", "-text", "-certopt", "no_sigdump,no_header"], pem).output
    text = shown.decode("utf-8", "replace")
    usages = [usage.strip() for _, line in _EXTENSION.findall(text) for usage in line.split(",")]
    algorithm = _ALGORITHM.search(text)
    return tuple(usages), algorithm[1] if algorithm else ""


def _moment(text: str) -> datetime:
    """``2026-11-20 09:12:44Z``; a date that cannot be read has passed."""
    try:
        return datetime.fromisoformat(text.strip().replace(" ", "T"))
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
