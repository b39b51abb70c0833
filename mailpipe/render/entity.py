"""Puts the parts of a message together: the alternatives, the pictures with the HTML, the attachments."""

from typing import Any, NamedTuple

from mailpipe.mail import compose, seal
from mailpipe.render import data as structured
from mailpipe.render.options import DataOption
from mailpipe.render.template import Filled, Template


class Parts(NamedTuple):
    """Finished parts: alternatives with the best last, pictures of the HTML, attachments."""

    alternatives: list[bytes]
    inline: tuple[bytes, ...]
    attachments: list[bytes]

    @classmethod
    def of(cls, template: Template, data: Any, filled: Filled) -> "Parts":
        """The same content as text, as Markdown and as data where that is wanted, and as HTML.

        An invitation is an alternative, where calendars look for it (RFC 6047 section 2.4).
        """
        found = [compose.text_part("text/plain", filled.text)]
        if filled.markdown is not None:
            found.append(compose.text_part("text/markdown", filled.markdown))  # RFC 7763
        attached = [each.part for each in filled.attachments]
        if own := _data(template.data, data):
            (found if template.data.part == "alternative" else attached).append(own)
        found += [each.invitation for each in filled.attachments if each.invitation]
        html = compose.text_part("text/html", filled.html)
        if filled.seal.sign:
            found, [html], attached = seal.steady(found), seal.steady([html]), seal.steady(attached)
        return cls([*found, html], filled.inline, attached)

    def with_html(self, html: str, *, steady: bool) -> "Parts":
        """The same with other HTML, which nobody changes on the way if ``steady``."""
        part = compose.text_part("text/html", html)
        if steady:
            [part] = seal.steady([part])
        return self._replace(alternatives=[*self.alternatives[:-1], part])

    def octets(self) -> list[bytes]:
        """All that tells this message from another one."""
        return [*self.alternatives, *self.attachments]

    def joined(self, key: str) -> bytes:
        """One entity: its content fields, a blank line, its octets; ``key`` makes its boundaries."""
        last = self.alternatives[-1]
        html = compose.multipart("related", [last, *self.inline], key, '; type="text/html"')
        content = compose.multipart("alternative", [*self.alternatives[:-1], html], key)
        return compose.multipart("mixed", [content, *self.attachments], key)


def _data(option: DataOption, data: Any) -> bytes | None:
    if option.part == "none" or data is None:
        return None
    return structured.part(data, option.format, option.fields)
