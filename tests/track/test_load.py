"""The pixel server under load: every open that was answered is in the database, in little memory."""

import pytest

from bench import track


def test_every_answered_open_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    missing = track.main(rate=500, seconds=4.0)

    told = capsys.readouterr().out
    assert missing == 0
    assert int(told.split("peak ")[1].split()[0]) < 128
    assert int(told.split(": ")[1].split()[0].replace(",", "")) > 100, told
