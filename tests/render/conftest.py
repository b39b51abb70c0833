"""A template and some data to messages, through the core: no process, a fixed clock, counted ids."""

import base64
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Protocol

import pytest

from mailpipe.mail.mailbox import Mailbox
from mailpipe.record import Record
from mailpipe.render import core, outside
from mailpipe.render.files import load
from mailpipe.render.message import Outside, Sender
from mailpipe.render.template import Template

NOW = datetime(2026, 11, 20, 9, 12, 44, tzinfo=UTC)
DESK = Sender(Mailbox("Vehicle desk", "mail-api@example.com"), "mail-api", "example.com", (b"key",))


class Render(Protocol):
    def __call__(
        self,
        body: str,
        data: dict[str, Any] | Iterable[dict[str, Any]],
        *,
        front: str = ...,
        name: str = ...,
        sender: Sender = ...,
        overrides: dict[str, Sequence[str]] | None = ...,
    ) -> list[Record]: ...


@pytest.fixture
def render(tmp_path: Path) -> Render:
    """Render records; the template is written to a file in ``tmp_path``, next to what a test puts there."""

    def call(
        body: str,
        data: dict[str, Any] | Iterable[dict[str, Any]],
        *,
        front: str = "to: a@example.net",
        name: str = "template.md",
        sender: Sender = DESK,
        overrides: dict[str, Sequence[str]] | None = None,
    ) -> list[Record]:
        path = tmp_path / name
        path.write_text(f"---\n{front}\n---\n{body}", encoding="utf-8")
        template = Template(load(str(path), None), "4711", overrides)
        records = [data] if isinstance(data, dict) else data
        return list(core.render(records, template, sender, Outside(lambda: NOW, outside.counted())))

    return call


@pytest.fixture
def one(render: Render) -> Callable[..., Record]:
    """Render one record that must succeed."""

    def call(body: str, data: dict[str, Any], **options: Any) -> Record:
        (record,) = render(body, data, **options)
        assert "error" not in record, record["error"]
        return record

    return call


@pytest.fixture
def refusal(render: Render) -> Callable[..., str]:
    """Render one record that must be refused; ``slug: detail``."""

    def call(body: str, data: dict[str, Any], **options: Any) -> str:
        (record,) = render(body, data, **options)
        return f"{record['error']['type']}: {record['error']['detail']}"

    return call


def message(record: Record) -> EmailMessage:
    """The message as the standard library reads it."""
    read = message_from_bytes(raw(record), policy=default)
    assert isinstance(read, EmailMessage)
    return read


def raw(record: Record) -> bytes:
    return base64.b64decode(record["raw"])


def part(record: Record, kind: str) -> EmailMessage:
    """The first part of that media type."""
    return next(each for each in message(record).walk() if each.get_content_type() == kind)
