"""Take Bcc out of messages that are attached to a message: they too would tell whom nobody should know."""

from mailpipe.mail import headers, mime
from mailpipe.mail.mime import Part
from mailpipe.send.message import BCC

DEPTH = 10  # messages within messages; what lies deeper stays as it is

_MESSAGES = ("message/rfc822", "message/global")
_SEALED = ("multipart/signed", "multipart/encrypted")
_CLEAR = ("", "7bit", "8bit", "binary")


def without_bcc(message: bytes, depth: int = DEPTH) -> bytes:
    """The message with no Bcc in the header of any message attached to it.

    What is signed stays as it is: it is somebody else's word, and one octet less would break it.
    """
    if depth == 0 or b"message/" not in message.lower() or not BCC.search(message):
        return message
    pieces: list[bytes] = []
    done = 0
    for part in mime.read(message).walk():
        if part.type in _MESSAGES and part.encoding in _CLEAR and not _sealed(part):
            start = headers.read(message, part.body, part.end).body
            head = BCC.sub(b"", message[part.body : start])
            inner = without_bcc(head + message[start : part.end], depth - 1)
            pieces += [message[done : part.body], inner]
            done = part.end
    return b"".join([*pieces, message[done:]])


def _sealed(part: Part) -> bool:
    above = part.parent
    while above is not None:
        if above.type in _SEALED:
            return True
        above = above.parent
    return False
