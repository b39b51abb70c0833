"""The pixel server as a process: one answer for everybody, events for good tokens, nothing lost."""

import http.client
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from mailpipe.mail import pixel
from mailpipe.track.flood import LIMIT
from tests.conftest import MAILPIPE, Run
from tests.servers import need
from tests.servers.pixels import AGENT, Pixels, Start

HEADLESS = ("--headless", "--no-sandbox", "--disable-gpu", "--screenshot")
KEY = "a key that only we have"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """A configuration with a key."""
    (tmp_path / "track.key").write_text(f"{KEY}\nan old key\n")
    (tmp_path / "track.key").chmod(0o600)
    (tmp_path / "config.yaml").write_text("track: {key: {file: track.key}}\n")
    return {"MAILPIPE_CONFIG": str(tmp_path / "config.yaml")}


def token(number: int = 1, key: str = KEY, purpose: Any = "open") -> str:
    return pixel.token(number.to_bytes(16, "big"), key.encode(), purpose)


def path(made: str) -> str:
    return f"/o/{made}.gif"


def events(run: Run, env: dict[str, str], *args: str) -> list[dict[str, Any]]:
    return run(["track", "events", *args], env=env).records


def test_every_token_is_answered_with_the_same_picture(pixels: Start, env: dict[str, str]) -> None:
    server = pixels(env=env)
    good = token()
    asked = [good, good[:-1], good + "A", token(key="another key"), token(purpose="unsubscribe"), "x", ""]
    asked += ["..%2f..%2fetc/passwd", "%00%ff", good.swapcase(), "a" * 4000]

    answers = [server.ask(path(one)) for one in asked]

    for answer in answers:
        answer.headers.pop("date")
    assert all(answer == answers[0] for answer in answers)
    assert answers[0].status == 200
    assert answers[0].headers["content-type"] == "image/gif"
    assert "no-store" in answers[0].headers["cache-control"]
    assert answers[0].body[:6] + answers[0].body[-1:] == b"GIF89a;"


def test_only_a_good_token_is_an_event(pixels: Start, env: dict[str, str], run: Run) -> None:
    server = pixels(env=env)
    for one in (token(1), token(2, "an old key"), token(3, "no key of ours"), token(4)[:-1], "", "x"):
        server.ask(path(one))
    server.stop()

    found = events(run, env)

    assert [one["track"]["id"] for one in found] == [f"{1:032x}", f"{2:032x}"]
    assert (found[0]["class"], found[0]["ip"], found[0]["userAgent"]) == ("human", "127.0.0.0/24", AGENT)


def test_the_same_in_a_minute_is_one_event_with_a_count(pixels: Start, env: dict[str, str], run: Run) -> None:
    server = pixels(env=env)
    for number in range(20):
        server.ask(path(token()), headers={"User-Agent": f"{AGENT} {number}"})
    server.ask(path(token()), headers={"User-Agent": "curl/8"})
    server.ask(path(token()), "HEAD")
    server.stop()

    counts: dict[str, int] = {}
    for one in events(run, env):
        counts[one["class"]] = counts.get(one["class"], 0) + one["count"]

    assert counts == {"human": 20, "scanner": 2}
    assert len(events(run, env)) <= 4  # a minute may have passed


def test_a_network_that_asks_too_often_is_no_person(pixels: Start, env: dict[str, str], run: Run) -> None:
    server = pixels(env=env)
    asked = LIMIT * 2 + 10  # a minute may end meanwhile
    with socket.create_connection((server.host, server.port), timeout=20) as client:
        for number in range(asked):
            line = f"GET {path(token(1 + number % 5))} HTTP/1.1\r\nHost: x\r\nUser-Agent: {AGENT}\r\n\r\n"
            client.sendall(line.encode())
            while not client.recv(4096).endswith(b";"):
                pass
    server.stop()

    found = events(run, env)
    assert sum(one["count"] for one in found) == asked  # nothing is dropped
    assert {(one["class"], one["rule"]) for one in found} == {
        ("human", "none"),
        ("scanner", "too-many-from-network"),
    }


def test_the_time_of_an_answer_tells_nothing(pixels: Start, env: dict[str, str]) -> None:
    server = pixels(env=env)
    kinds = {"good": path(token()), "bad": path(token(key="other")), "none": path("x")}
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    with socket.create_connection((server.host, server.port), timeout=20) as client:
        for number in range(900):
            kind = list(kinds)[number % 3]
            begun = time.perf_counter()
            client.sendall(f"GET {kinds[kind]} HTTP/1.1\r\nHost: x\r\nUser-Agent: x\r\n\r\n".encode())
            while not client.recv(4096).endswith(b";"):
                pass
            taken[kind].append(time.perf_counter() - begun)

    middle = {kind: statistics.median(times) for kind, times in taken.items()}
    # Far below what a network lets anybody measure; one look into a database takes longer.
    assert max(middle.values()) - min(middle.values()) < 0.0005, middle


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_what_was_answered_is_kept_when_the_server_is_stopped(
    pixels: Start, env: dict[str, str], run: Run, signum: int
) -> None:
    server = pixels(env=env)
    for number in range(50):
        assert server.ask(path(token(number))).status == 200

    assert server.stop(signum) == 0
    assert len(events(run, env)) == 50
    assert server.said == []


