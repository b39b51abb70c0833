"""The ledger on a real disk, shared by real processes."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mailpipe.errors import InputOutputError, WorldError
from mailpipe.mail.parcel import Entry, Parcel
from mailpipe.mail.reply import Fate, local_reply, refusal
from mailpipe.wire import runs
from mailpipe.wire.ledger import Ledger
from tests.wire.test_esmtp import parcel

ADDRESS = "b@example.net"
SENT = Fate("relayed", local_reply(250, "2.0.0 Ok"))


def opened(folder: Path, scope: str = "mail") -> Ledger:
    return Ledger(folder, scope=scope, clock=lambda: 1_800_000_000.0)


def noted(ledger: Ledger, given: Parcel, fate: Fate) -> None:
    ledger.note(given, dict.fromkeys(given.recipients, fate.delivery_status()))
    ledger.commit()


def known(ledger: Ledger, given: Parcel) -> dict[str, Entry]:
    return dict(ledger.known([given]).get(given, {}))


def state(folder: Path, given: Parcel, scope: str = "mail") -> list[str]:
    ledger = opened(folder, scope)
    try:
        return [entry.state for entry in known(ledger, given).values()]
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

    entry = known(ledger, given)[ADDRESS]

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
    known(ledger, given)
    ledger.commit([given])
    ledger.withdraw([given])
    ledger.commit()
    ledger.close()

    assert state(tmp_path, given) == ["deferred"]


def test_the_intent_of_a_run_that_lives_is_refused_to_others(tmp_path: Path) -> None:
    first, second, given = opened(tmp_path), opened(tmp_path), parcel()
    first.commit([given])

    assert known(second, given)[ADDRESS].busy is True
    assert second.commit([given]) == [given]
    first.close()
    assert known(second, given)[ADDRESS].busy is False
    second.close()


def test_of_two_runs_that_knew_nothing_one_goes(tmp_path: Path) -> None:
    first, second, given, other = opened(tmp_path), opened(tmp_path), parcel(), parcel(key="other")
    known(first, given)
    known(second, given)

    assert first.commit([given]) == []
    assert second.commit([other, given]) == [given]
    assert known(second, other)[ADDRESS].state == "unknown"
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

    entry = known(ledger, parcel())[ADDRESS]

    assert (entry.state, entry.busy) == ("unknown", False)
    assert not list(tmp_path.glob("*.lock"))
    ledger.close()


def test_recipients_are_kept_apart_and_case_is_not(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    noted(ledger, parcel(recipients=("A@example.net",)), SENT)

    found = known(ledger, parcel(recipients=("a@example.net", "c@example.net")))

    assert list(found) == ["a@example.net"]
    ledger.close()


def test_more_recipients_than_one_question_takes(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    many = parcel(recipients=tuple(f"r{number}@example.net" for number in range(1200)))
    ledger.commit([many])
    noted(ledger, many, SENT)

    assert len(known(ledger, many)) == 1200
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
    assert known(ledger, given) == {}
    ledger.close()


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(WorldError) as caught:
        opened(tmp_path / "missing")

    assert not isinstance(caught.value, InputOutputError)


KILLED = """
import os, signal
from pathlib import Path
from tests.wire.test_ledger import ADDRESS, SENT, opened, parcel

ledger = opened(Path({folder!r}))
heard, begun, intended = (parcel(key=key) for key in ("heard", "begun", "intended"))
ledger.commit([heard, begun, intended], ahead=True)
ledger.mark([heard])
ledger.note(heard, {{ADDRESS: SENT.delivery_status()}})
ledger.mark([begun])
os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(folder: Path) -> None:
    """A run that heard of one message, had begun the next, and had intended a third."""
    script = KILLED.format(folder=str(folder))
    subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[2], check=False)


def test_what_a_killed_run_had_heard_is_known_and_what_it_had_not_begun_is_free(tmp_path: Path) -> None:
    killed(tmp_path)

    assert {key: state(tmp_path, parcel(key=key)) for key in ("heard", "begun", "intended")} == {
        "heard": ["sent"],
        "begun": ["unknown"],
        "intended": [],
    }


def test_after_a_boot_only_what_the_disk_has_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(tmp_path)
    other = tmp_path / "boot_id"
    other.write_text("another\n")
    monkeypatch.setattr(runs, "BOOT", other)

    assert {key: state(tmp_path, parcel(key=key)) for key in ("heard", "begun", "intended")} == {
        "heard": ["unknown"],
        "begun": ["unknown"],
        "intended": ["unknown"],
    }


@pytest.mark.parametrize("cut", range(1, 120, 7))
def test_a_line_that_was_not_written_whole_is_ignored(tmp_path: Path, cut: int) -> None:
    killed(tmp_path)
    (left,) = tmp_path.glob("send-*.lock")
    left.write_bytes(left.read_bytes()[:-cut])

    assert state(tmp_path, parcel(key="heard")) != ["refused"]


def test_a_long_run_begins_its_file_anew_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "ROOM", 500)
    ledger = opened(tmp_path)
    many = [parcel(key=f"{number}") for number in range(40)]
    ledger.commit(many, ahead=True)
    for one in many:
        ledger.mark([one])
    (left,) = tmp_path.glob("send-*.lock")

    assert left.read_bytes().count(b"\n") == 41
    assert [entry.busy for entry in opened(tmp_path).known(many)[many[0]].values()] == [True]
    ledger.close()
    assert not list(tmp_path.glob("send-*.lock"))
