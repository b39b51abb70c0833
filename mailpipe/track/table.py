"""Write a report as a table for a terminal: one line for each recipient, cut to the width there is."""

from datetime import datetime

from mailpipe.record import Record
from mailpipe.track.classify import CLASSES, SEEN

HEADS = ("ACCEPTED", "RECIPIENT", "SUBJECT", "OPENED", "OPENS", "OTHERS")
_FIXED = {0: 16, 3: 16, 4: 5, 5: 6}
GAP = "  "
LEAST = 60  # columns, below which lines break


class Table:
    """Encodes records as lines, the first one with the heads above it; ``width`` is in columns."""

    def __init__(self, width: int) -> None:
        room = max(width, LEAST) - sum(_FIXED.values()) - len(GAP) * (len(HEADS) - 1)
        self._widths = [_FIXED.get(at, room // 2) for at in range(len(HEADS))]
        self._begun = False

    def line(self, record: Record) -> bytes:
        """The line of one record."""
        heads = "" if self._begun else self._row(HEADS)
        self._begun = True
        return (heads + self._row(cells(record))).encode("utf-8", "backslashreplace")

    def _row(self, values: tuple[str, ...]) -> str:
        shown = [fit(value, width) for value, width in zip(values, self._widths, strict=True)]
        return GAP.join(shown).rstrip() + "\n"


def cells(record: Record) -> tuple[str, ...]:
    """What the columns say."""
    opens = record["opens"]
    seen = sum(opens[one] for one in SEEN)
    others = sum(opens[one] for one in CLASSES if one not in SEEN)
    opened = record.get("openedAt") or record.get("unsubscribedAt")
    return (
        shown_time(record.get("acceptedAt")),
        record.get("recipient", "(not registered)"),
        record.get("subject", ""),
        shown_time(opened) or "-",
        str(seen or "-"),
        str(others or "-"),
    )


def shown_time(text: str | None) -> str:
    """A time of a record in the zone of whoever reads it."""
    return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M}" if text else ""


def fit(text: str, width: int) -> str:
    """The text in exactly so many columns; what is no character for a terminal is a question mark."""
    text = "".join(char if char.isprintable() else "?" for char in text)
    return text.ljust(width) if len(text) <= width else text[: width - 1] + "…"
