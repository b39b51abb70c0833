"""Reads the statements of one line that a hurried person typed: ``Done! plate: AB-123, thanks``.

Only names of a vocabulary count here, so that prose with a colon in it stays prose.
"""

import re

from mailpipe.mail.vocabulary import Vocabulary
from mailpipe.parse import labels
from mailpipe.parse.labels import Line
from mailpipe.parse.phrases import PHRASES, folded

WORD = "."  # the mark of a statement that is the name of a value; its label is what was typed
MAX_PIECES = 50

_BETWEEN = re.compile(r"([!?.;,…]+\s+|\s+[-–—/]\s+|\s*[。，、！？；]+\s*)")
_DASHES = "-–—"
_CODE = re.compile(r"[^\W_]*(?:\d|[A-Z])[\w./-]*$")
_MAX_CODE = 4  # blanks in a number plate or the like
_COURTESIES = 3  # words of "thanks and regards"


def read(text: str, number: int, vocabulary: Vocabulary) -> list[Line]:
    """The known fields that a line states, and the values that it names; empty if it states no field.

    A value goes on over commas and full stops (``12 Rue de la Paix, Paris``) until another statement,
    a courtesy, or, after something like a number plate, a sentence.
    """
    line = labels.read(text, number)
    if line is not None and (line.mark in "|\t" or (line.mark == "-" and "..." in text)):
        return [line] if vocabulary.field(line.label) else []
    reader = _Reader(number, vocabulary)
    pieces = _BETWEEN.split(text[: labels.MAX_LINE].strip(), MAX_PIECES)
    for piece, separator in zip(pieces[::2], [*pieces[1::2], ""], strict=True):
        reader.add(piece, separator)
    return reader.finish()


class _Reader:
    def __init__(self, number: int, vocabulary: Vocabulary) -> None:
        self.number = number
        self.vocabulary = vocabulary
        self.found: list[Line] = []
        self.value: list[str] | None = None  # of the last field, while it may go on
        self.before = ""  # the separator before the piece

    def add(self, piece: str, separator: str) -> None:
        before, self.before = self.before, separator
        if not piece.strip():
            return
        if self.value == [""]:  # a name and a dash: whatever follows is its value
            self.value = [piece]
            return
        asked = piece.rstrip()[-1] in "?？" or bool(set(separator) & set("?？"))
        if stated := self.field(piece, separator):
            self.close()
            self.found.extend(stated)
            value = stated[-1].value
            self.value = [value] if value or stated[-1].mark == "-" else None
        elif not asked and self.is_word(piece):
            self.close()
            self.found.append(Line(self.number, piece.strip(), "", WORD))
        elif self.value is not None:
            if _is_courtesy(piece) or _ends(self.value, before, piece):
                self.close()
            else:
                self.value += [before, piece]

    def field(self, piece: str, separator: str) -> list[Line]:
        """A known field that a piece states, with a known word right before it; empty if there is none."""
        line = labels.read(piece, self.number)
        if line is None:
            if self.vocabulary.field(piece) and separator.strip() in _DASHES and separator.strip():
                return [Line(self.number, labels.bare(piece), "", "-")]
            return self.without_mark(piece)
        if self.vocabulary.field(line.label):
            return [line]
        words = line.label.replace("’", "'").replace("'", "' ").split()
        for first in range(1, len(words)):
            name = " ".join(words[first:])
            if not self.vocabulary.field(name):
                continue
            said = " ".join(words[:first])
            if self.is_word(said):
                return [Line(self.number, said, "", WORD), line._replace(label=name)]
            if all(folded(word).strip("'") in PHRASES.lead for word in words[:first]):
                return [line._replace(label=name)]
        return []

    def without_mark(self, piece: str) -> list[Line]:
        """``plate AB-123``: a known name, and nothing but a code after it."""
        words = piece.strip(" *_").split()
        for first in range(1, min(len(words), labels.MAX_WORDS + 1)):
            name, value = " ".join(words[:first]), " ".join(words[first:])
            if self.vocabulary.field(name) and is_code(value) and any(map(str.isdigit, value)):
                return [Line(self.number, name, value, "-")]
        return []

    def is_word(self, piece: str) -> bool:
        return self.vocabulary.word(piece) is not None

    def close(self) -> None:
        """End the value of the last field."""
        if self.value is not None:
            value = "".join(self.value).strip()
            place = next(n for n in range(len(self.found) - 1, -1, -1) if self.found[n].mark != WORD)
            if value.endswith(".") and is_code(value[:-1]) and len(value) > 3:
                value = value[:-1]
            self.found[place] = self.found[place]._replace(value=value)
        self.value = None

    def finish(self) -> list[Line]:
        self.close()
        return self.found if any(line.mark != WORD for line in self.found) else []


def is_code(value: str) -> bool:
    """Whether a value is like a number plate or an amount: each word short, with a digit or a capital."""
    words = value.split()
    return 0 < len(words) <= _MAX_CODE and len(value) < 40 and all(map(_CODE.match, words))


def _ends(value: list[str], separator: str, piece: str) -> bool:
    """Whether a sentence follows a value that is a code; ``12. March`` is no sentence's end."""
    so_far = "".join(value).strip()
    ended = bool(set(separator) & set(".!?。！？…"))
    return (
        ended and len(so_far) > 2 and is_code(so_far) and piece.lstrip()[:1].isupper() and not is_code(piece)
    )


def _is_courtesy(piece: str) -> bool:
    words = folded(piece).strip(" ,.!;:，。！").split()
    if not words or len(words) > _COURTESIES:
        return False
    return " ".join(words) in PHRASES.regards or words[0] in PHRASES.thanks
