"""Content-Type and Content-Disposition fields."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.mail import limits, parameters


@pytest.mark.parametrize(
    ("field", "value", "wanted"),
    [
        ("text/plain", "text/plain", {}),
        ("Text/HTML; CharSet=UTF-8", "text/html", {"charset": "UTF-8"}),
        (
            'text/plain; charset="utf-8"; format=flowed',
            "text/plain",
            {"charset": "utf-8", "format": "flowed"},
        ),
        ("text/plain; charset=us-ascii (plain text)", "text/plain", {"charset": "us-ascii"}),
        ("text/plain charset=utf-8", "text/plain", {"charset": "utf-8"}),
        ("text/plain; charset=utf-8 format=flowed", "text/plain", {"charset": "utf-8", "format": "flowed"}),
        ("multipart/mixed; boundary=a=b", "multipart/mixed", {"boundary": "a=b"}),
        ('multipart/mixed; boundary="a; b"', "multipart/mixed", {"boundary": "a; b"}),
        ("a/b; name=my file.pdf", "a/b", {"name": "my file.pdf"}),
        ('a/b; name="a\\"b.pdf"', "a/b", {"name": 'a"b.pdf'}),
        ('a/b; name="C:\\tmp\\x.pdf"', "a/b", {"name": "C:\\tmp\\x.pdf"}),
        ("a/b; name='x.pdf'", "a/b", {"name": "x.pdf"}),
        ('a/b; name="=?utf-8?q?caf=C3=A9.pdf?="', "a/b", {"name": "café.pdf"}),
        ("a/b; name==?utf-8?q?caf=C3=A9.pdf?=", "a/b", {"name": "café.pdf"}),
        ("attachment; filename*=utf-8''%e2%82%ac.txt", "attachment", {"filename": "€.txt"}),
        ("attachment; filename*=iso-8859-1'fr'caf%E9.txt", "attachment", {"filename": "café.txt"}),
        ('attachment; filename*0="ab"; filename*1="cd.txt"', "attachment", {"filename": "abcd.txt"}),
        (
            "attachment; filename*1*=%20b; filename*0*=utf-8''a; filename*2=.txt",
            "attachment",
            {"filename": "a b.txt"},
        ),
        ("attachment; filename=old.txt; filename*=utf-8''new.txt", "attachment", {"filename": "new.txt"}),
        ('a/b; name="unclosed; x=1', "a/b", {"name": "unclosed", "x": "1"}),
        ("a/b;;; ;charset", "a/b", {}),
        ("a/b; name*", "a/b", {}),
        ("", "", {}),
    ],
)
def test_parameters_of_any_hand_are_read(field: str, value: str, wanted: dict[str, str]) -> None:
    found = parameters.parse(field)

    assert (found.value, found.parameters) == (value, wanted)


def test_the_first_of_two_equal_parameters_counts() -> None:
    found = parameters.parse("text/plain; charset=utf-8; charset=koi8-r; name=x")

    assert (found.parameters["charset"], found.defects) == ("utf-8", ("duplicate-parameter",))


def test_a_missing_section_is_a_defect() -> None:
    found = parameters.parse("attachment; filename*0=a; filename*2=c")

    assert (found.parameters["filename"], found.defects) == ("ac", ("parameter-section-missing",))


def test_more_parameters_than_the_limit_are_left_out() -> None:
    found = parameters.parse("a/b" + "".join(f"; p{n}=1" for n in range(limits.PARAMETERS + 50)))

    assert (len(found.parameters), found.defects) == (limits.PARAMETERS, ("limit:parameters",))


@given(st.text("ab/;=\"'*0123 \\()%?-\t", max_size=80))
def test_no_field_fails(field: str) -> None:
    found = parameters.parse(field)

    assert all(isinstance(value, str) for value in found.parameters.values())
