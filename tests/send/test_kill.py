"""A sender that is killed at any system call leaves nobody with two messages, and nothing lost in silence."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mailpipe.errors import Exit
from tests.conftest import Run
from tests.send.outgoing import message, outgoing
from tests.servers import need
from tests.servers.smtp import Sink

Sinks = Callable[..., Sink]
RECORDS = [outgoing(number) for number in range(3)]


def arrived(server: Sink) -> dict[str, int]:
    """How often each message was taken whole, by Message-ID."""
    found: dict[str, int] = {}
    for dump in server.dumps:
        named = re.search(rb"^Message-ID: <(.*)>", dump, re.MULTILINE)
        if named and dump.rstrip().endswith(message().rstrip().rsplit(b"\r\n", 1)[1]):
            found[named.group(1).decode()] = found.get(named.group(1).decode(), 0) + 1
    return found


@pytest.mark.timeout(300)
@pytest.mark.parametrize("call", ["connect", "sendto", "recvfrom", "fdatasync", "write"])
def test_a_kill_at_every_call(
    run: Run, sink: Sinks, home_env: Mapping[str, str], tmp_path: Path, call: str
) -> None:
    strace = need("strace")
    given = b"".join(json.dumps(record).encode() + b"\n" for record in RECORDS)
    for when in range(1, 60):
        state = {**home_env, "XDG_STATE_HOME": str(tmp_path / f"state-{when}")}
        server = sink()
        command = [strace, "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e"]
        command += [f"inject={call}:signal=KILL:when={when}", sys.executable, "-m", "mailpipe"]

        killed = subprocess.run(
            [*command, "send", "--via", server.url], input=given, capture_output=True, env=state, check=False
        )
        again = run(["send", "--via", server.url], stdin=given, env=state)

        counts = arrived(server)
        unknown = [record for record in again.records if record.get("error", {}).get("type") == "unknown"]
        assert max(counts.values(), default=0) <= 1, f"sent twice after {call} {when}"
        assert len(unknown) <= 1
        assert len(counts) + len(unknown) >= len(RECORDS), f"lost in silence after {call} {when}"
        assert {record["error"]["type"] for record in again.records if "error" in record} <= {"unknown"}
        server.stop()
        if killed.returncode == 0:
            assert when > 1, f"{call} is never called"
            return
    pytest.fail(f"{call} is called too often to try each")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("fault", ["fdatasync:error=EIO", "pwrite64:error=ENOSPC"])
def test_no_dot_goes_out_that_the_disk_has_not_taken(
    run: Run, sink: Sinks, home_env: Mapping[str, str], tmp_path: Path, fault: str
) -> None:
    strace = need("strace")
    given = b"".join(json.dumps(record).encode() + b"\n" for record in RECORDS)
    call = fault.partition(":")[0]
    for when in range(1, 60):
        state = {**home_env, "XDG_STATE_HOME": str(tmp_path / f"state-{when}")}
        server = sink()
        command = [strace, "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e"]
        command += [f"inject={fault}:when={when}+", sys.executable, "-m", "mailpipe"]

        failed = subprocess.run(
            [*command, "send", "--via", server.url], input=given, capture_output=True, env=state, check=False
        )
        before = len(arrived(server))
        again = run(["send", "--via", server.url], stdin=given, env=state)

        told = sum(b'"relayed"' in line for line in failed.stdout.splitlines())
        unknown = sum("unknown" in str(record.get("error")) for record in again.records)
        assert failed.returncode in (Exit.OK, Exit.IO), failed.stderr
        assert told <= before
        assert unknown <= 1
        assert max(arrived(server).values(), default=0) <= 1
        assert len(arrived(server)) + unknown >= len(RECORDS)
        server.stop()
        if failed.returncode == Exit.OK:
            assert when > 1
            return
    pytest.fail(f"{call} is called too often to try each")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("call", ["fsync", "rename", "fdatasync", "write", "unlink"])
def test_a_kill_at_every_call_while_delivering_into_a_folder(
    run: Run, home_env: Mapping[str, str], tmp_path: Path, call: str
) -> None:
    strace = need("strace")
    given = b"".join(json.dumps(record).encode() + b"\n" for record in RECORDS)
    for when in range(1, 60):
        state = {**home_env, "XDG_STATE_HOME": str(tmp_path / f"state-{when}")}
        send = ["send", "--via", f"maildir:out-{when}"]
        command = [strace, "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e"]
        command += [f"inject={call}:signal=KILL:when={when}", sys.executable, "-m", "mailpipe"]

        killed = subprocess.run(
            [*command, *send], input=given, capture_output=True, env=state, cwd=tmp_path, check=False
        )
        again = run(send, stdin=given, env=state)

        # A folder can be looked at: there is no doubt to report.
        assert (again.status, again.stderr) == (0, "")
        assert len(list((tmp_path / f"out-{when}" / "new").iterdir())) == len(RECORDS)
        if killed.returncode == 0:
            return
    pytest.fail(f"{call} is called too often to try each")
