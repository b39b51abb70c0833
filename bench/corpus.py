"""Mail to measure with, made from a seed: plain, with HTML, in several charsets, with attachments."""

import base64
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

PROSE = """
vehicle garage check plate report brake light engine please find attached the result of our inspection
Fahrzeug Werkstatt Prüfung Kennzeichen immatriculation vérifié terminé contrôle técnico matrícula revisión
"""
WORDS = PROSE.split()


def text(rng: random.Random, lines: int) -> str:
    """Prose of that many lines."""
    return "\n".join(" ".join(rng.choices(WORDS, k=rng.randint(3, 12))) for _ in range(lines)) + "\n"


def html(rng: random.Random, octets: int) -> str:
    """An HTML page of about that size, the way mail clients write it."""
    rows = []
    size = 0
    while size < octets:
        cell = " ".join(rng.choices(WORDS, k=8))
        row = (
            f'<tr><td style="padding:4px 8px;font-family:Arial">{cell}</td><td><b>{cell}</b><br></td></tr>\n'
        )
        rows.append(row)
        size += len(row)
    head = "<head><style>td{color:#333}</style></head>"
    return f"<html>{head}<body><table>{''.join(rows)}</table></body></html>"


def message(rng: random.Random, number: int, *, attachment: int = 0) -> bytes:
    """One message; about half have HTML; ``attachment`` octets are attached."""
    mail = EmailMessage()
    mail["From"] = "Garage Dupont <atelier@example.net>"
    mail["To"] = "Vehicle desk <mail-api@example.com>, Étienne <etienne@example.org>"
    mail["Subject"] = f"Re: [a74e22bb] Check {number} – vérifié"
    mail["Date"] = format_datetime(datetime(2026, 11, 20, tzinfo=UTC) + timedelta(seconds=number))
    mail["Message-ID"] = f"<{number}.{rng.getrandbits(64):x}@example.net>"
    for hop in range(3):
        mail["Received"] = f"from mx{hop}.example.net by mx.example.com; Fri, 20 Nov 2026 09:00:0{hop} +0000"
    charset = rng.choice(["utf-8", "utf-8", "iso-8859-15", "windows-1252"])
    mail.set_content(
        text(rng, rng.randint(5, 60)), charset=charset, cte=rng.choice(["quoted-printable", "base64"])
    )
    if rng.random() < 0.5:
        mail.add_alternative(html(rng, rng.randint(5_000, 60_000)), subtype="html", cte="quoted-printable")
    if attachment:
        mail.add_attachment(
            rng.randbytes(attachment), maintype="application", subtype="pdf", filename="report.pdf"
        )
    return mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def messages(count: int, *, seed: int = 1, attachment: int = 0) -> Iterator[bytes]:
    """``count`` messages; the same seed gives the same octets."""
    rng = random.Random(seed)
    for number in range(count):
        yield message(rng, number, attachment=attachment)


def write_records(path: Path, count: int, *, attachment: int = 0) -> int:
    """Write fetched records of the corpus as JSON Lines; returns the octets of mail in them."""
    octets = 0
    with path.open("wb") as out:
        for raw in messages(count, attachment=attachment):
            octets += len(raw)
            out.write(json.dumps({"raw": base64.b64encode(raw).decode()}).encode() + b"\n")
    return octets
