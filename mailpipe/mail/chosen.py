"""Tell whether a message is wanted by its header fields, as a server's SEARCH would (RFC 3501 6.4.4)."""

from mailpipe.mail import headers, words
from mailpipe.mail.stored import Wanted


def chosen(beginning: bytes, wanted: Wanted) -> bool:
    """Whether each wanted text stands in a field of its name; ``beginning`` holds the whole header block."""
    if not wanted.headers:
        return True
    fields = headers.read(beginning, 0, len(beginning)).fields
    return all(
        any(
            field.name.lower() == name.lower() and text.casefold() in words.decode(field.value, []).casefold()
            for field in fields
        )
        for name, text in wanted.headers
    )
