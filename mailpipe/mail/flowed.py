"""Joins the lines of format=flowed text (RFC 3676), which a mailer has cut, to the lines that were typed."""


def unflow(text: str, *, delsp: bool) -> str:
    """The text with its soft line breaks taken out; ``delsp`` says that the blank before one goes too.

    Quote marks stay in front of quoted lines, space-stuffing is removed, and the signature separator
    ``-- `` is never a soft break (RFC 3676 section 4.3).
    """
    out: list[str] = []
    paragraph: list[str] = []
    depth = 0
    for line in text.split("\n"):
        content = line.lstrip(">")
        marks = len(line) - len(content)
        if content.startswith(" "):
            content = content[1:]
        separator = content == "-- "
        if paragraph and (marks != depth or separator):
            out.append(_quoted(paragraph, depth))
            paragraph = []
        depth = marks
        if content.endswith(" ") and not separator:
            paragraph.append(content[:-1] if delsp else content)
            continue
        paragraph.append(content)
        out.append(_quoted(paragraph, depth))
        paragraph = []
    if paragraph:
        out.append(_quoted(paragraph, depth))
    return "\n".join(out)


def _quoted(paragraph: list[str], depth: int) -> str:
    text = "".join(paragraph)
    return f"{'>' * depth} {text}" if depth else text
