"""Runs a handler: an argument list in a clean environment, in a process group of its own, within a time.

The record goes in on stdin as JSON; nothing from a message is ever read by a shell or put into the
environment, and what the handler prints is read to its end but kept only up to a limit.
"""

import os
import resource
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from mailpipe.errors import ConfigError, UnavailableError
from mailpipe.route.rules import Terms
from mailpipe.route.talk import Talk
from mailpipe.route.verdict import Ran

# A handler may be a pipe of our own stages: it must find the same configuration and state.
PASSED = ("PATH", "LANG", "HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "MAILPIPE_CONFIG")
GRACE = 5.0  # seconds between asking a group to end and killing it
POLL = (0.001, 0.05)  # seconds between two looks at a process that has closed its output


def locate(program: str, rule_file: Path) -> str:
    """The absolute path of a handler: with a slash it is relative to the rule file, else on PATH.

    Raises ConfigError if it is not there, cannot be run, or could have been written by somebody who
    neither owns the rules nor is root.
    """
    if "/" in program:
        path = rule_file.parent.absolute() / Path(program).expanduser()
    else:
        found = shutil.which(program)
        if found is None:
            raise ConfigError(
                f"run: no program {program!r} on PATH", hint=f"a file beside the rules is ./{program}"
            )
        path = Path(found)
    try:
        status, owner = path.stat(), rule_file.stat().st_uid
    except OSError as exc:
        raise ConfigError(f"run: {path}: {exc.strerror}") from exc
    if not stat.S_ISREG(status.st_mode) or not os.access(path, os.X_OK):
        raise ConfigError(f"run: {path} is not an executable file", hint=f"chmod +x {path}")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ConfigError(f"run: {path} can be written by others", hint=f"chmod go-w {path}")
    if status.st_uid not in (0, os.getuid(), owner):
        raise ConfigError(f"run: {path} belongs to another user", hint="chown it to the owner of the rules")
    return str(path)


def folder(name: str, rule_file: Path) -> Path:
    """The folder in which a handler works: that of the rules, or one relative to it.

    Raises ConfigError if it is not there.
    """
    path = rule_file.parent.absolute() / Path(name).expanduser()
    if not path.is_dir():
        raise ConfigError(f"cwd: {path} is not a folder", hint=f"mkdir -p {path}")
    return path


class Runner:
    """Runs the handlers of one rule file; may be used by several threads."""

    def __init__(self, rule_file: Path) -> None:
        self._rule_file = rule_file
        self._passed = {name: os.environ[name] for name in PASSED if name in os.environ}

    def __call__(self, argv: Sequence[str], stdin: bytes, told: Mapping[str, str], terms: Terms, /) -> Ran:
        """Run one handler to its end, or kill it and all it has started when its time is over.

        Raises UnavailableError if it cannot be started: that is no verdict on the message.
        """
        program = locate(argv[0], self._rule_file)
        started = time.monotonic()
        try:
            process = subprocess.Popen(
                [program, *argv[1:]],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder(terms.cwd, self._rule_file),
                env={**self._passed, **told},
                start_new_session=True,  # a group to kill; and Ctrl-C is ours to handle
            )
            _limit(process, terms)
        except OSError as exc:
            raise UnavailableError(
                f"{program} does not start: {exc.strerror}", hint="see its first line"
            ) from exc
        with process:
            return _supervise(process, Talk(process, stdin), started, terms.timeout)


def _limit(process: "subprocess.Popen[bytes]", terms: Terms) -> None:
    """Limit what the handler may use, where the system can do that from outside (Linux).

    Before it starts would be a moment earlier, but nothing of ours can run between fork and exec of a
    process with threads.
    """
    if not hasattr(resource, "prlimit"):
        return
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: terms.files,
        resource.RLIMIT_FSIZE: terms.file_size,
        resource.RLIMIT_AS: terms.memory,
        resource.RLIMIT_CPU: terms.cpu,
    }
    for kind, most in wanted.items():
        if most is None:
            continue
        _soft, hard = resource.getrlimit(kind)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.prlimit(process.pid, kind, (least, least))
        except ProcessLookupError:
            return  # it has ended already
        except PermissionError:
            continue  # a program that runs as somebody else


def _supervise(process: "subprocess.Popen[bytes]", talk: Talk, started: float, timeout: float) -> Ran:
    ended = False
    try:
        ended = _wait(process, talk, started + timeout)
        if not ended:
            _signal(process, signal.SIGTERM)
            _wait(process, talk, time.monotonic() + GRACE)
    finally:
        # Still unreaped, so the group's number cannot be another's: kill what the handler has left.
        _signal(process, signal.SIGKILL)
        talk.close()
        status = process.wait()
    out, err = talk.excerpts()
    return Ran(
        status=None if status < 0 else status,
        signal=-status if status < 0 else None,
        timed_out=not ended,
        seconds=round(time.monotonic() - started, 3),
        stdout=out,
        stderr=err,
    )


def _wait(process: "subprocess.Popen[bytes]", talk: Talk, deadline: float) -> bool:
    pause = POLL[0]
    while not _has_ended(process):
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        # Where it has closed its output there is nothing to wait for but its end.
        if not talk.step(min(left, POLL[1])):
            time.sleep(min(left, pause))
            pause = min(2 * pause, POLL[1])
    talk.drain()
    return True


def _has_ended(process: "subprocess.Popen[bytes]") -> bool:
    if not hasattr(os, "waitid"):  # macOS before Python 3.13
        return process.poll() is not None
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


def _signal(process: "subprocess.Popen[bytes]", signum: signal.Signals) -> None:
    try:
        os.killpg(process.pid, signum)
    except (ProcessLookupError, PermissionError):
        pass  # all of it has ended (macOS says the latter of zombies)
