"""Marks which lines of a text are quoted, with their introductions; one pass, bounded work a line."""

import re

from mailpipe.parse import attribution, headerlines

MAX_LINE = 1000  # characters of a line that are looked at
MAX_TRIES = 1000  # lines of one text that look like an introduction and are examined
MAX_CUTS = 20  # lines that hold the end of a reply and an introduction

_RULE = re.compile(r"[-_=*—–]{3,}$")
_UNCLOSED_LINK = re.compile(r"[(<]\s?(?:https?|mailto):[^\s)>]*$")
_LINK_REST = re.compile(r"\(?(?:https?:|_)?\S*[)>](?: ?[>)])?$")


def mark(lines: list[str]) -> list[bool]:
    """For each line whether it is quoted.

    A line that holds both a reply and the introduction to a quote is cut in two, in ``lines``.
    """
    marker = _Marker(lines)
    marker.run()
    marker.join()
    return marker.quoted


class _Marker:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.quoted = [False] * len(lines)
        self.tries = 0
        self.cuts = 0
        self.no_head_before = 0  # header lines up to here have been examined and are no head

    def run(self) -> None:
        number = 0
        while number < len(self.lines):
            head = self.lines[number][:MAX_LINE].strip().lstrip("\ufeff")
            if not head:
                number += 1
            elif head[0] == ">":
                number = self.bar(number, head)
            elif head.startswith(("```", "~~~")):
                number = self.after_fence(number)
            else:
                number = self.plain(number, head)

    def bar(self, number: int, head: str) -> int:
        """A line that begins with ``>``; the ``>`` may also close an address in a wrapped introduction."""
        self.quoted[number] = True
        above = self.lines[number - 1].lstrip()[:1] if number else ">"
        if head[-1] == ":" and above != ">" and self.may_try():
            follows = self.quote_follows(number)
            start = attribution.find(self.lines, number, quote_follows=follows)
            if start is not None and start < number:
                return self.quote(start, number + 1, is_rest=not follows)
        return number + 1

    def plain(self, number: int, head: str) -> int:
        """Any other line: the next one to look at."""
        if attribution.may_end(head) and self.may_try():
            follows = self.quote_follows(number)
            start = attribution.find(self.lines, number, quote_follows=follows)
            if start is not None:
                return self.quote(start, number + 1, is_rest=not follows)
        if (head[0] in "-_=*#~" or head[-1] in ":：") and self.may_try():
            if attribution.is_marker(head):
                follows = self.quote_follows(number)
                stop = self.quote(number, number + 1, is_rest=not follows)
                return self.forwarded(stop) if follows else stop
            if self.is_unknown_marker(number, head):
                return self.quote(number, number + 1, is_rest=True)
        if (":" in head or "：" in head) and number >= self.no_head_before:
            return self.header(number, head)
        return number + 1

    def may_try(self) -> bool:
        self.tries += 1
        return self.tries <= MAX_TRIES

    def header(self, number: int, head: str) -> int:
        first = headerlines.read(head)
        if first is None and not head.startswith("--"):
            return number + 1
        if first is not None and self.may_try():
            block = headerlines.block(self.lines, number)
            if block.is_head:
                return self.quote(number, block.end, is_rest=True)
            self.no_head_before = block.end
        if headerlines.is_one_line(head):
            return self.quote(number, number + 1, is_rest=True)
        return number + 1

    def quote(self, start: int, end: int, *, is_rest: bool) -> int:
        """Mark an introduction; with ``is_rest`` all below it, too, for that has no marks of its own."""
        if self.cuts < MAX_CUTS and (place := attribution.share(self.lines[start])):
            self.cut(start, place)
            start, end = start + 1, end + 1
        stop = len(self.lines) if is_rest else end
        begin = self.with_rule(start)
        self.quoted[begin:stop] = [True] * (stop - begin)
        return stop

    def cut(self, number: int, place: int) -> None:
        self.cuts += 1
        line = self.lines[number]
        before = line[:place].rstrip("- \t")
        self.lines[number : number + 1] = [before, line[len(before) :]]
        self.quoted.insert(number, False)

    def with_rule(self, start: int) -> int:
        """The start of a quote with the rule above it (``_____``)."""
        above = start - 1
        while above >= 0 and start - above < 5 and not self.lines[above].strip():
            above -= 1
        return above if above >= 0 and _RULE.match(self.lines[above].strip()) else start

    def is_unknown_marker(self, number: int, head: str) -> bool:
        """Words between dashes in a language we do not know, with header lines below."""
        if not attribution.marker(head):
            return False
        for below in range(number + 1, min(number + 4, len(self.lines))):
            if self.lines[below].strip():
                return headerlines.block(self.lines, below).is_head
        return False

    def quote_follows(self, number: int) -> bool:
        following = next((line for line in self.lines[number + 1 : number + 7] if line.strip()), "")
        return following.lstrip()[:1] == ">"

    def forwarded(self, number: int) -> int:
        """Below a forwarding marker nobody answers between the lines: one without a mark was wrapped."""
        while number < len(self.lines):
            is_bar = self.lines[number].lstrip()[:1] == ">"
            sandwiched = (
                self.lines[number - 1].lstrip()[:1] == ">"
                and number + 1 < len(self.lines)
                and self.lines[number + 1].lstrip()[:1] == ">"
            )
            if not is_bar and not sandwiched and self.lines[number].strip():
                return number
            self.quoted[number] = is_bar or sandwiched
            number += 1
        return number

    def after_fence(self, number: int) -> int:
        """The line after a fenced block, which is never looked into; the next line if it is not closed."""
        fence = self.lines[number].strip()[:3]
        for last in range(number + 1, len(self.lines)):
            if self.lines[last].strip().startswith(fence):
                return last + 1
        return number + 1

    def join(self) -> None:
        """Count to the quote what lies inside of it: blank lines, and links that a mail program broke."""
        last = -1
        for number, is_quoted in enumerate(self.quoted):
            if not is_quoted:
                continue
            if last >= 0 and 1 < number - last <= 4:
                between = [line.strip() for line in self.lines[last + 1 : number] if line.strip()]
                if not between or (len(between) == 1 and _is_broken_link(self.lines[last], between[0])):
                    self.quoted[last + 1 : number] = [True] * (number - last - 1)
            last = number


def _is_broken_link(above: str, line: str) -> bool:
    if len(line) > MAX_LINE or not _LINK_REST.match(line):
        return False
    return line.startswith(("(http", "<http")) or _UNCLOSED_LINK.search(above[-MAX_LINE:]) is not None
