"""Tests of findings, and of what is found on this computer."""

import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailpipe.check import core, machine, network, show
from mailpipe.check.core import Finding, Probe, fail, ok, warn
from mailpipe.errors import ConfigError, Exit, NotPermittedError, TemporaryError, UnavailableError


def raising(exc: Exception) -> Probe:
    def look() -> Iterator[Finding]:
        yield ok("t", "so far")
        raise exc

    return Probe("t", look)


def test_a_probe_that_fails_does_not_keep_the_others() -> None:
    probes = [raising(NotPermittedError("refused", hint="ask")), Probe("u", lambda: [ok("u", "fine")])]

    assert list(core.check(probes)) == [
        ok("t", "so far"),
        fail("t", "refused", "ask", Exit.NO_PERMISSION),
        ok("u", "fine"),
    ]


@pytest.mark.parametrize(
    ("errors", "status"),
    [
        ([], 0),
        ([TemporaryError("x")], 75),
        ([UnavailableError("x"), TemporaryError("x")], 69),
        ([UnavailableError("x"), NotPermittedError("x")], 77),
        ([UnavailableError("x"), ConfigError("x"), TemporaryError("x")], 78),
    ],
)
def test_the_status_is_that_of_what_has_to_be_put_right_first(errors: list[Exception], status: int) -> None:
    assert (
        core.status(core.check([*map(raising, errors), Probe("w", lambda: [warn("w", "a", "b")])])) == status
    )


def test_a_finding_moves_no_cursor(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    list(show.shown([fail("imap", "\x1b]0;owned\x07\nok  all", "do\rit")], as_json=False))

    assert capfdbinary.readouterr().out == b"FAIL  imap: ?]0;owned??ok  all\n      -> do?it\n"


def test_the_holes_of_an_interpreter_are_told_by_what_it_does() -> None:
    found = list(machine.python())

    assert {finding.state for finding in found} <= {"ok", "warn"}
    assert ("CVE-2024-4032" in str(found)) == ipaddress.ip_address("192.0.0.9").is_private
    assert all("OpenSSL" in finding.detail for finding in found)


def test_a_library_with_holes_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"Jinja2": "3.1.5", "bleach": "6.1.0", "PyYAML": "6.0.1rc1"}
    monkeypatch.setattr(machine, "version", versions.__getitem__)

    states = {finding.detail.split()[0]: finding.state for finding in machine.libraries()}

    assert (states["Jinja2"], states["bleach"]) == ("fail", "ok")


def test_a_full_disk_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "LEAST_FREE", 1 << 62)

    [finding] = machine.room(tmp_path)

    assert (finding.state, finding.status) == ("fail", Exit.IO)


def test_a_name_without_address_is_found() -> None:
    [finding] = network.dns("dns", "nothing.invalid", None)

    assert (finding.state, finding.status in (Exit.UNAVAILABLE, Exit.TEMPORARY)) == ("fail", True)
    assert "nothing.invalid has no address" in finding.detail


def test_behind_a_proxy_it_is_the_proxy_that_needs_an_address() -> None:
    [finding] = network.dns("dns", "mail.example.com", "http://user@localhost:3128")

    assert finding.detail.startswith("localhost is ")


def test_a_connection_in_clear_is_only_noted() -> None:
    import socket

    left, right = socket.socketpair()
    with left, right:
        [finding] = network.tls("tls", left, datetime.now(UTC) + timedelta(days=1))

    assert finding.state == "note"
