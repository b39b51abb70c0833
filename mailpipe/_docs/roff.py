"""Writes mdoc(7): the escapes, the paragraphs, the lists, nothing about mailpipe."""

import re
from collections.abc import Iterable

_ESCAPES = {
    "\\": "\\e",
    "-": "\\-",
    "'": "\\(aq",
    "`": "\\(ga",
    "^": "\\(ha",
    "~": "\\(ti",
    '"': "\\(dq",
}
# An option, a command in backquotes, a page of the manual, a member or key written as code.
_MARKED = re.compile(
    r"(?P<code>`[^`]+`)|(?P<page>\b[a-z][\w-]*\([1-8]\))|(?P<option>(?<![\w-])--[a-z][\w-]*)"
)


def escape(text: str) -> str:
    """Text that comes out as it is, whatever it is; ASCII only."""
    out = "".join(_ESCAPES.get(char, char) if char.isascii() else f"\\[u{ord(char):04X}]" for char in text)
    return "\\&" + out if out[:1] in (".", "'") else out


def bold(text: str) -> str:
    """In bold: what is typed."""
    return f"\\fB{escape(text)}\\fR" if text else ""


def italic(text: str) -> str:
    """In italics: what stands for something else."""
    return f"\\fI{escape(text)}\\fR" if text else ""


def inline(text: str) -> str:
    """A line of prose, with options, commands in backquotes and other pages marked."""
    parts, at = [], 0
    for match in _MARKED.finditer(text):
        parts.append(escape(text[at : match.start()]))
        parts.append(_marked(match))
        at = match.end()
    parts.append(escape(text[at:]))
    line = "".join(parts)
    return "\\&" + line if line[:1] in (".", "'") else line


def _marked(match: re.Match[str]) -> str:
    if match["code"]:
        return bold(match["code"].strip("`"))
    if match["page"]:
        name, _, section = match["page"].partition("(")
        return f"{bold(name)}({section}"
    return bold(match["option"])


def paragraph(text: str) -> list[str]:
    """Lines of one paragraph, a sentence each."""
    return [inline(line) for line in re.split(r"(?<=[.!?]) (?=[A-Z])", " ".join(text.split()))]


def prose(paragraphs: Iterable[str]) -> list[str]:
    """Several paragraphs; one that begins with ``\\b`` is shown as it is typed."""
    lines: list[str] = []
    for text in paragraphs:
        before = [".Pp"] if lines else []
        if text.lstrip().startswith("\b"):
            lines += literal(text.lstrip().lstrip("\b").strip("\n"))
        else:
            lines += [*before, *paragraph(text)]
    return lines


def literal(text: str) -> list[str]:
    """Lines shown as they are typed."""
    return [".Bd -literal -offset indent", *(escape(line) for line in text.splitlines()), ".Ed"]


def tagged(items: Iterable[tuple[str, list[str]]], width: str = "Ds") -> list[str]:
    """A list of terms, which are marked up already, and what they mean."""
    lines = [line for term, meaning in items for line in (f".It {term}", *meaning)]
    return [f".Bl -tag -width {width}", *lines, ".El"] if lines else []


def page(name: str, number: int, version: str, brief: str, sections: Iterable[tuple[str, list[str]]]) -> str:
    """One whole page; empty sections are left out.

    ``$Mdocdate$`` stands where a date must stand: two builds of one version are the same octets.
    """
    lines = [
        '.\\" Written by python -m mailpipe._docs; change the commands, not this file.',
        ".Dd $Mdocdate$",
        f".Dt {name.upper()} {number}",
        f".Os mailpipe {version}",
        ".Sh NAME",
        f".Nm {name}",
        f".Nd {inline(brief.rstrip('.'))}",
    ]
    for title, body in sections:
        if body:
            lines += [f".Sh {title}", *body]
    return "\n".join(lines) + "\n"
