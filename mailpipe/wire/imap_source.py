"""Read a folder of an IMAP server as a source for fetch: examined, never selected, only peeked at."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing

from mailpipe.config import Server
from mailpipe.errors import RecordError, RetryableRecordError, TemporaryError, UsageError
from mailpipe.mail.stored import Stored, Wanted, keywords, too_large
from mailpipe.wire import imap_search
from mailpipe.wire.imap import Refused, Session
from mailpipe.wire.imap_fetch import GROUP, Stream
from mailpipe.wire.imap_folder import Names, Selected, select
from mailpipe.wire.imap_login import open_session
from mailpipe.wire.imap_message import Fetched
from mailpipe.wire.location import Location, box

Take = Callable[[str, Sequence[str]], Sequence[str]]


class ImapSource:
    """One folder.  A connection that is lost on the way is made again, as long as messages arrive."""

    def __init__(self, location: Location, mailbox: str, wanted: Wanted) -> None:
        self._location = location
        self._mailbox = mailbox
        self._wanted = wanted
        self._validity: int | None = None
        self._last = 0  # the highest UID that was asked for
        self._granted: dict[int, None] = {}  # what was leased and has not come yet, in order
        self._progress = False

    def messages(self, take: Take) -> Generator[Stored]:
        """Each message that ``take`` grants; raises WorldError."""
        while True:
            self._progress = False
            session = open_session(self._server())
            try:
                yield from self._from(session, take)
                return
            except Refused as exc:
                raise exc.as_error() from exc
            except TemporaryError:
                if not self._progress:
                    raise
            finally:
                session.close()

    def _server(self) -> Server:
        if self._location.server is None:
            raise UsageError(f"{self._location.url} is no IMAP server")
        return self._location.server

    def _from(self, session: Session, take: Take) -> Iterator[Stored]:
        folder = select(session, Names(session).real(self._mailbox), read_only=True)
        if self._validity not in (None, folder.uid_validity):
            raise TemporaryError(f"{session.name}: the folder {folder.name!r} was replaced while it was read")
        self._validity = folder.uid_validity
        where = box(self._location.url, folder.name, folder.uid_validity)
        yield from self._stream(session, folder, where, [list(self._granted)])
        keys = imap_search.criteria(self._wanted)
        for window in imap_search.windows(session, keys, after=self._last):
            yield from self._stream(session, folder, where, self._leased(where, window, take))

    def _leased(self, where: str, window: list[int], take: Take) -> Iterator[list[int]]:
        for start in range(0, len(window), GROUP):
            group = window[start : start + GROUP]
            self._last = group[-1]
            uids = [int(key) for key in take(where, [str(uid) for uid in group])]
            self._granted.update(dict.fromkeys(uids))
            if uids:
                yield uids

    def _stream(
        self,
        session: Session,
        folder: Selected,
        where: str,
        groups: Sequence[list[int]] | Iterator[list[int]],
    ) -> Iterator[Stored]:
        stream = Stream(
            session,
            (group for group in groups if group),
            max_size=self._wanted.max_size,
            gone=lambda uid: self._granted.pop(uid, None),
        )
        with closing(stream.messages()) as messages:
            for message in messages:
                self._granted.pop(message.uid, None)
                self._progress = True
                yield self._stored(message, folder, where)

    def _stored(self, message: Fetched, folder: Selected, where: str) -> Stored:
        problem: RecordError | None = None
        if message.missing:
            problem = RetryableRecordError(message.missing, slug="no-body")
        elif message.raw is None:
            problem = too_large(message.size, self._wanted.max_size)
        return Stored(
            box=where,
            key=str(message.uid),
            place={
                "account": self._location.account,
                "protocol": "imap",
                "url": self._location.url,
                "mailbox": folder.name,
                "uid": message.uid,
                "uidValidity": folder.uid_validity,
            },
            size=message.size,
            received_at=message.received_at,
            keywords=keywords(message.flags),
            raw=message.raw,
            problem=problem,
        )
