"""Tests of running handlers, with real programs."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mailpipe.errors import ConfigError, UnavailableError
from mailpipe.route import run as run_module
from mailpipe.route.rules import Terms
from mailpipe.route.run import Runner
from mailpipe.route.verdict import Ran

Handler = Callable[..., Ran]


@pytest.fixture
def handler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Handler:
    """Run a shell script as a handler beside a rule file."""
    monkeypatch.setattr(run_module, "GRACE", 0.3)

    def call(script: str, *arguments: str, stdin: bytes = b"{}\n", timeout: float = 10, **terms: Any) -> Ran:
        path = tmp_path / "handler"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return Runner(tmp_path / "rules.yaml")(
            ["./handler", *arguments], stdin, {"MAILPIPE_ID": "x"}, Terms(timeout=timeout, **terms)
        )

    (tmp_path / "rules.yaml").write_text("rules: []")
    return call


def has_ended(pid: int) -> bool:
    """Whether a process ends within a moment: a signal takes its time."""
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state in ("Z", "X"):
            return True
        time.sleep(0.01)
    return False


def test_the_record_arrives_on_stdin(handler: Handler) -> None:
    ran = handler("cat; echo err >&2; exit 3", stdin=b'{"a": "$(id)"}\n')

    assert (ran.stdout, ran.stderr, ran.status) == ('{"a": "$(id)"}\n', "err\n", 3)


def test_arguments_arrive_as_they_are(handler: Handler) -> None:
    ran = handler('for a in "$@"; do echo "<$a>"; done', "$(id)", "a  b", "*", "`id`; x")

    assert ran.stdout == "<$(id)>\n<a  b>\n<*>\n<`id`; x>\n"


def test_a_handler_works_in_the_folder_of_the_rules(handler: Handler, tmp_path: Path) -> None:
    assert handler("pwd").stdout == f"{tmp_path}\n"


def test_the_environment_is_clean(handler: Handler, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_TOKEN", "LD_PRELOAD_X", "PYTHONPATH", "BASH_ENV", "MAILPIPE_SEND_VIA"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("MAILPIPE_CONFIG", "/tmp/config.yaml")

    names = {line.partition("=")[0] for line in handler("env").stdout.splitlines()}

    own = {"PWD", "SHLVL", "_", "OLDPWD"}  # the shell's
    assert names - own <= {*run_module.PASSED, "MAILPIPE_ID"}
    assert {"PATH", "MAILPIPE_ID", "MAILPIPE_CONFIG"} <= names


@pytest.mark.parametrize("size", [10, 10_000_000])
def test_a_handler_need_not_read(handler: Handler, size: int) -> None:
    ran = handler("exit 0", stdin=b"x" * size)

    assert (ran.status, ran.timed_out) == (0, False)


def test_a_handler_may_close_its_input_and_work_on(handler: Handler) -> None:
    ran = handler("exec <&-; sleep 0.2; echo done", stdin=b"x" * 1_000_000)

    assert (ran.stdout, ran.status) == ("done\n", 0)


def test_a_large_record_and_large_output_do_not_block_each_other(handler: Handler) -> None:
    ran = handler("cat; cat /dev/null >&2", stdin=b"y" * 5_000_000)

    assert ran.status == 0
    assert ran.stdout.startswith("yyyy")
    assert ran.stdout.endswith(f"\n[{5_000_000 - 4096} more octets]")


def test_output_is_read_but_only_its_beginning_kept(handler: Handler) -> None:
    ran = handler("head -c 100000000 /dev/zero; head -c 3000000 /dev/zero >&2")

    assert (ran.status, len(ran.stdout) < 5000, len(ran.stderr) < 5000) == (0, True, True)


def test_output_that_is_not_utf8_is_shown_all_the_same(handler: Handler) -> None:
    assert handler(r"printf 'caf\351'").stdout == "caf\ufffd"


def test_a_handler_that_hangs_is_killed_with_all_it_has_started(handler: Handler, tmp_path: Path) -> None:
    started = time.monotonic()

    ran = handler(f"sleep 300 & echo $! > {tmp_path}/child; sleep 300", timeout=0.3)

    assert (ran.timed_out, ran.signal) == (True, 15)
    assert time.monotonic() - started < 3
    assert has_ended(int((tmp_path / "child").read_text()))


def test_a_handler_that_ignores_the_request_to_end_is_killed(handler: Handler) -> None:
    ran = handler("trap '' TERM; while :; do sleep 0.05; done", timeout=0.2)

    assert (ran.timed_out, ran.signal) == (True, 9)


def test_children_that_keep_the_output_open_are_not_waited_for(handler: Handler, tmp_path: Path) -> None:
    started = time.monotonic()

    ran = handler(f"(echo child; exec sleep 300) & echo $! > {tmp_path}/child; echo parent; exit 0")

    assert (ran.status, ran.timed_out) == (0, False)
    assert time.monotonic() - started < 3
    assert has_ended(int((tmp_path / "child").read_text()))


def test_a_handler_that_closes_its_output_is_waited_for(handler: Handler) -> None:
    ran = handler("exec >&- 2>&-; sleep 0.3; exit 4")

    assert (ran.status, ran.seconds >= 0.3) == (4, True)


def test_a_handler_killed_by_a_signal_says_which(handler: Handler) -> None:
    ran = handler("kill -SEGV $$")

    assert (ran.status, ran.signal) == (None, 11)


def test_a_handler_that_vanished_ends_the_stage(handler: Handler, tmp_path: Path) -> None:
    runner = Runner(tmp_path / "rules.yaml")

    with pytest.raises(ConfigError, match="No such file"):
        runner(["./gone"], b"", {}, Terms(timeout=1))


def test_a_handler_without_a_program_to_read_it_ends_the_stage(handler: Handler, tmp_path: Path) -> None:
    path = tmp_path / "odd"
    path.write_text("#!/no/such/interpreter\n")
    path.chmod(0o755)

    with pytest.raises(UnavailableError, match="odd does not start"):
        Runner(tmp_path / "rules.yaml")(["./odd"], b"", {}, Terms(timeout=1))


def test_nothing_is_left_open_after_many_handlers(handler: Handler) -> None:
    handler("cat")
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  a plain list is what is compared

    for _ in range(20):
        handler("cat")

    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_a_handler_works_in_the_folder_that_is_named(handler: Handler, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()

    assert handler("pwd", cwd="work").stdout == f"{tmp_path / 'work'}\n"
    with pytest.raises(ConfigError, match="is not a folder; mkdir -p"):
        handler("pwd", cwd="absent")


# The limits come a moment after the start of the handler; what it does for real comes later still.
def test_a_handler_never_leaves_a_core_file_and_has_few_files(handler: Handler) -> None:
    assert handler("sleep 0.2; ulimit -c; ulimit -n", files=64).stdout == "0\n64\n"


def test_a_file_that_grows_too_large_ends_the_handler(handler: Handler, tmp_path: Path) -> None:
    ran = handler("sleep 0.2; exec head -c 10000000 /dev/zero > big", file_size=1_000_000)

    assert (ran.status, ran.signal) != (0, None)
    assert (tmp_path / "big").stat().st_size <= 1_000_000


def test_a_handler_that_computes_forever_is_ended(handler: Handler) -> None:
    ran = handler("while :; do :; done", cpu=1, timeout=20)

    assert (ran.timed_out, ran.signal in (9, 24)) == (False, True)


def test_a_handler_that_takes_all_memory_fails(handler: Handler) -> None:
    script = "sleep 0.2; exec python3 -c 'bytes(10**9); print(1)'"

    assert handler(script, memory=300_000_000).stdout == ""
    assert handler(script).stdout == "1\n"


def test_a_limit_cannot_be_raised_again(handler: Handler) -> None:
    assert handler("sleep 0.2; ulimit -n 64 && ulimit -n 4096; ulimit -n", files=64).stdout == "64\n"
