"""Messages from files."""

from pathlib import Path

import pybase64
import pytest

from mailpipe.errors import NoInputError
from mailpipe.parse import sources
from tests.parse.messages import PLAIN

MBOX = b"From a@example.com Fri Nov 20 09:12:44 2026\nSubject: 1\n\none\n\n" * 2


def octets(raw: bytes | str) -> bytes:
    """The octets of a message, read as they are or out of a record."""
    return raw if isinstance(raw, bytes) else pybase64.b64decode(raw)


def raws(*paths: Path | str) -> list[bytes]:
    found = sources.records([str(path) for path in paths], iter([{"raw": "c3RkaW4="}]))
    return [octets(record["raw"]) for record in found]


def test_messages_mboxes_and_records_are_read_in_the_order_they_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(PLAIN)
    (tmp_path / "b.mbox").write_bytes(MBOX)
    (tmp_path / "c.jsonl").write_bytes(b'{"raw": "eA=="}\n{"raw": "eQ=="}\n')

    found = raws(tmp_path / "b.mbox", tmp_path / "a.eml", "-", tmp_path / "c.jsonl")

    assert found == [b"Subject: 1\n\none\n"] * 2 + [PLAIN, b"stdin", b"x", b"y"]


def test_a_maildir_is_read_in_order_of_delivery(tmp_path: Path) -> None:
    for folder in ("cur", "new", "tmp"):
        (tmp_path / folder).mkdir()
    (tmp_path / "new" / "1700000002.M1.host").write_bytes(b"second")
    (tmp_path / "cur" / "1700000001.M1.host:2,S").write_bytes(b"first")
    (tmp_path / "tmp" / "1700000003.M1.host").write_bytes(b"half delivered")
    (tmp_path / "cur" / ".hidden").write_bytes(b"no message")

    assert raws(tmp_path) == [b"first", b"second"]


def test_a_message_that_is_renamed_while_we_look_is_found(tmp_path: Path) -> None:
    for folder in ("cur", "new"):
        (tmp_path / folder).mkdir()
    (tmp_path / "new" / "1.M1.host").write_bytes(b"first")
    (tmp_path / "new" / "2.M1.host").write_bytes(b"second")
    found = sources.records([str(tmp_path)], iter([]))

    next(found)
    (tmp_path / "new" / "2.M1.host").rename(tmp_path / "cur" / "2.M1.host:2,S")

    assert [octets(record["raw"]) for record in found] == [b"second"]


@pytest.mark.parametrize("name", ["missing.eml", "."])
def test_what_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(NoInputError, match=r"no such file|no Maildir"):
        raws(tmp_path / name)
