"""What a person asks of fetch, as one value."""

from dataclasses import dataclass
from datetime import datetime

from mailpipe.errors import UsageError
from mailpipe.mail.stored import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of the command line; ``lease`` and ``every`` are seconds, ``max_size`` octets."""

    mailbox: tuple[str, ...]
    limit: int | None
    peek: bool
    lease: int
    claim: bool
    take_over: bool
    watch: bool
    every: int
    max_size: int
    unseen: bool
    since: datetime | None
    sender: tuple[str, ...]
    header: list[tuple[str, str]]
    search: str | None

    def __post_init__(self) -> None:
        if self.watch and self.peek:
            raise UsageError("--watch would show the same messages again and again with --peek")
        if self.claim and self.peek:
            raise UsageError("--peek only looks: there is nothing to --claim")

    def wanted(self) -> Wanted:
        """Which messages are read."""
        return Wanted(
            max_size=self.max_size,
            unseen=self.unseen,
            since=self.since.date() if self.since else None,
            headers=(*(("From", text) for text in self.sender), *self.header),
            search=self.search,
        )

    def seconds(self, *, watched: bool) -> int | None:
        """How long messages are leased; None for a look, which one on a terminal is, too."""
        return None if self.peek or (watched and not self.watch) else self.lease
