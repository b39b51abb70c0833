"""HTTP with limits: no endless line, header or body, and nobody may take his time over a request."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

REQUEST_LIMIT = 16 * 1024  # octets of one request, all of it
HEADERS_LIMIT = 100
SECONDS = 10.0  # for one request to arrive

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Bounded(HttpToolsProtocol):
    """uvicorn's HTTP protocol, which has no limits of its own with this parser."""

    _octets = 0
    _refused = False
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock of the first request."""
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._unwatch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what has come since the last request was complete."""
        if self.transport.is_closing():
            return
        self._octets += len(data)
        super().data_received(data)
        if self._refused or self._octets > REQUEST_LIMIT:
            self._refuse()

    def on_message_begin(self) -> None:
        """Start the clock of a further request."""
        super().on_message_begin()
        self._watch()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Refuse too many."""
        self._refused = self._refused or len(self.headers) >= HEADERS_LIMIT
        if not self._refused:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Let the application begin."""
        if not self._refused:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Hand on a piece of the body."""
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there: what comes now belongs to the next one."""
        self._unwatch()
        if not self._refused:
            self._octets = 0
            super().on_message_complete()

    def _refuse(self) -> None:
        self._unwatch()
        if not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def _watch(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(SECONDS, self._late)

    def _late(self) -> None:
        self._deadline = None
        self.transport.close()

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
