"""Address lists (RFC 5322 section 3.4) as they come in: one linear pass, before encoded words are decoded.

The order matters: a name that only looks like an address, or becomes one when decoded, must never be taken
for the address (``=?utf-8?q?=3Cceo=40example.com=3E?= <someone@example.net>``).
"""

import re
from typing import NamedTuple

from mailpipe.mail import limits, words

# The usual forms, in one match: ``a@b``, ``Name <a@b>``, ``"Name" <a@b>``.
_SIMPLE = re.compile(
    r"""(?:([^"<>(),:;@\\\[\]]*)|"([^"\\@]*)"[ ]?)<([^\s<>"(),:;@\\\[\]]+@[^\s<>"(),:;@\\\[\]]+)>"""
    r"""|([^\s<>"(),:;@\\\[\]]+@[^\s<>"(),:;@\\\[\]]+)"""
)
_FLAT_COMMENT = re.compile(r"\([^()]*\)")
_AROUND_DOT = re.compile(r" ?([@.]) ?")
_LOCAL = re.compile(r"""[^\s"<>(),:;@\\]+""")
_PAREN = re.compile(r"[()]|\\.")
_SPECIAL = re.compile(r"""["():;\\]""")
_SPACE = re.compile(r"\s+")
_ATOM = re.compile(r"""[^\s"<>(),:;]+""")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(.)")
_LOOKS_LIKE_ADDRESS = re.compile(r"[^\s@<>]@[^\s@<>]")
_SPEC = re.compile(r"""(?:"(?:[^"\\]|\\.)+"|[^\s"<>(),:;@\\\[\]]+)@(?:[^\s"<>(),:;@\\\[\]]+|\[[^\]\s]+\])""")


class Address(NamedTuple):
    """A mailbox: its display name, decoded, or None, and its addr-spec as sent.

    ``comment`` is the last comment beside it, decoded, as in the form ``address (Name)`` that names are
    not given in any more (RFC 5322 section 3.4); a comment means nothing, so it is not taken for the name.
    """

    name: str | None
    email: str
    comment: str | None = None


def parse(field: str, defects: list[str]) -> list[Address]:
    """The mailboxes of an address field, groups flattened; appends what was wrong to ``defects``.

    What has no address in it is left out (``address-invalid``), so is the empty group
    ``undisclosed-recipients:;``.
    """
    simple = _SIMPLE.fullmatch(field)
    if simple is not None:
        plain, quoted, angle, bare = simple.groups()
        email = angle or bare
        if not email.startswith("=?"):
            return [Address(_name(quoted or plain or "", email, defects), email)]
    if not _SPECIAL.search(field):
        found = _plain_list(field, defects)
        if found is not None:
            return found
    return _Parser(field, defects).run()


def _plain_list(field: str, defects: list[str]) -> list[Address] | None:
    """The mailboxes of a list in which a comma can only be a separator, if each is of a usual form."""
    found: list[Address] = []
    pieces = field.split(",")
    for piece in pieces:
        simple = _SIMPLE.fullmatch(piece.strip())
        if simple is None:
            return None
        email = simple[3] or simple[4]
        if email.startswith("=?"):
            return None
        found.append(Address(_name(simple[1] or "", email, defects), email))
    return found if len(found) <= limits.ADDRESSES else None


def _name(name: str, email: str, defects: list[str]) -> str | None:
    name = name.strip()
    if "=?" in name:
        name = words.decode(name, defects).strip()
    if "@" in name and name.strip("'\"").lower() != email.lower() and _LOOKS_LIKE_ADDRESS.search(name):
        defects.append("address-in-name")
    return name or None


