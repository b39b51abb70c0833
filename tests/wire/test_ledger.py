"""The ledger on a real disk, shared by real processes."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mailpipe.errors import InputOutputError, WorldError
from mailpipe.mail.parcel import Parcel, Receipt
from mailpipe.mail.reply import Fate, local_reply, refusal
from mailpipe.wire.ledger import Ledger
from tests.wire.test_esmtp import parcel

ADDRESS = "b@example.net"
SENT = Fate("relayed", local_reply(250, "2.0.0 Ok"))


def opened(folder: Path, scope: str = "mail") -> Ledger:
    return Ledger(folder, scope=scope, clock=lambda: 1_800_000_000.0)


def noted(ledger: Ledger, given: Parcel, fate: Fate) -> None:
    ledger.note(Receipt(given, dict.fromkeys(given.recipients, fate)))
    ledger.commit()


def state(folder: Path, given: Parcel, scope: str = "mail") -> list[str]:
    ledger = opened(folder, scope)
    try:
        return [entry.state for entry in ledger.known(given).values()]
    finally:
        ledger.close()


def test_an_intent_without_outcome_is_unknown_to_the_next_run(tmp_path: Path) -> None:
    first = opened(tmp_path)
    assert first.commit([parcel()]) == []
    first.close()

    assert state(tmp_path, parcel()) == ["unknown"]


@pytest.mark.parametrize(
    ("fate", "expected"),
    [
        (SENT, "sent"),
        (refusal(local_reply(550, "5.1.1 no")), "refused"),
        (refusal(local_reply(451, "4.3.0 later")), "deferred"),
        (Fate(None, local_reply(451, "4.4.2 lost")), "unknown"),
    ],
)
@pytest.mark.parametrize("intended", [True, False])
def test_an_outcome_is_known_to_the_next_run(
    tmp_path: Path, fate: Fate, expected: str, intended: bool
) -> None:
    ledger, given = opened(tmp_path), parcel()
    if intended:
        ledger.commit([given])
    noted(ledger, given, fate)
    ledger.close()

    assert state(tmp_path, given) == [expected]


def test_the_stored_status_comes_back(tmp_path: Path) -> None:
    ledger, given = opened(tmp_path), parcel()
    ledger.commit([given])
    noted(ledger, given, SENT)

    entry = ledger.known(given)[ADDRESS]

    assert entry.status == SENT.delivery_status()
    assert entry.content == given.content
    ledger.close()


def test_what_was_withdrawn_was_never_intended(tmp_path: Path) -> None:
    ledger, given = opened(tmp_path), parcel()
    ledger.commit([given])
    ledger.withdraw([given])
    ledger.commit()
    ledger.close()

    assert state(tmp_path, given) == []


def test_withdrawing_a_second_attempt_leaves_the_first(tmp_path: Path) -> None:
    ledger, given = opened(tmp_path), parcel()
    noted(ledger, given, refusal(local_reply(451, "4.3.0 later")))
    ledger.known(given)
    ledger.commit([given])
    ledger.withdraw([given])
    ledger.commit()
    ledger.close()

    assert state(tmp_path, given) == ["deferred"]


def test_the_intent_of_a_run_that_lives_is_refused_to_others(tmp_path: Path) -> None:
    first, second, given = opened(tmp_path), opened(tmp_path), parcel()
    first.commit([given])

    assert second.known(given)[ADDRESS].busy is True
    assert second.commit([given]) == [given]
    first.close()
    assert second.known(given)[ADDRESS].busy is False
    second.close()


def test_of_two_runs_that_knew_nothing_one_goes(tmp_path: Path) -> None:
    first, second, given, other = opened(tmp_path), opened(tmp_path), parcel(), parcel(key="other")
    first.known(given)
    second.known(given)

    assert first.commit([given]) == []
    assert second.commit([other, given]) == [given]
    assert second.known(other)[ADDRESS].state == "unknown"
    first.close()
    second.close()


def test_a_run_that_was_killed_is_not_busy(tmp_path: Path) -> None:
    script = (
        "import os, signal; from pathlib import Path; from tests.wire.test_ledger import opened, parcel\n"
        f"opened(Path({str(tmp_path)!r})).commit([parcel()]); os.kill(os.getpid(), signal.SIGKILL)"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", script], cwd=root, check=False)
    ledger = opened(tmp_path)

    entry = ledger.known(parcel())[ADDRESS]

    assert (entry.state, entry.busy) == ("unknown", False)
    assert not list(tmp_path.glob("*.lock"))
    ledger.close()


def test_recipients_are_kept_apart_and_case_is_not(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    noted(ledger, parcel(recipients=("A@example.net",)), SENT)

    found = ledger.known(parcel(recipients=("a@example.net", "c@example.net")))

    assert list(found) == ["a@example.net"]
    ledger.close()


def test_more_recipients_than_one_question_takes(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    many = parcel(recipients=tuple(f"r{number}@example.net" for number in range(1200)))
    ledger.commit([many])
    noted(ledger, many, SENT)

    assert len(ledger.known(many)) == 1200
    ledger.close()


def test_a_folder_and_the_world_do_not_know_of_each_other(tmp_path: Path) -> None:
    ledger = opened(tmp_path, "maildir:/x")
    noted(ledger, parcel(), SENT)
    ledger.close()

    assert state(tmp_path, parcel()) == []
    assert state(tmp_path, parcel(), "maildir:/x") == ["sent"]


def test_state_is_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        ledger = opened(tmp_path)
        ledger.commit([parcel()])
    finally:
        os.umask(before)

    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}
    ledger.close()


@pytest.mark.parametrize("octets", [b"not a database at all, but long enough to look at" * 20, b"\0" * 5000])
def test_a_damaged_ledger_is_never_taken_for_an_empty_one(tmp_path: Path, octets: bytes) -> None:
    (tmp_path / "mailpipe.db").write_bytes(octets)

    with pytest.raises(WorldError):
        opened(tmp_path)


def test_a_run_may_intend_anew_what_it_knows_was_not_done(tmp_path: Path) -> None:
    ledger, given = opened(tmp_path), parcel()
    ledger.commit([given])

    assert ledger.commit([replace(given)]) == []
    ledger.withdraw([given])
    ledger.commit()
    assert ledger.known(given) == {}
    ledger.close()


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(WorldError) as caught:
        opened(tmp_path / "missing")

    assert not isinstance(caught.value, InputOutputError)
