"""Messages of any octets to a tree of parts."""

import base64
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.mail import limits, mime


def tree(raw: bytes) -> list[tuple[str, str, bytes]]:
    return [(part.id, part.type, part.content()[0]) for part in mime.read(raw).walk() if not part.parts]


def defects(raw: bytes) -> set[str]:
    message = mime.read(raw)
    return {*message.defects, *(slug for part in message.walk() for slug in part.defects)}


def multipart(*children: str, boundary: str = "b", end: str = "--b--\n", fields: str = "") -> bytes:
    inner = "".join(f"--{boundary}\n{child}\n" for child in children)
    return f"Content-Type: multipart/mixed; boundary={boundary}\n{fields}\n{inner}{end}".encode()


def test_parts_are_found_with_their_numbers_types_and_content() -> None:
    inner = multipart("\none", "Content-Type: text/html\n\ntwo", boundary="c", end="--c--\n").decode()

    raw = multipart(inner, "Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\nMw==")

    assert tree(raw) == [
        ("1.1", "text/plain", b"one"),
        ("1.2", "text/html", b"two"),
        ("2", "application/pdf", b"3"),
    ]
    assert defects(raw) == set()


def test_the_raw_octets_of_a_part_can_be_had_again() -> None:
    part = "Content-Type: text/plain\nX-Any:  folded\n\tfield\n\n=C3=A9 \n"
    raw = multipart(part, "\nsignature").replace(b"\n", b"\r\n")

    found = mime.read(raw).root.parts[0]

    assert found.raw() == part.replace("\n", "\r\n").encode()


def test_line_ends_of_any_kind_give_the_same_parts() -> None:
    raw = multipart("\none", "\ntwo")
    wanted = tree(raw)

    assert tree(raw.replace(b"\n", b"\r\n")) == wanted
    assert tree(raw.replace(b"\n", b"\r")) == wanted
    assert tree(raw.replace(b"\n", b"\r\n", 3)) == wanted


@pytest.mark.parametrize(
    ("raw", "wanted", "defect"),
    [
        (multipart("\none", "\ntwo", end=""), [b"one", b"two\n"], "boundary-end-missing"),
        (multipart("\none", end="--b--\n--b\n\ntwo\n--b--\n"), [b"one", b"two"], "parts-after-end"),
        (multipart("\none", "\ntwo").replace(b"=b", b"=other"), [b"one", b"two"], "boundary-not-found"),
        (multipart("\none", "\ntwo").replace(b"; boundary=b", b""), [b"one", b"two"], "boundary-missing"),
        (b"Content-Type: multipart/mixed; boundary=b\n\nonly text\n", [b"only text\n"], "boundary-not-found"),
        (b"Content-Type: multipart/mixed; boundary=b\n\ntext\n--b--\n", [b"text"], None),
        (b"\xef\xbb\xbfSubject: x\n\nbody", [b"body"], "byte-order-mark"),
        (b"\r\n\r\nSubject: x\r\n\r\nbody", [b"body"], "leading-empty-lines"),
        (b"From a@example.com Fri Nov 20 09:12:44 2026\nSubject: x\n\nbody", [b"body"], "mbox-from-line"),
        (b"Subject: x\nHello\n", [b"Hello\n"], "header-end-missing"),
        (b"Content-Type: nonsense\n\nx", [b"x"], "content-type-invalid"),
        (b"Content-Type: text/plain\nContent-Type: text/html\n\nx", [b"x"], "duplicate-header"),
        (b"Content-Transfer-Encoding: rot13\n\nx", [b"x"], "transfer-encoding-unknown"),
        (b"", [b""], None),
        (b"\n", [b""], None),
    ],
)
def test_broken_messages_are_read_with_a_defect(raw: bytes, wanted: list[bytes], defect: str | None) -> None:
    assert [content for _, _, content in tree(raw)] == wanted
    assert defect is None or defect in defects(raw)


def test_a_boundary_that_starts_like_another_one_ends_nothing() -> None:
    inner = multipart("\none", "\ntwo", boundary="b1", end="--b1--\n").decode()

    assert [content for _, _, content in tree(multipart(inner, "\nthree"))] == [b"one", b"two", b"three"]


def test_a_line_of_text_that_starts_with_the_boundary_is_text() -> None:
    assert [content for _, _, content in tree(multipart("\n--bx\n--b-\n"))] == [b"--bx\n--b-\n"]


def test_text_behind_a_delimiter_and_a_blank_is_ignored() -> None:
    raw = multipart("\none", end="--b-- the end\nepilogue")

    assert [content for _, _, content in tree(raw)] == [b"one"]


