"""Which parts are the body and which are attachments."""

import pytest

from mailpipe.mail import mime, parts

Tree = str | tuple[str, list["Tree"]]


def build(tree: Tree, depth: int = 0) -> str:
    """A message from ``(subtype, children)`` and leaves like ``text/plain`` or ``text/plain;attachment``."""
    if isinstance(tree, str):
        kind, *options = tree.split(";")
        fields = [f"Content-Type: {kind}"]
        for option in options:
            named = '; name="a.txt"' if option == "named" else ""
            if named:
                fields[0] += named
            elif option.startswith("file"):
                fields.append('Content-Disposition: inline; filename="a.txt"')
            else:
                fields.append(f"Content-Disposition: {option}")
        return "\n".join(fields) + f"\n\n{kind}\n"
    subtype, children = tree
    boundary = f"b{depth}"
    inner = "".join(f"--{boundary}\n{build(child, depth + 1)}\n" for child in children)
    return f"Content-Type: multipart/{subtype}; boundary={boundary}\n\n{inner}--{boundary}--\n"


@pytest.mark.parametrize(
    ("tree", "text", "html", "attachments"),
    [
        ("text/plain", [""], [""], []),
        ("text/html", [""], [""], []),
        ("application/pdf", [], [], [""]),
        ("text/plain;attachment", [], [], [""]),
        (("alternative", ["text/plain", "text/html"]), ["1"], ["2"], []),
        (("alternative", ["text/html", "text/plain"]), ["2"], ["1"], []),
        (("alternative", ["text/html"]), ["1"], ["1"], []),
        (("alternative", ["text/plain", "application/json", "text/html"]), ["1"], ["3"], ["2"]),
        (("mixed", ["text/plain", "application/pdf"]), ["1"], ["1"], ["2"]),
        (("mixed", ["text/plain", "text/plain;attachment"]), ["1"], ["1"], ["2"]),
        (("mixed", ["text/plain", "text/plain;named"]), ["1"], ["1"], ["2"]),
        (("mixed", ["text/plain", "image/png", "text/plain"]), ["1", "2", "3"], ["1", "2", "3"], ["2"]),
        (("mixed", ["text/plain", "message/rfc822"]), ["1"], ["1"], ["2"]),
        (("related", ["text/html", "image/png"]), ["1"], ["1"], ["2"]),
        (("alternative", ["text/plain", ("related", ["text/html", "image/png"])]), ["1"], ["2.1"], ["2.2"]),
        (
            (
                "mixed",
                [("alternative", ["text/plain", ("related", ["text/html", "image/png"])]), "application/pdf"],
            ),
            ["1.1"],
            ["1.2.1"],
            ["1.2.2", "2"],
        ),
        (
            ("alternative", ["text/plain", ("mixed", ["text/html", "application/pdf"])]),
            ["1"],
            ["2.1"],
            ["2.2"],
        ),
        (
            ("mixed", [("alternative", ["text/plain", "text/html"]), "text/plain"]),
            ["1.1", "2"],
            ["1.2", "2"],
            [],
        ),
        (("mixed", ["text/plain;file"]), ["1"], ["1"], ["1"]),
        (("report", ["text/plain", "message/delivery-status", "message/rfc822"]), ["1"], ["1"], ["2", "3"]),
        (("signed", ["text/plain", "application/pkcs7-signature"]), ["1"], ["1"], ["2"]),
    ],
)
def test_parts_are_sorted_as_jmap_does(
    tree: Tree, text: list[str], html: list[str], attachments: list[str]
) -> None:
    message = mime.read(build(tree).encode())

    found = parts.classify(message.root)

    assert [[part.id for part in kind] for kind in found] == [text, html, attachments]


HOLLOW = "Content-Type: multipart/alternative; boundary=none\n\n"


@pytest.mark.parametrize(
    ("parts_", "text", "attachments"),
    [
        (["\nhello", HOLLOW + "plate: EVIL"], ["1"], ["2"]),
        (["\nhello", HOLLOW + "plate: EVIL\n--none--"], ["1"], ["2"]),
        (["\nhello", HOLLOW], ["1"], []),
        ([HOLLOW + "all there is"], ["1"], []),
    ],
)
def test_the_preamble_of_a_multipart_without_parts_is_text_only_where_there_is_no_other(
    parts_: list[str], text: list[str], attachments: list[str]
) -> None:
    inner = "".join(f"--b\n{part}\n" for part in parts_)
    raw = f"Content-Type: multipart/mixed; boundary=b\n\n{inner}--b--\n".encode()

    found = parts.classify(mime.read(raw).root)

    assert [part.id for part in found.text] == text
    assert [part.id for part in found.attachments] == attachments
