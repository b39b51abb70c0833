"""Message identifiers (RFC 5322 section 3.6.4) out of Message-ID, In-Reply-To and References fields."""

import re

from mailpipe.mail import limits

_ANGLE = re.compile(r"<([^<>]*)>")
_BLANKS = re.compile(r"\s+")


def parse(field: str, defects: list[str]) -> list[str]:
    """The identifiers without their angle brackets, in order, each once.

    Tolerated: blanks inside the brackets (folding), no brackets at all (``id-brackets-missing``), words
    between identifiers, as in ``In-Reply-To: Your message of ... <id>``.
    """
    found = [text for text in (_BLANKS.sub("", inner) for inner in _ANGLE.findall(field)) if text]
    if not found:
        found = [
            text
            for text in (word.strip("<>,;\"'") for word in field.split())
            if "@" in text or text == field.strip()
        ]
        if found:
            defects.append("id-brackets-missing")
    if len(found) > limits.REFERENCES:
        defects.append("limit:references")
        # The first names the start of the conversation, the last ones what is answered.
        found = found[:1] + found[1 - limits.REFERENCES :]
    return list(dict.fromkeys(found))
