"""Be told of news in folders of an IMAP server: IDLE (RFC 2177), one connection for each folder."""

from collections.abc import Sequence

from mailpipe.errors import UsageError
from mailpipe.wire.imap import Refused, Session
from mailpipe.wire.imap_folder import Names, select
from mailpipe.wire.imap_login import open_session
from mailpipe.wire.location import Location
from mailpipe.wire.waiting import wait


class ImapWatch:
    """Waits for news in ``mailboxes``; every method may raise WorldError.

    Without IDLE nothing is told, and waiting lasts its whole time.
    """

    def __init__(self, location: Location, mailboxes: Sequence[str]) -> None:
        self._location = location
        self._mailboxes = mailboxes
        self._idling: list[tuple[Session, str]] = []
        self._has_idle = True

    def start(self) -> None:
        """From now on news is noticed; whoever searches after this misses nothing."""
        if self._idling or not self._has_idle:
            return
        try:
            for name in self._mailboxes:
                self._watch(name)
        except Refused as exc:
            self.stop()
            raise exc.as_error() from exc

    def _watch(self, name: str) -> None:
        if self._location.server is None:
            raise UsageError(f"{self._location.url} is no IMAP server")
        session = open_session(self._location.server)
        self._idling.append((session, ""))
        if not session.offers("IDLE"):
            self._has_idle = False
            self.stop()
            return
        select(session, Names(session).real(name), read_only=True)
        self._idling[-1] = session, _idle(session)

    def wait(self, seconds: float) -> None:
        """Return when there is news, or after that time; and go on watching.

        A connection that has died in silence is found out here: the server has to answer.  Raises
        ClosedPipe when the reader of stdout has gone meanwhile.
        """
        wait([session.channel for session, _ in self._idling], seconds)
        for number, (session, tag) in enumerate(self._idling):
            session.channel.send(b"DONE\r\n")
            for _answer in session.until(tag):
                pass  # that there is news is known, which news the search will tell
            try:
                self._idling[number] = session, _idle(session)
            except Refused as exc:
                raise exc.as_error() from exc

    def stop(self) -> None:
        """Close every connection."""
        for session, _ in self._idling:
            session.close()
        self._idling.clear()


def _idle(session: Session) -> str:
    """Begin to idle; the tag of the command.  May raise Refused."""
    tag = session.start("IDLE")
    while (answer := session.answer()).tag != "+":
        if answer.tag == tag:
            raise Refused(session.name, "IDLE", answer)
    return tag
