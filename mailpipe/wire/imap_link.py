"""Keep one IMAP session usable for as long as a pipe runs, and know which folder it is in."""

from collections.abc import Callable

from mailpipe.errors import TemporaryError, UsageError
from mailpipe.wire.imap import Session
from mailpipe.wire.imap_folder import Names, Selected, select
from mailpipe.wire.imap_login import open_session
from mailpipe.wire.location import Location

IDLE = 60.0  # seconds after which a connection is tried before it is used


class Link:
    """The way to one server; ``clock`` is monotonic, in seconds.  Every method may raise WorldError."""

    def __init__(self, location: Location, clock: Callable[[], float]) -> None:
        self.location = location
        self._clock = clock
        self._session: Session | None = None
        self._selected: tuple[Selected, bool] | None = None
        self._names: Names | None = None
        self._used = 0.0

    def session(self) -> Session:
        """A session that works: a server ends one that was idle for long (RFC 3501 section 5.4)."""
        if self._session is not None and self._clock() - self._used > IDLE:
            try:
                self._session.command("NOOP")
            except TemporaryError:
                self.close()
        if self._session is None:
            if self.location.server is None:
                raise UsageError(f"{self.location.url} is no IMAP server")
            self._session = open_session(self.location.server)
        self._used = self._clock()
        return self._session

    @property
    def is_open(self) -> bool:
        """Whether there is a session."""
        return self._session is not None

    def names(self) -> Names:
        """How the server writes names."""
        if self._names is None:
            self._names = Names(self.session())
        return self._names

    def enter(self, name: str, *, read_only: bool) -> Selected:
        """Be in a folder, by its exact name."""
        session = self.session()
        if self._selected is None or (self._selected[0].name, self._selected[1]) != (name, read_only):
            self._selected = select(session, name, read_only=read_only), read_only
        return self._selected[0]

    def leave(self) -> None:
        """Forget the folder, so that it is entered anew and tells what it holds now."""
        self._selected = None

    def close(self) -> None:
        """Log out."""
        if self._session is not None:
            self._session.close()
        self._session = self._selected = None
