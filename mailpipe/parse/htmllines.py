"""Lays out text on lines: paragraphs, lists, quotes with "> ", rows of tables, targets of links."""

import re
from typing import NamedTuple

MAX_QUOTES = 20  # levels that are shown
MAX_INDENT = 10  # levels of lists that are shown
MAX_TABLES = 60  # tables in tables; deeper ones are laid out as blocks
MAX_LABEL = 40  # characters of a cell that names the one beside it
MAX_TARGET = 1000  # characters of a link target that is shown

_MANY_BLANKS = re.compile(r"\n{3,}")


class Cell(NamedTuple):
    """One cell: its lines, and whether it is a heading."""

    lines: list[str]
    heading: bool


class _Table:
    def __init__(self) -> None:
        self.row: list[Cell] = []
        self.headed = False  # the first row is headings: rows are records, not labels and values
        self.begun = False


class _Frame:
    """A page, or a cell of a table, that lines are written to."""

    def __init__(self, heading: bool = False) -> None:
        self.lines: list[str] = []
        self.heading = heading
        self.quotes: list[bool] = []
        self.lists: list[int] = []  # the next number of each open list; -1 for bullets


class Lines:
    """Text as it is written; see the module."""

    def __init__(self) -> None:
        self.frame = _Frame()
        self.outer: list[_Frame | None] = []  # what each open cell is in; None for one that is a mere block
        self.tables: list[_Table] = []
        self.line: list[str] = []
        self.links: list[tuple[_Frame, int, int]] = []
        self.marker = ""
        self.blank = False
        self.spaced = True  # the last paragraph that began has room around it
        self.term = False  # the line is a term that waits for its description

    def text(self) -> str:
        """All that was written, without blank lines at the edges; every element must have been ended."""
        self._flush()
        joined = "\n".join(self.frame.lines).replace("\u00a0", " ")
        return _MANY_BLANKS.sub("\n\n", joined).strip("\n")

    def add(self, text: str) -> None:
        """Text with single blanks only; a no-break space keeps its width."""
        if not self.line or self.line[-1].endswith(" "):
            text = text.lstrip(" ")
        if text:
            self.line.append(text)

    def add_preformatted(self, text: str) -> None:
        """Text whose line ends and blanks count."""
        first, *rest = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if first:
            self.line.append(first)
        for line in rest:
            self.break_here()
            if line:
                self.line.append(line)

    def break_here(self) -> None:
        """End the line; an empty line stays one."""
        if self.line:
            self._flush()
        elif self.frame.lines:
            self._push("")

    def break_line(self, *, blank: bool) -> None:
        """End the line if there is one; with ``blank``, leave a line free before the next."""
        self._flush()
        self.blank = self.blank or blank
        self.spaced = blank

    def _flush(self) -> None:
        text = "".join(self.line).rstrip(" \t")
        if text:
            if self.blank and self.frame.lines and self.frame.lines[-1].strip("> "):
                self._push("")
            self.blank = False
            frame = self.frame
            indent = "  " * min(max(len(frame.lists) - 1, 0), MAX_INDENT)
            if self.marker:
                text = indent + self.marker + text
                self.marker = ""
            elif frame.lists:
                text = indent + "  " + text
            self._push(text)
        self.line.clear()
        self.term = False

    def _push(self, text: str) -> None:
        bars = min(sum(self.frame.quotes), MAX_QUOTES) if self.frame.quotes else 0
        self.frame.lines.append(("> " * bars + text).rstrip() if bars else text)

    def begin_quote(self, *, plain: bool) -> None:
        self.break_line(blank=True)
        if self.blank and self.frame.lines and self.frame.lines[-1].strip("> "):
            self._push("")
        self.blank = False
        self.frame.quotes.append(not plain)

    def end_quote(self) -> None:
        self._flush()
        if self.frame.quotes:
            self.frame.quotes.pop()
        self.blank = True

    def begin_list(self, *, numbered: bool) -> None:
        self.break_line(blank=not self.frame.lists)
        self.frame.lists.append(1 if numbered else -1)

    def end_list(self) -> None:
        self._flush()
        self.marker = ""
        if self.frame.lists:
            self.frame.lists.pop()
        self.blank = self.blank or not self.frame.lists

    def begin_item(self) -> None:
        self._flush()
        self.blank = self.blank and not self.frame.lines
        number = self.frame.lists[-1] if self.frame.lists else -1
        self.marker = "- " if number < 0 else f"{number}. "
        if number >= 0:
            self.frame.lists[-1] = number + 1

    def end_term(self) -> None:
        self.term = bool(self.line)

    def begin_description(self) -> None:
        if self.term and self.line:
            label = "".join(self.line).rstrip(" :")
            self.line[:] = [f"{label}: "]
            self.term = False
        else:
            self._flush()

    def begin_link(self) -> None:
        self.links.append((self.frame, len(self.frame.lines), len(self.line)))

    def end_link(self, target: str) -> None:
        frame, lines, place = self.links.pop() if self.links else (self.frame, -1, 0)
        target = target.strip()
        if frame is not self.frame or lines != len(frame.lines) or not self.line:
            return
        words = "".join(self.line[place:]).strip()
        if words and len(target) <= MAX_TARGET and _adds(target, words):
            self.add(f" <{target.removeprefix('mailto:')}>")

    def begin_table(self) -> None:
        self.break_line(blank=True)
        self.tables.append(_Table())

    def end_table(self) -> None:
        self.end_row()
        if self.tables:
            self.tables.pop()
        self.break_line(blank=True)

    def begin_row(self) -> None:
        self.end_row()

    def begin_cell(self, heading: bool) -> None:
        """A cell is a page of its own; one without a table, or too deep in tables, is a mere block."""
        self._flush()
        if not self.tables or len(self.tables) > MAX_TABLES:
            self.outer.append(None)
            return
        self.outer.append(self.frame)
        self.frame = _Frame(heading)
        self.blank = False

    def end_cell(self) -> None:
        self._flush()
        outside = self.outer.pop() if self.outer else None
        if outside is not None:
            self.tables[-1].row.append(Cell(self.frame.lines, self.frame.heading))
            self.frame = outside
            self.blank = False

    def end_row(self) -> None:
        """Write the cells of the row on one line, or below each other if one has several lines."""
        self._flush()
        if not self.tables or not self.tables[-1].row:
            return
        table = self.tables[-1]
        cells, table.row = table.row, []
        if not table.begun:
            table.begun = True
            table.headed = len(cells) > 1 and all(cell.heading for cell in cells)
            if self.frame.lines and self.frame.lines[-1].strip("> ") and self.blank:
                self._push("")
        self.blank = False
        for cell in cells:
            while cell.lines and not cell.lines[-1].strip("> "):
                cell.lines.pop()
        if any(len(cell.lines) > 1 for cell in cells):
            for cell in cells:
                for line in cell.lines:
                    self._push(line)
        elif line := _row([cell.lines[0] if cell.lines else "" for cell in cells], table.headed):
            self._push(line)


def _row(cells: list[str], headed: bool) -> str:
    if len(cells) == 2 and all(cells) and not headed:
        label, value = cells
        if label.endswith((":", "：")):
            return f"{label} {value}"
        if not any(map(str.isalpha, label)):
            return f"{label} {value}"  # a bullet or number
        if len(label) <= MAX_LABEL:
            return f"{label}: {value}"
    return "\t".join(cells).rstrip("\t") if any(cells) else ""


def _adds(target: str, words: str) -> bool:
    """Whether a target says more than the words that are linked."""
    lowered = target.lower()
    if lowered.startswith("mailto:"):
        return lowered[7:].partition("?")[0] not in words.lower()
    if not lowered.startswith(("http://", "https://", "ftp://")):
        return False
    bare = lowered.partition("://")[2].rstrip("/")
    return bare not in words.lower() and words.lower().rstrip("/.…") not in (
        bare,
        f"www.{bare}",
        bare.removeprefix("www."),
    )