def test_an_inner_multipart_that_never_ends_does_not_swallow_its_neighbour() -> None:
    inner = multipart("\none", boundary="c", end="").decode()

    assert [content for _, _, content in tree(multipart(inner, "\ntwo"))] == [b"one\n", b"two"]


def test_equal_boundaries_lose_no_part() -> None:
    inner = multipart("\none", "\ntwo").decode()

    found = [content for _, _, content in tree(multipart(inner, "\nthree"))]

    assert [content for content in found if content.strip()] == [b"one", b"two", b"three"]


def test_a_multipart_that_was_encoded_as_a_whole_is_opened() -> None:
    raw = multipart("\none", "\ntwo")
    head, _, body = raw.partition(b"\n\n")
    encoded = head + b"\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(body)

    assert [content for _, _, content in tree(encoded)] == [b"one", b"two"]
    assert "multipart-encoded" in defects(encoded)


def test_an_attached_message_is_one_part_whatever_is_in_it() -> None:
    attached = multipart("Content-Type: application/json\n\n{}").decode()

    raw = multipart(
        "\nhello", "Content-Type: message/rfc822\n\n" + attached.replace("=b", "=c").replace("--b", "--c")
    )

    assert [(number, kind) for number, kind, _ in tree(raw)] == [("1", "text/plain"), ("2", "message/rfc822")]


def test_a_digest_holds_messages() -> None:
    raw = multipart("\nSubject: one\n\ntext").replace(b"mixed", b"digest")

    assert tree(raw) == [("1", "message/rfc822", b"Subject: one\n\ntext")]


def test_names_that_disagree_are_both_kept_and_a_defect() -> None:
    raw = b'Content-Type: application/pdf; name=a.exe\nContent-Disposition: attachment; filename="a.pdf"\n\nx'

    root = mime.read(raw).root

    assert (root.name, root.names, root.defects) == ("a.pdf", ["a.pdf", "a.exe"], ["attachment-names-differ"])


def test_depth_is_limited() -> None:
    raw = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(2000))

    message = mime.read(raw + b"\ntext")

    assert len(message.walk()) == limits.DEPTH + 1
    assert "limit:depth" in defects(raw)


def test_the_number_of_parts_is_limited() -> None:
    raw = multipart(*["\nx"] * 5000)

    assert len(mime.read(raw).walk()) == limits.PARTS
    assert "limit:parts" in defects(raw)


texts = st.text(st.characters(codec="utf-8", exclude_characters="\r", exclude_categories=["Cs"]), max_size=80)


@given(
    texts,
    st.lists(st.tuples(st.binary(max_size=200), st.text("aé ü.;\"'", min_size=1, max_size=10)), max_size=3),
)
def test_what_the_standard_library_builds_comes_back(text: str, files: list[tuple[bytes, str]]) -> None:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "x"
    message.set_content(text)
    for data, name in files:
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)

    leaves = [part for part in mime.read(message.as_bytes()).walk() if not part.parts]

    assert leaves[0].content()[0].decode().replace("\r\n", "\n").rstrip("\n") == text.rstrip("\n")
    assert [part.content()[0] for part in leaves[1:]] == [data for data, _ in files]


lines = st.sampled_from(
    [
        b"",
        b"--b",
        b"--b--",
        b"--c",
        b"text",
        b"Content-Type: multipart/mixed; boundary=b",
        b"Content-Type: multipart/alternative; boundary=c",
        b"Content-Type: multipart/digest; boundary=b",
        b"Content-Type: multipart/mixed",
        b"Content-Type: message/rfc822",
        b"Content-Type: text/html; charset=utf-16",
        b"Content-Transfer-Encoding: base64",
        b"Content-Transfer-Encoding: quoted-printable",
        b"Content-Disposition: attachment; filename=x",
        b"\xff\xfe",
        b" folded",
        b"From: a@example.com",
    ]
)


@given(st.lists(lines, max_size=30), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_no_sequence_of_lines_fails_and_parts_lie_inside_their_parents(
    found: list[bytes], end: bytes
) -> None:
    for part in mime.read(end.join(found)).walk():
        part.content()
        assert 0 <= part.start <= part.body <= part.end <= len(part.buffer)
        if part.parent and part.parent.buffer is part.buffer:
            assert part.parent.body <= part.start <= part.end <= part.parent.end


@given(st.binary(max_size=400))
def test_no_octets_fail(raw: bytes) -> None:
    for part in mime.read(raw).walk():
        part.content()
