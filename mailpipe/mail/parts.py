"""Which parts are the body and which are attachments: the algorithm of RFC 8621 section 4.1.4."""

from typing import NamedTuple

from mailpipe.mail.mime import Part

_MEDIA = ("image/", "audio/", "video/")


class Classified(NamedTuple):
    """The body as plain text, the body as HTML, and everything else, each in the order of the message."""

    text: list[Part]
    html: list[Part]
    attachments: list[Part]


def classify(root: Part) -> Classified:
    """Sort the leaves of a tree; recursion is bounded by ``limits.DEPTH``."""
    found = Classified([], [], [])
    _sort([root], "mixed", found, found.text, found.html, False)
    return found


def _sort(
    parts: list[Part],
    kind: str,
    found: Classified,
    text: list[Part] | None,
    html: list[Part] | None,
    alternative: bool,
) -> None:
    texts = len(text) if text is not None else -1
    htmls = len(html) if html is not None else -1
    for index, part in enumerate(parts):
        if part.filename and _is_inline(part, index, kind) and part.type.startswith("text/"):
            found.attachments.append(part)  # a file that is also the body: its name must not be lost
        if part.parts:
            inner = part.type.partition("/")[2]
            _sort(part.parts, inner, found, text, html, alternative or inner == "alternative")
        elif not _is_inline(part, index, kind):
            found.attachments.append(part)
        elif kind == "alternative":
            if part.type == "text/plain" and text is not None:
                text.append(part)
            elif part.type == "text/html" and html is not None:
                html.append(part)
            else:
                found.attachments.append(part)
        else:
            if alternative:
                if part.type == "text/plain":
                    html = None
                if part.type == "text/html":
                    text = None
            if text is not None:
                text.append(part)
            if html is not None:
                html.append(part)
            # The RFC lists inline media with the body alone where both bodies show it; a reader of
            # attachments wants every picture, so here it is always listed.
            if part.type.startswith(_MEDIA):
                found.attachments.append(part)
    if kind == "alternative" and text is not None and html is not None:
        if texts == len(text) and htmls != len(html):
            text.extend(html[htmls:])
        elif htmls == len(html) and texts != len(text):
            html.extend(text[texts:])


def _is_inline(part: Part, index: int, kind: str) -> bool:
    if part.disposition == "attachment":
        return False
    media = part.type.startswith(_MEDIA)
    if not media and part.type not in ("text/plain", "text/html"):
        return False
    return index == 0 or (kind != "related" and (media or not part.name))