def test_a_stop_under_load_loses_nothing_that_was_answered(
    pixels: Start, env: dict[str, str], run: Run
) -> None:
    server = pixels(env=env)
    answered: list[int] = []

    def ask(first: int) -> None:
        for number in range(first, first + 100_000):
            try:
                if server.ask(path(token(number))).status == 200:
                    answered.append(number)
            except (OSError, http.client.HTTPException):
                return

    threads = [threading.Thread(target=ask, args=(number * 1_000_000,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    time.sleep(1.5)
    status = server.stop()
    for thread in threads:
        thread.join(30)

    kept = {int(one["track"]["id"], 16) for one in events(run, env)}
    assert status == 0
    assert len(answered) > 100
    assert set(answered) <= kept


def test_a_kill_loses_a_second_at_most(pixels: Start, env: dict[str, str], run: Run) -> None:
    server = pixels(env=env)
    times: dict[int, float] = {}
    end = time.monotonic() + 3
    number = 0
    while time.monotonic() < end:
        number += 1
        server.ask(path(token(number)))
        times[number] = time.monotonic()
    killed = time.monotonic()
    server.stop(signal.SIGKILL)

    kept = {int(one["track"]["id"], 16) for one in events(run, env)}
    lost = [one for one in times if one not in kept]

    assert kept
    assert all(killed - times[one] <= 1.0 for one in lost)


def test_the_health_and_the_counts_are_shown_to_those_who_may_see_them(
    pixels: Start, env: dict[str, str]
) -> None:
    server = pixels(env=env)
    server.ask(path(token()))
    server.ask(path("x"))

    shown = server.ask("/metrics").body.decode()

    assert 'mailpipe_track_events_total{kind="open",class="human"} 1' in shown
    assert 'mailpipe_track_events_total{kind="unknown",class=""} 1' in shown
    assert server.ask("/health").body == b"ok\n"
    assert server.ask("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status == 404
    others = pixels("--observer", "10.0.0.0/8", env=env)
    assert others.ask("/metrics").status == 404


def test_the_address_that_a_proxy_tells_is_believed_from_that_proxy_alone(
    pixels: Start, env: dict[str, str], run: Run
) -> None:
    told = {"X-Forwarded-For": "203.0.113.9"}
    pixels(env=env).ask(path(token(1)), headers=told)
    behind = pixels("--behind", "127.0.0.1", "--own", "203.0.113.0/24", env=env)
    behind.ask(path(token(2)), headers=told)
    behind.stop()
    time.sleep(1)

    found = {one["track"]["id"][-1]: (one["ip"], one["class"]) for one in events(run, env)}

    assert found == {"1": ("127.0.0.0/24", "human"), "2": ("203.0.113.0/24", "self")}


def test_one_click_unsubscribes_and_a_visit_does_not(pixels: Start, env: dict[str, str], run: Run) -> None:
    server = pixels(env=env)
    where = f"/u/{token(1, purpose='unsubscribe')}"
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    assert b"<form" in server.ask(where).body
    assert server.ask(where, "HEAD").status == 200
    assert server.ask(where, "POST", b"x=y", form).status == 400
    assert server.ask(f"/u/{token(2)}", "POST", b"List-Unsubscribe=One-Click", form).status == 200
    assert server.ask(where, "POST", b"List-Unsubscribe=One-Click", form).status == 200
    server.stop()

    [one] = events(run, env)
    assert (one["event"], one["track"]["id"], one["rule"]) == ("unsubscribe", f"{1:032x}", "one-click")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_other_methods_are_refused(pixels: Start, env: dict[str, str], method: str) -> None:
    assert pixels(env=env).ask(path("x"), method).status == 405


def conversation(server: Pixels, data: bytes, pause: float = 0.0) -> bytes:
    """What comes back on one connection until the server closes it or says nothing for some seconds."""
    found = b""
    with socket.create_connection((server.host, server.port), timeout=3) as client:
        try:
            for at in range(0, len(data), 32_768):
                client.sendall(data[at : at + 32_768])
                time.sleep(pause)
            while piece := client.recv(65_536):
                found += piece
        except OSError:
            pass
    return found


def test_hostile_requests_get_nowhere(pixels: Start, env: dict[str, str], run: Run) -> None:
    server = pixels(env=env)
    start, end = f"GET {path(token())} HTTP/1.1\r\nHost: x\r\n".encode(), b"\r\n"
    both = (
        b"POST /u/x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        + start
        + end
    )

    assert b" 200 " not in conversation(server, b"GET /o/" + b"a" * 1_000_000)
    assert b" 200 " not in conversation(server, start + b"X: " + b"a" * 100_000 + end + end)
    assert b" 200 " not in conversation(server, start + b"X: y\r\n" * 10_000 + end)
    assert conversation(server, start + b"X: y\r\n" * 101 + end).startswith(b"HTTP/1.1 431 ")
    assert b"GIF89a" not in conversation(server, both)
    assert b" 400 " in conversation(server, b"\x16\x03\x01\x02\x00\x01\x00" + end)
    ranged = conversation(server, start + b"Range: bytes=0-1\r\nConnection: close\r\n" + end)
    assert ranged.startswith(b"HTTP/1.1 200")
    assert ranged.endswith(b";")
    many = conversation(server, (start + end) * 50)
    assert many.count(b"GIF89a") == 50
    assert server.ask("/health").status == 200
    server.stop()
    assert sum(one["count"] for one in events(run, env)) == 51


def test_a_slow_request_is_given_up(pixels: Start, env: dict[str, str]) -> None:
    server = pixels(env=env)
    begun = time.monotonic()
    with socket.create_connection((server.host, server.port), timeout=20) as client:
        client.sendall(b"GET /o/x.gif HTTP/1.1\r\n")
        assert client.recv(100) == b""

    assert 8 < time.monotonic() - begun < 15


def test_a_user_agent_cannot_write_to_the_terminal_of_who_reads_the_events(
    pixels: Start, env: dict[str, str], run: Run
) -> None:
    server = pixels(env=env)
    request = f"GET {path(token())} HTTP/1.1\r\nHost: x\r\nUser-Agent: ".encode()
    conversation(
        server, request + "\x9b31mé".encode("latin-1") + b"a" * 9_000 + b"\r\nConnection: close\r\n\r\n"
    )
    server.stop()

    [one] = events(run, env)
    assert one["userAgent"].startswith("?31m?aaa")
    assert len(one["userAgent"]) == 300


def test_opens_wait_while_the_database_is_away(
    pixels: Start, env: dict[str, str], run: Run, home_env: Any
) -> None:
    import sqlite3

    server = pixels(env=env)
    database = Path(home_env["XDG_STATE_HOME"]) / "mailpipe" / "track.db"
    assert database.stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(database, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        for number in range(30):
            assert server.ask(path(token(number))).status == 200
        other.execute("ROLLBACK")
    other.close()

    assert server.stop() == 0
    assert len(events(run, env)) == 30


def test_who_follows_sees_an_open_soon(pixels: Start, env: dict[str, str], home_env: dict[str, str]) -> None:
    server = pixels(env=env)
    follower = subprocess.Popen(
        [MAILPIPE, "track", "events", "--follow"], stdout=subprocess.PIPE, env={**home_env, **env}
    )
    assert follower.stdout
    try:
        for number in (1, 2):
            server.ask(path(token(number)))
            assert json.loads(follower.stdout.readline())["track"]["id"] == f"{number:032x}"
    finally:
        follower.send_signal(signal.SIGINT)
        assert follower.wait(20) == 130
        follower.stdout.close()


def test_what_is_old_is_forgotten_where_that_is_wanted(
    pixels: Start, env: dict[str, str], run: Run, home_env: dict[str, str]
) -> None:
    import sqlite3

    server = pixels(env=env)
    for number in (1, 2):
        server.ask(path(token(number)))
    server.stop()
    database = sqlite3.connect(Path(home_env["XDG_STATE_HOME"]) / "mailpipe" / "track.db")
    with database:
        database.execute("UPDATE mailpipe_opens SET last_at = last_at - 864000 WHERE seq = 1")
    database.close()

    later = pixels("--keep", "9", env=env)
    time.sleep(1)
    later.stop()

    assert [one["track"]["id"] for one in events(run, env)] == [f"{2:032x}"]


def test_a_page_in_a_browser_is_one_event(
    pixels: Start, env: dict[str, str], run: Run, tmp_path: Path
) -> None:
    chromium = need("chromium")
    server = pixels(env=env)
    (tmp_path / "check.md").write_text(
        f"---\nfrom: a@example.com\nto: b@example.net\nsubject: s\ntrack: {server.url}\n---\nHello **you**\n"
    )
    [record] = run(["render", "check.md"], stdin=[{"id": 1}], env=env).records
    (tmp_path / "mail.html").write_text(pixel.with_pixel(record["html"], record["track"]["pixel"]))

    subprocess.run(
        [chromium, *HEADLESS, f"--user-data-dir={tmp_path}/profile", f"file://{tmp_path}/mail.html"],
        check=True,
        capture_output=True,
        timeout=60,
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    server.stop()

    [one] = events(run, env)
    assert (one["track"]["id"], one["count"]) == (record["track"]["id"], 1)
    assert re.search("HeadlessChrome", one["userAgent"])


@pytest.mark.parametrize(
    ("args", "status", "told"),
    [
        (["--listen", "nowhere"], 64, "is not HOST:PORT"),
        (["--listen", "192.0.2.1:80"], 69, "cannot listen on 192.0.2.1 port 80"),
        (["--own", "here"], 64, "does not appear to be"),
    ],
)
def test_a_server_that_cannot_be_says_why(run: Run, args: list[str], status: int, told: str) -> None:
    result = run(["track", "serve", *args])

    assert result.status == status
    assert told in result.stderr
