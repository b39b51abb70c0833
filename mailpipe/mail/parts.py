"""Which parts are the body and which are attachments: the algorithm of RFC 8621 section 4.1.4."""

from typing import NamedTuple

from mailpipe.mail.mime import Part

_MEDIA = ("image/", "audio/", "video/")


class Classified(NamedTuple):
    """The body as plain text, the body as HTML, and what is a file, each in the order of the message.

    Unlike in the RFC, inline media and named text are files too, even if they are part of both bodies: our
    record has no other place for them.
    """

    text: list[Part]
    html: list[Part]
    attachments: list[Part]


def classify(root: Part) -> Classified:
    """Sort the leaves of a tree; recursion is bounded by ``limits.DEPTH``."""
    found = Classified([], [], [])
    _sort([root], "mixed", found, _Scope())
    return _without_hollow(found)


def _without_hollow(found: Classified) -> Classified:
    """Text of a multipart without parts is a file if there is any other text.

    No mail program shows it (RFC 2046 section 5.1.1: it is the preamble), so it must not say anything in
    the name of the author; but where there is nothing else, it is what was meant.
    """
    shown = {id(part): part for part in (*found.text, *found.html)}
    hollow = [part for part in shown.values() if part.hollow]
    if not hollow or len(hollow) == len(shown):
        return found
    said = [part for part in hollow if part.content()[0].strip()]
    return Classified(
        [part for part in found.text if not part.hollow],
        [part for part in found.html if not part.hollow],
        sorted([*found.attachments, *said], key=lambda part: part.start),
    )


class _Scope(NamedTuple):
    """Which bodies the parts of a multipart can belong to, and whether it is in an alternative."""

    alternative: bool = False
    text: bool = True
    html: bool = True


def _sort(parts: list[Part], kind: str, found: Classified, scope: _Scope) -> None:
    texts, htmls = len(found.text), len(found.html)
    for index, part in enumerate(parts):
        if part.parts:
            inner = part.type.partition("/")[2]
            within = scope._replace(alternative=scope.alternative or inner == "alternative")
            _sort(part.parts, inner, found, within)
            continue
        if not _is_inline(part, index, kind):
            found.attachments.append(part)
            continue
        if kind != "alternative" and scope.alternative:
            # Text in one branch of an alternative belongs to that branch's body alone.
            scope = scope._replace(
                text=scope.text and part.type != "text/html", html=scope.html and part.type != "text/plain"
            )
        _show(part, kind, found, scope)
    if kind == "alternative" and scope.text and scope.html:
        if texts == len(found.text) and htmls != len(found.html):
            found.text.extend(found.html[htmls:])
        elif htmls == len(found.html) and texts != len(found.text):
            found.html.extend(found.text[texts:])


def _show(part: Part, kind: str, found: Classified, scope: _Scope) -> None:
    media = part.type.startswith(_MEDIA)
    if scope.text and not (kind == "alternative" and part.type != "text/plain"):
        found.text.append(part)
    if scope.html and not (kind == "alternative" and part.type != "text/html"):
        found.html.append(part)
    if media or part.filename:
        found.attachments.append(part)


def _is_inline(part: Part, index: int, kind: str) -> bool:
    if part.disposition == "attachment":
        return False
    media = part.type.startswith(_MEDIA)
    if not media and part.type not in ("text/plain", "text/html"):
        return False
    return index == 0 or (kind != "related" and (media or not part.name))
