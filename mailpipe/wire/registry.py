"""Register whom a tracked message went to: what its token stands for, once somebody has accepted it."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mailpipe.config import Settings
from mailpipe.errors import ConfigError, WorldError
from mailpipe.record import Record

if TYPE_CHECKING:
    from mailpipe.wire.trackdb import TrackDatabase

PATIENCE = 2  # failures in a row after which the database is not tried any more
_ID = re.compile(r"[0-9a-f]{32}")


def concerns(record: Record) -> bool:
    """Whether the record is that of a tracked message which its recipient got, or may have got."""
    track, status = record.get("track"), record.get("deliveryStatus")
    if not isinstance(track, dict) or not isinstance(status, dict) or not record.get("messageId"):
        return False
    got = status.get(track.get("recipient"))
    known = isinstance(track.get("id"), str) and _ID.fullmatch(track["id"])
    return bool(known) and isinstance(got, dict) and got.get("delivered") != "no"


class Registry:
    """The database of opens, opened with the first registration; ``clock`` gives seconds since the epoch."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._database: TrackDatabase | None = None

    def add(self, records: Sequence[Record]) -> None:
        """Register those that :func:`concerns` finds; the same once more changes nothing.

        Raises WorldError.
        """
        from mailpipe.wire.trackdb import Registration

        if self._database is None:
            self._database = opened(self._settings)
        self._database.register([Registration(**self._row(record)) for record in records])

    def close(self) -> None:
        """Let go of the database."""
        if self._database is not None:
            self._database.close()

    def _row(self, record: Record) -> dict[str, Any]:
        ref = record.get("ref")
        subject = record.get("subject")
        return {
            "id": record["track"]["id"],
            "message_id": str(record["messageId"][0]),
            "recipient": str(record["track"]["recipient"]),
            "subject": subject if isinstance(subject, str) else None,
            "ref": str(ref["id"]) if isinstance(ref, dict) and "id" in ref else None,
            "sent_at": self._sent_at(record),
        }

    def _sent_at(self, record: Record) -> float:
        """Now; of what an earlier run has sent, the time that the message tells."""
        if record.get("replayed"):
            try:
                return datetime.fromisoformat(record["sentAt"]).timestamp()
            except (KeyError, TypeError, ValueError):
                pass  # the present is the next best
        return self._clock()


def opened(settings: Settings) -> "TrackDatabase":
    """The database of opens; raises WorldError, also where what it needs is not installed."""
    try:
        from mailpipe.wire.trackdb import connected
    except ImportError as exc:
        hint = "pip install 'mailpipe[track]'"
        raise ConfigError(f"tracking needs {exc.name}, which is not installed", hint=hint) from exc
    return connected(settings)


def registering(
    records: Iterator[Record], registry: Registry, report: Callable[[str], None]
) -> Iterator[Record]:
    """Register each tracked record as it passes, and say so in its ``track``.

    Here the mail is sent whatever happens: what fails is told, and is no error.
    """
    trial = _Trial(registry, report)
    try:
        for record in records:
            yield trial.registered(record) if concerns(record) else record
    finally:
        close = getattr(records, "close", None)
        if close is not None:
            close()


class _Trial:
    """A registry that is given up after a few failures."""

    def __init__(self, registry: Registry, report: Callable[[str], None]) -> None:
        self._registry = registry
        self._report = report
        self._failures = 0
        self._last = ""

    def registered(self, record: Record) -> Record:
        """The record with what became of its registration."""
        if self._failures < PATIENCE:
            try:
                self._registry.add([record])
                self._failures = 0
            except WorldError as exc:
                self._failures, self._last = self._failures + 1, str(exc)
        if not self._failures:
            return {**record, "track": {**record["track"], "registered": True}}
        recipient = record["track"]["recipient"]
        self._report(
            f"whose pixel is whose is not kept for {recipient}: {self._last}; see `mailpipe track register`"
        )
        return {**record, "track": {**record["track"], "registered": False, "detail": self._last}}