class _Parser:
    """One pass over a field that is not simple; each method leaves ``at`` behind what it read."""

    def __init__(self, field: str, defects: list[str]) -> None:
        self.field = field
        self.defects = defects
        self.at = 0
        self.found: list[Address] = []
        self.carried: list[str] = []  # words before a comma that had no address: "Doe, John <...>"
        self.unclosed = dict.fromkeys('"(<=', False)  # once one is not closed, none later is
        self._reset()

    def _reset(self) -> None:
        self.phrase: list[tuple[str, bool]] = []  # a word, and whether white space stood before it
        self.comments: list[str] = []
        self.angle: str | None = None
        self.stray = False

    def run(self) -> list[Address]:
        field, size = self.field, len(self.field)
        while self.at < size:
            char = field[self.at]
            if char in ",;":
                self._flush()
                self.at += 1
            elif char == ":":
                self._colon()
            elif char == '"':
                self._quoted()
            elif char == "(":
                self._comment()
            elif char == "<":
                self._angle()
            elif char == "=" and (end := self._word_end()) > 0:
                self._add(field[self.at : end], end)
            elif char in ")>":
                self.stray = self.stray or char == ")"
                self.at += 1
            else:
                self._atom()
            if len(self.found) >= limits.ADDRESSES:
                self.defects.append("limit:addresses")
                return self.found
        self._flush()
        if self.carried:
            self.defects.append("address-invalid")
        return self.found

    def _spaced(self) -> bool:
        return self.at > 0 and self.field[self.at - 1] in " \t"

    def _atom(self) -> None:
        blank = _SPACE.match(self.field, self.at)
        if blank is not None:
            self.at = blank.end()
            return
        atom = _ATOM.match(self.field, self.at)
        end = atom.end() if atom else self.at + 1
        self._add(self.field[self.at : end], end)

    def _word_end(self) -> int:
        """The offset behind an encoded word, which may hold commas and colons that it should not; or -1."""
        end = -1 if self.unclosed["="] else words.end(self.field, self.at)
        if end < 0 and self.field.startswith("=?", self.at):
            self.unclosed["="] = self.unclosed["="] or self.field.find("?=", self.at) < 0
        return end

    def _add(self, text: str, end: int) -> None:
        if self.angle is not None:
            if _has_at(text):  # a comma is missing between two mailboxes
                self.defects.append("address-separator-missing")
            self._flush()
        self.phrase.append((text, self._spaced()))
        self.at = end

    def _quoted(self) -> None:
        match = None if self.unclosed['"'] else _QUOTED.match(self.field, self.at)
        if match is None:
            self.unclosed['"'] = True
            self.at += 1
            return
        if self.angle is not None:
            self._flush()
        spaced = self._spaced()
        if self.field.startswith("@", match.end()):  # a quoted local part
            self.phrase.append((match[0], spaced))
        else:
            self.phrase.append((_ESCAPE.sub(r"\1", match[1]), True))
        self.at = match.end()

    def _comment(self) -> None:
        end = -1 if self.unclosed["("] else _comment_end(self.field, self.at)
        if end < 0:
            self.unclosed["("] = True
            self.at += 1
            return
        self.comments.append(_ESCAPE.sub(r"\1", self.field[self.at + 1 : end - 1]))
        self.at = end

    def _angle(self) -> None:
        if self.angle is not None:
            self.defects.append("address-separator-missing")
            self._flush()
        end = -1 if self.unclosed["<"] else self._angle_end()
        if end < 0:
            self.unclosed["<"] = True
            comma = self.field.find(",", self.at)
            end = len(self.field) if comma < 0 else comma
            self.defects.append("address-bracket-missing")
        self.angle = self.field[self.at + 1 : end]
        self.at = end if self.field[end : end + 1] != ">" else end + 1

    def _angle_end(self) -> int:
        """The closing bracket, a quoted local part skipped."""
        start = self.at + 1
        if self.field.startswith('"', start) and not self.unclosed['"']:
            match = _QUOTED.match(self.field, start)
            if match is not None:
                start = match.end()
        return self.field.find(">", start)

    def _colon(self) -> None:
        self.at += 1
        if self.angle is None and not any(_has_at(text) for text, _ in self.phrase):
            if [text.lower() for text, _ in self.phrase] != ["mailto"]:
                self.carried.clear()
            self._reset()  # the name of a group
        else:
            self.stray = True

    def _flush(self) -> None:
        phrase, comments, angle, stray = self.phrase, self.comments, self.angle, self.stray
        self._reset()
        if angle is not None:
            self._flush_angle(phrase, comments, angle, stray)
            return
        text = _joined(phrase)
        if any(_has_at(word) for word, _ in phrase):
            self._flush_bare(phrase, comments, stray)
        elif not text:
            return
        elif "@" not in self.field and _LOCAL.fullmatch(text) and not text.startswith("=?") and not stray:
            self.defects.append("address-without-domain")
            self._keep("", text, comments)
        elif self.field[self.at : self.at + 1] == ",":
            self.carried.append(text)
        else:
            self.defects.append("address-invalid")
            self.carried.clear()

    def _flush_angle(
        self, phrase: list[tuple[str, bool]], comments: list[str], angle: str, stray: bool
    ) -> None:
        email = self._clean(angle)
        if not email or (stray and any(_has_at(text) for text, _ in phrase)):
            # ``alice@example.org )bob@example.net<bob@example.net>``: who is meant? (CVE-2023-27043)
            self.defects.append("address-invalid")
            self.carried.clear()
            return
        name = _joined(phrase)
        if self.carried:
            self.defects.append("address-comma-in-name")
            name = ", ".join([*self.carried, name])
            self.carried.clear()
        self._keep(name, email, comments)

    def _flush_bare(self, phrase: list[tuple[str, bool]], comments: list[str], stray: bool) -> None:
        if self.carried:
            self.defects.append("address-invalid")
            self.carried.clear()
        email = "" if stray else self._clean(_joined(phrase))
        if email:
            self._keep("", email, comments)
            return
        texts = [text for text, _ in phrase]
        if not stray and len(texts) > 1 and all(map(_SPEC.fullmatch, texts)):
            self.defects.append("address-separator-missing")
            self.found.extend(Address(None, text) for text in texts)
        elif not stray and _SPEC.fullmatch(texts[-1]) and not any(map(_has_at, texts[:-1])):
            self.defects.append("address-bracket-missing")
            self._keep(_joined(phrase[:-1]), texts[-1], comments)
        else:
            self.defects.append("address-invalid")

    def _keep(self, name: str, email: str, comments: list[str]) -> None:
        comment = words.decode(comments[-1], self.defects).strip() if comments else ""
        self.found.append(Address(_name(name, email, self.defects), email, comment or None))

    def _clean(self, text: str) -> str:
        """The addr-spec without blanks around dots, comments, source route or ``mailto:``; or ""."""
        if _SPEC.fullmatch(text) and not text.startswith("=?"):
            return text
        text = text.strip(" \t<>")
        if text[:7].lower() == "mailto:":
            text = text[7:]
        if text.startswith("@") and ":" in text:  # a source route (RFC 5322 section 4.4)
            text = text.rpartition(":")[2]
        if "(" in text:
            text = _FLAT_COMMENT.sub("", text)
        text = _AROUND_DOT.sub(r"\1", " ".join(text.split()))
        if text.startswith("=?") or not text:
            return ""
        if _SPEC.fullmatch(text):
            return text
        if _LOCAL.fullmatch(text):  # a user of the same machine (cron, MAILER-DAEMON)
            self.defects.append("address-without-domain")
            return text
        return ""


def _joined(phrase: list[tuple[str, bool]]) -> str:
    return "".join(" " + text if spaced and index else text for index, (text, spaced) in enumerate(phrase))


def _has_at(text: str) -> bool:
    return "@" in text and not text.startswith("=?")


def _comment_end(field: str, start: int) -> int:
    """The offset behind a comment that may hold comments, or -1; counted, so depth costs nothing."""
    depth = 0
    for match in _PAREN.finditer(field, start):
        if match[0] == "(":
            depth += 1
        elif match[0] == ")":
            depth -= 1
            if depth == 0:
                return match.end()
    return -1
