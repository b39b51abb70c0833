"""List what the ledger holds open: messages put off, of unknown fate, or being sent now."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from mailpipe import exact
from mailpipe.wire import database, ledger, postponed
from mailpipe.wire.runs import Runs

_OPEN = """
SELECT sends.scope, sends.key, recipient, state, attempts, run, first, at, status,
    (SELECT min(due) FROM postponed WHERE postponed.scope = sends.scope AND postponed.key = sends.key),
    (SELECT via FROM postponed WHERE postponed.scope = sends.scope AND postponed.key = sends.key)
FROM sends WHERE state IN ('unknown', 'deferred') ORDER BY sends.scope, sends.key, recipient
"""
_LOST = {"delivered": "unknown", "action": None}


def held(state_dir: Path, clock: Callable[[], float]) -> Iterator[dict[str, Any]]:
    """One record for each message that is put off, of unknown fate, or being sent now.

    Raises WorldError.
    """
    connection = database.connect(state_dir, ledger.SCHEMA + ";" + postponed.SCHEMA)
    runs = Runs(state_dir)
    try:
        with database.guard():
            rows = connection.execute(_OPEN).fetchall()
    finally:
        connection.close()
    for (scope, key), group in groupby(rows, key=lambda row: (row[0], row[1])):
        yield _record(scope, key, list(group), runs, clock())


def _record(scope: str, key: str, rows: list[Any], runs: Runs, now: float) -> dict[str, Any]:
    states = {_state(row, runs) for row in rows}
    due = rows[0][9]
    record: dict[str, Any] = _named(key)
    record["deliveryStatus"] = {row[2]: exact.loads(row[8]) if row[8] else _LOST for row in rows}
    record["send"] = {
        "state": "unknown" if "unknown" in states else min(states),
        "attempts": max(row[4] for row in rows),
        "firstAttempt": _time(min(row[6] for row in rows)),
        "lastAttempt": _time(max(row[7] for row in rows)),
        "nextAttempt": _time(due) if due is not None and "deferred" in states else None,
        "due": due is not None and due <= now,
        "via": rows[0][10],
        "scope": scope,
    }
    return record


def _state(row: Any, runs: Runs) -> str:
    return "sending" if row[3] == "unknown" and runs.alive(row[5]) else str(row[3])


def _named(key: str) -> dict[str, Any]:
    if key.startswith("key:"):
        return {"idempotencyKey": key.removeprefix("key:")}
    return {"messageId": [key.removeprefix("<").removesuffix(">")]}


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
