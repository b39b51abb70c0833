"""Put messages of a Maildir away: a rename into the folder's ``cur``, on disk before it is told."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from mailpipe.errors import InputOutputError, RecordError
from mailpipe.settle.decide import Intent, Settled
from mailpipe.wire.maildir_folder import make, sync
from mailpipe.wire.maildir_source import directory, entries, flags, key


class MaildirPlace:
    """One folder of a Maildir; ``root`` is the Maildir itself."""

    def __init__(self, root: Path, mailbox: str) -> None:
        self._root = root
        self._folder = directory(root, mailbox)
        self._index: dict[str, tuple[str, str]] = {}

    def put(self, intents: Sequence[Intent], folder: str) -> Iterator[tuple[int, Settled | RecordError]]:
        """Move messages to ``folder``; they are on disk when the first result is told."""
        target = directory(self._root, folder)
        make(target)
        results = [self._move(intent, target, folder) for intent in intents]
        # The new name first: a power cut then leaves two names of one file, never none.
        for changed in (target / "cur", self._folder / "cur", self._folder / "new"):
            sync(changed)
        yield from enumerate(results)

    def unclaim(self, keys: Sequence[str]) -> None:
        """Nobody claims messages in a Maildir."""

    def complete(self) -> None:
        """A rename is complete when it is done."""

    def close(self) -> None:
        """Nothing is held."""

    def _move(self, intent: Intent, target: Path, folder: str) -> Settled | RecordError:
        for part, name in self._places(intent.key):
            goal = target / "cur" / f"{name.partition(':')[0]}:2,{flags(name)}"
            try:
                if goal.exists() and not goal.samefile(self._folder / part / name):
                    return RecordError(f"{goal} exists already: two messages have one name")
                (self._folder / part / name).rename(goal)
            except FileNotFoundError:
                continue
            except OSError as exc:
                raise InputOutputError(f"{self._folder / part / name}: {exc.strerror}") from exc
            return Settled(mailbox=folder, action="moved", uid=intent.key)
        return self._missing(intent, target, folder)

    def _places(self, wanted: str) -> Iterator[tuple[str, str]]:
        """Where the message may be: what is known, then what a fresh look tells."""
        yield self._index.pop(wanted, ("new", wanted))
        self._index = {key(name): (part, name) for part, name in entries(self._folder)}
        if wanted in self._index:
            yield self._index.pop(wanted)

    def _missing(self, intent: Intent, target: Path, folder: str) -> Settled:
        there = {key(name) for _, name in entries(target)}
        if intent.key in there:
            return Settled(mailbox=folder, action="already", uid=intent.key)
        return Settled(mailbox=None, action="gone")
