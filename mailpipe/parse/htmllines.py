"""Lays out text on lines: paragraphs, lists, quotes with "> ", rows of tables, targets of links."""

import re

MAX_QUOTES = 20  # levels that are shown
MAX_INDENT = 10  # levels of lists that are shown
MAX_TABLES = 60  # tables in tables; deeper ones are laid out as blocks
MAX_LABEL = 40  # characters of a cell that names the one beside it
MAX_TARGET = 1000  # characters of a link target that is shown

_MANY_BLANKS = re.compile(r"\n{3,}")

_Page = tuple[list[str], list[bool], str, list[int], bool]


class _Table:
    __slots__ = ("begun", "headed", "headings", "row")

    def __init__(self) -> None:
        self.row: list[list[str]] = []  # the lines of each cell of the row that is being read
        self.headings = 0  # cells of the row that are headings
        self.headed = False  # the first row is headings: rows are records, not labels and values
        self.begun = False


class Lines:
    """Text as it is written; see the module.

    ``lines``, ``quotes``, ``bars``, ``lists`` and ``heading`` are of the page that is being written: the
    message, or a cell of a table.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.quotes: list[bool] = []  # whether each open quote has a bar
        self.bars = ""  # what stands before each line
        self.lists: list[int] = []  # the next number of each open list; -1 for bullets
        self.heading = False
        self.outer: list[_Page | None] = []  # what each open cell is in; None for one that is a mere block
        self.tables: list[_Table] = []
        self.line: list[str] = []
        self.links: list[tuple[list[str], int, int]] = []
        self.marker = ""
        self.blank = False
        self.spaced = True  # the last paragraph that began has room around it
        self.term = False  # the line is a term that waits for its description

    def text(self) -> str:
        """All that was written, without blank lines at the edges; every element must have been ended."""
        self.flush()
        joined = "\n".join(self.lines).replace("\u00a0", " ")
        return _MANY_BLANKS.sub("\n\n", joined).strip("\n")

    def add(self, text: str) -> None:
        """Text with single blanks only; a no-break space keeps its width."""
        line = self.line
        if not line or line[-1][-1] == " ":
            text = text.lstrip(" ")
        if text:
            line.append(text)

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
            self.flush()
        elif self.lines:
            self._push("")

    def end_line(self) -> None:
        """End the line if there is one."""
        if self.line:
            self.flush()
        self.spaced = False

    def end_paragraph(self) -> None:
        """End the line, and leave a line free before the next."""
        if self.line:
            self.flush()
        self.spaced = self.blank = True

    def flush(self) -> None:
        """Write the line."""
        line = self.line
        self.term = False
        if not line:
            return
        text = (line[0] if len(line) == 1 else "".join(line)).rstrip(" \t")
        line.clear()
        if not text:
            return
        if self.blank:
            self.blank = False
            self._leave_line()
        if self.lists:
            indent = "  " * min(len(self.lists) - 1, MAX_INDENT)
            text = f"{indent}{self.marker or '  '}{text}"
            self.marker = ""
        elif self.marker:
            text = self.marker + text
            self.marker = ""
        self.lines.append((self.bars + text).rstrip() if self.bars else text)

    def _leave_line(self) -> None:
        if self.lines and self.lines[-1].strip("> "):
            self._push("")

    def _push(self, text: str) -> None:
        self.lines.append((self.bars + text).rstrip() if self.bars else text)

    def begin_quote(self, *, plain: bool) -> None:
        self.end_paragraph()
        self._leave_line()
        self.blank = False
        self.quotes.append(not plain)
        self.bars = "> " * min(sum(self.quotes), MAX_QUOTES)

    def end_quote(self) -> None:
        self.flush()
        if self.quotes:
            self.quotes.pop()
            self.bars = "> " * min(sum(self.quotes), MAX_QUOTES)
        self.blank = True

    def begin_list(self, *, numbered: bool) -> None:
        if self.lists:
            self.end_line()
        else:
            self.end_paragraph()
        self.lists.append(1 if numbered else -1)

    def end_list(self) -> None:
        self.flush()
        self.marker = ""
        if self.lists:
            self.lists.pop()
        self.blank = self.blank or not self.lists

    def begin_item(self) -> None:
        self.flush()
        self.blank = self.blank and not self.lines
        number = self.lists[-1] if self.lists else -1
        self.marker = "- " if number < 0 else f"{number}. "
        if number >= 0:
            self.lists[-1] = number + 1

    def end_term(self) -> None:
        self.term = bool(self.line)

    def begin_description(self) -> None:
        if self.term and self.line:
            label = "".join(self.line).rstrip(" :")
            self.line[:] = [f"{label}: "]
            self.term = False
        else:
            self.flush()

    def begin_link(self) -> None:
        self.links.append((self.lines, len(self.lines), len(self.line)))

    def end_link(self, target: str) -> None:
        page, lines, place = self.links.pop() if self.links else (self.lines, -1, 0)
        target = target.strip()
        if page is not self.lines or lines != len(page) or not self.line:
            return
        words = "".join(self.line[place:]).strip()
        if words and len(target) <= MAX_TARGET and _adds(target, words):
            self.add(f" <{target.removeprefix('mailto:')}>")

    def begin_table(self) -> None:
        self.end_paragraph()
        self.tables.append(_Table())

    def end_table(self) -> None:
        self.end_row()
        if self.tables:
            self.tables.pop()
        self.end_paragraph()

    def begin_cell(self, *, heading: bool) -> None:
        """A cell is a page of its own; one without a table, or too deep in tables, is a mere block."""
        if self.line:
            self.flush()
        if not 0 < len(self.tables) <= MAX_TABLES:
            self.outer.append(None)
            return
        self.outer.append((self.lines, self.quotes, self.bars, self.lists, self.heading))
        self.lines = []
        self.quotes = []
        self.bars = ""
        self.lists = []
        self.heading = heading
        self.blank = False

    def end_cell(self) -> None:
        if self.line:
            self.flush()
        outside = self.outer.pop() if self.outer else None
        if outside is not None:
            table = self.tables[-1]
            table.row.append(self.lines)
            table.headings += self.heading
            self.lines, self.quotes, self.bars, self.lists, self.heading = outside
            self.blank = False

    def end_row(self) -> None:
        """Write the cells of the row on one line, or below each other if one has several lines."""
        if self.line:
            self.flush()
        if not self.tables or not self.tables[-1].row:
            return
        table = self.tables[-1]
        cells, table.row = table.row, []
        if not table.begun:
            table.begun = True
            table.headed = table.headings == len(cells) > 1
            if self.blank:
                self._leave_line()
        table.headings = 0
        self.blank = False
        is_tall = False
        for cell in cells:
            while cell and not cell[-1].strip("> "):
                cell.pop()
            is_tall = is_tall or len(cell) > 1
        if is_tall:
            for cell in cells:
                for line in cell:
                    self._push(line)
        elif line := _row([cell[0] if cell else "" for cell in cells], table.headed):
            self._push(line)


def _row(cells: list[str], headed: bool) -> str:
    if len(cells) == 2 and not headed and all(cells):
        label, value = cells
        if label[-1] in ":：":
            return f"{label} {value}"
        if len(label) <= MAX_LABEL:
            # Without a letter it is a bullet or a number.
            return f"{label}: {value}" if any(map(str.isalpha, label)) else f"{label} {value}"
    return "\t".join(cells).rstrip("\t")


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
