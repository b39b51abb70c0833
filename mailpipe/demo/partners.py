"""Answer a mail as three partners would: a program, a careful person, a hurried one."""

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a partner's mail client knows of the mail that it answers."""

    reply_to: str
    subject: str
    message_id: str
    references: tuple[str, ...]
    text: str
    plate: str
    at: datetime

    @classmethod
    def of(cls, record: dict[str, Any], at: datetime) -> "Asked":
        """From a record of ``mailpipe parse``."""
        return cls(
            reply_to=record["replyTo"][0]["email"],
            subject=record["subject"],
            message_id=record["messageId"][0],
            references=tuple(record.get("references") or ()),
            text=record["text"],
            plate=record["data"]["vehicle"]["plate_number"],
            at=at,
        )


def answers(asked: list[Asked]) -> list[tuple[str, bytes]]:
    """Who answers, and with what octets, one for each mail asked about."""
    people = [
        ("a garage's program answers with JSON", by_program),
        ("Hélène writes YAML in French above the quoted mail", by_french_person),
        ("Karim has one hurried line and a phone", by_phone),
    ]
    return [(who, answer(mail)) for (who, answer), mail in zip(people, asked, strict=False)]


def by_program(asked: Asked) -> bytes:
    """A machine: text for form's sake, the answer as application/json."""
    mail = _reply(asked, "Garage Dupont <atelier@example.net>")
    mail.set_content("Automatic result, see the JSON part.\n")
    answer = f'{{"status": "done", "plate_number": "{asked.plate}", "mileage": 48210, "price": 1.10}}'
    mail.add_alternative(answer.encode(), maintype="application", subtype="json", filename="data.json")
    return mail.as_bytes()


def by_french_person(asked: Asked) -> bytes:
    """A person with a desk: YAML in French, a signature, and the whole question quoted below."""
    mail = _reply(asked, "Hélène Martin <helene@example.org>", prefix="RE : ")
    quoted = "".join(f"> {line}\n" for line in asked.text.splitlines())
    mail.set_content(
        "Bonjour, voici le résultat :\n\n"
        f"---\nstatut: terminé\nimmatriculation: {asked.plate}\nremarque: pneus à changer\n---\n\n"
        "-- \nHélène Martin\nContrôle technique de l'Église\n\n"
        f"Le ven. 20 nov. 2026 à 09:12, Vehicle desk <mail-api@example.com> a écrit :\n{quoted}",
        charset="iso-8859-15",
        cte="quoted-printable",
    )
    return mail.as_bytes()


def by_phone(asked: Asked) -> bytes:
    """A person in a hurry: one line, no accents spared, no structure at all."""
    mail = _reply(asked, "Karim <karim@example.net>")
    mail.set_content(f"Terminé ! plaque : {asked.plate.lower()}\n\nEnvoyé de mon iPhone\n", cte="base64")
    return mail.as_bytes()


def _reply(asked: Asked, sender: str, prefix: str = "Re: ") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = asked.reply_to
    mail["Subject"] = prefix + asked.subject
    mail["Date"] = format_datetime(asked.at)
    mail["Message-ID"] = f"<answer-{asked.plate.lower()}@{sender.rpartition('@')[2].rstrip('>')}>"
    mail["In-Reply-To"] = f"<{asked.message_id}>"
    mail["References"] = " ".join(f"<{known}>" for known in (*asked.references, asked.message_id))
    return mail
