"""The demo tells the truth, quickly, and leaves nothing behind."""

from pathlib import Path

from tests.conftest import Run


def test_the_demo_shows_three_answers_as_data_and_settles_them(run: Run) -> None:
    result = run(["demo"])

    told = result.stdout.decode()
    assert (result.stderr, result.status) == ("", 0)
    assert told.count("status=done") == 3
    assert told.count("proved by its signature") == 3
    assert told.count("-> processed") == 6  # routed, then settled
    assert "left in the inbox: 0" in told
    for source in ("data (json)", "data (yaml)", "data (lines)"):
        assert source in told


def test_the_demo_leaves_nothing_behind(run: Run, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    run(["demo"], env={"TMPDIR": str(temporary)})

    assert list(temporary.iterdir()) == []
    assert [path for path in (tmp_path / "home").rglob("*") if path.is_file()] == []


def test_the_demo_has_no_colour_in_a_pipe(run: Run) -> None:
    assert b"\x1b" not in run(["demo"]).stdout


def test_the_demo_needs_no_configuration_and_obeys_none(run: Run, tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("nonsense: [")

    result = run(
        ["demo"],
        env={"MAILPIPE_CONFIG": str(tmp_path / "broken.yaml"), "MAILPIPE_SEND_VIA": "smtp://no.invalid"},
    )

    assert result.status == 0
