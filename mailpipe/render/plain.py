"""Writes the text part: the same content without markup, laid out with blank lines, hyphens and angles."""

import re
from html.parser import HTMLParser

URL_OPEN, URL_CLOSE = "\ue002", "\ue003"  # around a link that holds tokens

_TIGHT = frozenset(("li", "dt", "dd", "tr", "caption"))  # blocks without a blank line around them
_LOOSE = frozenset(("p", "div", "ul", "ol", "dl", "blockquote", "pre", "table", "hr"))
_BLOCKS = _TIGHT | _LOOSE | {f"h{level}" for level in range(1, 7)}
_BLANKS = re.compile(r"[ \t\r\n]+")
_MANY_LINES = re.compile(r"\n{3,}")


class _Writer(HTMLParser):
    """Collects lines; ``_prefix`` is what stands before each of them: quotes and list indents."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line = ""
        self._prefixes: list[tuple[str, str]] = []
        self._lists: list[int | None] = []
        self._links: list[tuple[str, int]] = []
        self._bullet = ""
        self._pre = 0
        self._cells = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _BLOCKS:
            self._break(blank=tag not in _TIGHT and not (tag in ("ul", "ol", "p") and self._bullet))
        if tag in ("ul", "ol"):
            start = given.get("start", "1")
            self._lists.append((int(start) if start.isdigit() else 1) if tag == "ol" else None)
        elif tag == "li":
            self._item()
        elif tag == "blockquote":
            self._prefixes.append((tag, "> "))
        elif tag == "pre":
            self._pre += 1
            self._prefixes.append((tag, "    "))
        elif tag == "a":
            self._links.append((given.get("href", ""), len(self._lines)))
            self._line += "\ue004"
        else:
            self._small(tag, given)

    def _small(self, tag: str, given: dict[str, str]) -> None:
        if tag == "br":
            self._end_line()
        elif tag == "img":
            self._line += given.get("alt", "")
        elif tag == "hr":
            self._line += "* * *"  # a line of hyphens would start a signature
            self._break(blank=True)
        elif tag in ("td", "th"):
            self._line = f"{self._line.rstrip(' ')} | " if self._cells else ""
            self._cells += 1
        elif tag == "tr":
            self._cells = 0

    def _item(self) -> None:
        number = self._lists[-1] if self._lists else None
        self._bullet = "- " if number is None else f"{number}. "
        if number is not None:
            self._lists[-1] = number + 1
        self._prefixes.append(("li", " " * len(self._bullet)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._links:
            self._end_link()
        if tag in _BLOCKS and tag != "hr":
            self._break(blank=False)
        if tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        if tag in ("li", "blockquote", "pre") and any(name == tag for name, _ in self._prefixes):
            while self._prefixes.pop()[0] != tag:
                pass
            self._bullet = ""
        while tag == "blockquote" and self._lines and not self._lines[-1].strip("> "):
            self._lines.pop()
        if tag == "pre":
            self._pre -= 1
        elif tag in ("td", "th"):
            self._line = self._line.rstrip(" ")
        if tag in _BLOCKS and tag not in _TIGHT:
            self._break(blank=True)

    def _end_link(self) -> None:
        """``text <url>``, or the URL alone where it is the text."""
        href, _line = self._links.pop()
        head, _, text = self._line.rpartition("\ue004")
        bare = href.removeprefix("mailto:").removeprefix("tel:")
        if not href or href.startswith("#") or text.strip() in (href, bare):
            self._line = head + text
        else:
            self._line = f"{head}{text} <{URL_OPEN}{href}{URL_CLOSE}>" if text.strip() else head + href

    def handle_data(self, data: str) -> None:
        if self._pre:
            first, *rest = data.split("\n")
            self._line += first
            for line in rest:
                self._end_line()
                self._line = line
            return
        text = _BLANKS.sub(" ", data)
        self._line += text.lstrip() if not self._line.strip("\ue004") else text

    def _end_line(self) -> None:
        prefix = "".join(prefix for _, prefix in self._prefixes)
        if self._bullet and self._line.strip():
            prefix = prefix[: -len(self._bullet)] + self._bullet
            self._bullet = ""
        text = self._line if self._pre else self._line.strip(" ")
        # RFC 3676 section 4.3: the line before a signature ends with a blank.
        self._lines.append("-- " if text == "--" and not prefix else (prefix + text).rstrip(" "))
        self._line = ""

    def _break(self, *, blank: bool) -> None:
        if self._line.strip():
            self._end_line()
        self._line = ""
        if blank and self._lines and self._lines[-1].strip("> "):
            quoted = "".join(prefix for name, prefix in self._prefixes if name == "blockquote")
            self._lines.append(quoted.rstrip())

    def text(self) -> str:
        self.close()
        self._break(blank=False)
        text = "\n".join(self._lines).replace("\ue004", "")
        return _MANY_LINES.sub("\n\n", text).strip("\n") + "\n"


def from_html(html: str) -> str:
    """Readable text of clean HTML; tokens stay, and links that may hold some are marked."""
    writer = _Writer()
    writer.feed(html)
    return writer.text()
