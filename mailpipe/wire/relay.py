"""Give the inside of a TLS connection as an ordinary socket, so that there can be TLS in it once more."""

import select
import socket
import ssl
import threading

_CHUNK = 64 * 1024


def inside(outer: ssl.SSLSocket) -> socket.socket:
    """A socket whose octets go through ``outer``; one thread carries them until either end closes."""
    ours, theirs = socket.socketpair()
    outer.settimeout(None)
    threading.Thread(target=_carry, args=(outer, theirs), daemon=True).start()
    return ours


def _carry(outer: ssl.SSLSocket, inner: socket.socket) -> None:
    """One thread alone: an SSL object must not be read and written at the same time."""
    with outer, inner:
        try:
            while True:
                ready = [outer] if outer.pending() else select.select([outer, inner], [], [])[0]
                if inner in ready:
                    data = inner.recv(_CHUNK)
                    if not data:
                        return
                    outer.sendall(data)
                if outer in ready:
                    data = outer.recv(_CHUNK)
                    if not data:
                        return
                    inner.sendall(data)
        except OSError:
            return  # the other end sees that the connection is lost
