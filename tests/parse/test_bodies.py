"""The human bodies of a message."""

import pytest

from mailpipe.mail import mime, parts
from mailpipe.parse import bodies


def read(raw: bytes) -> tuple[bodies.Bodies, list[str]]:
    defects: list[str] = []
    return bodies.read(parts.classify(mime.read(raw).root), defects), defects


def alternative(text: str, html: str) -> bytes:
    return (
        "Content-Type: multipart/alternative; boundary=b\n\n"
        f"--b\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
        f"--b\nContent-Type: text/html; charset=utf-8\n\n{html}\n--b--\n"
    ).encode()


@pytest.mark.parametrize(
    ("fields", "octets", "text", "defects"),
    [
        ("Content-Type: text/plain; charset=utf-8", "é€".encode(), "é€", []),
        ("Content-Type: text/plain; charset=koi8-r", "Привет".encode("koi8-r"), "Привет", []),
        ("Content-Type: text/plain", "é".encode("latin-1"), "é", ["charset-missing"]),
        ("Content-Type: text/plain; charset=bogus", "é".encode(), "é", ["charset-unknown"]),
        ("Content-Type: text/plain", b"a\r\nb\rc\n", "a\nb\nc\n", []),
        ("Content-Type: text/plain; format=flowed", b"plate: \nAB\n", "plate: AB\n", []),
        ("Content-Type: text/plain; format=flowed; delsp=yes", b"one \ntwo", "onetwo", []),
    ],
)
def test_text_is_decoded(fields: str, octets: bytes, text: str, defects: list[str]) -> None:
    found, wrong = read(fields.encode() + b"\n\n" + octets)

    assert (found.text, found.html, wrong) == (text, None, defects)


def test_html_may_declare_its_own_charset() -> None:
    found, wrong = read(
        b'Content-Type: text/html\n\n<meta charset="windows-1251"><p>' + "да".encode("cp1251")
    )

    assert ("да" in (found.html or ""), wrong) == (True, [])


def test_text_comes_from_html_when_the_text_is_blank() -> None:
    found, _ = read(alternative(" \n", "<p>one</p><p>two</p>"))

    assert found.text.split() == ["one", "two"]


def test_text_that_only_says_that_there_is_html_is_given_but_not_read() -> None:
    found, wrong = read(alternative("Votre logiciel ne lit pas le HTML.", "<p>plate: AB</p>"))

    assert (found.text, found.shown.strip(), wrong) == (
        "Votre logiciel ne lit pas le HTML.",
        "plate: AB",
        ["text-is-placeholder"],
    )


def test_text_about_html_is_text() -> None:
    found, wrong = read(alternative("HTML is fine for us.", "<p>HTML is fine for us.</p>"))

    assert (found.shown, wrong) == ("HTML is fine for us.", [])


def test_text_around_an_attachment_is_one_text() -> None:
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nbefore\n--b\nContent-Type: image/png\n\nx\n"
        b"--b\nContent-Type: text/plain\n\nafter\n--b--\n"
    )

    assert read(raw)[0].text == "before\nafter"


def test_plain_text_beside_html_is_shown_in_the_html_as_it_is() -> None:
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>a</p>\n"
        b"--b\nContent-Type: text/plain\n\n1 < 2 & 3\n--b--\n"
    )

    assert read(raw)[0].html == "<p>a</p>\n<pre>1 &lt; 2 &amp; 3</pre>"
