"""Handing messages to a program, a real one each time."""

from pathlib import Path

import pytest

from mailpipe.errors import UnavailableError
from mailpipe.mail.parcel import Intent, Parcel, Receipt
from mailpipe.wire.sendmail import Sendmail
from tests.wire.test_esmtp import parcel


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program that keeps its arguments and its input, and does what FILE ``then`` says."""
    path = tmp_path / "sendmail"
    path.write_text(
        "#!/bin/sh\n"
        f'for a; do echo "$a" >> {tmp_path}/args; done\n'
        f"cat > {tmp_path}/message\n"
        f"[ ! -e {tmp_path}/then ] || . {tmp_path}/then\n"
    )
    path.chmod(0o755)
    return path


def handed(program: Path, given: Parcel, *, seconds: float = 20) -> Receipt:
    events = Sendmail(str(program), seconds=seconds)([given])
    event = next(events)
    assert isinstance(event, Intent)
    receipt = events.send(event.parcels)
    assert isinstance(receipt, Receipt)
    return receipt


def test_recipients_are_arguments_behind_two_dashes(program: Path, tmp_path: Path) -> None:
    given = parcel(recipients=("-oQ/tmp@example.net", "b@example.net"))

    receipt = handed(program, given)

    arguments = (tmp_path / "args").read_text().splitlines()
    assert arguments == ["-i", "-f", "a@example.com", "--", "-oQ/tmp@example.net", "b@example.net"]
    assert (tmp_path / "message").read_bytes() == b"From: a@example.com\n\nx\n"
    assert {fate.action for fate in receipt.fates.values()} == {"relayed"}


def test_the_null_sender(program: Path, tmp_path: Path) -> None:
    handed(program, parcel(sender=""))

    assert (tmp_path / "args").read_text().splitlines()[2] == "<>"


@pytest.mark.parametrize(
    ("then", "action", "reason"),
    [
        ("exit 67", "failed", "bad_mailbox"),
        ("exit 68", "failed", "bad_domain"),
        ("exit 75", "delayed", "system"),
        ("exit 77", "failed", "policy"),
        ("exit 1", "failed", "unknown"),
        ("kill -9 $$", None, "system"),
    ],
)
def test_its_status_tells_the_fate(
    program: Path, tmp_path: Path, then: str, action: str | None, reason: str
) -> None:
    (tmp_path / "then").write_text(f"echo why not >&2\n{then}\n")

    status = handed(program, parcel()).fates["b@example.net"].delivery_status()

    assert (status["action"], status["reason"]) == (action, reason)
    assert action is None or "why not" in status["smtpReply"]


def test_a_program_that_does_not_end_leaves_doubt(program: Path, tmp_path: Path) -> None:
    (tmp_path / "then").write_text("exec sleep 60\n")

    assert handed(program, parcel(), seconds=0.5).fates["b@example.net"].action is None


def test_a_program_that_reads_nothing_is_judged_by_its_status(tmp_path: Path) -> None:
    large = parcel(b"X: y\r\n\r\n" + b"x" * 70 + b"\r\n" * 500_000)

    assert handed(Path("/bin/true"), large).fates["b@example.net"].action == "relayed"


def test_a_missing_program_ends_the_stage(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="No such file"):
        handed(tmp_path / "missing", parcel())


def test_without_leave_it_is_not_run(program: Path, tmp_path: Path) -> None:
    events = Sendmail(str(program))([parcel()])
    next(events)

    with pytest.raises(StopIteration):
        events.send([])

    assert not (tmp_path / "args").exists()
