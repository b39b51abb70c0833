"""Tokens and pixels: nobody else can make one, and what is put in can be taken out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.errors import ConfigError
from mailpipe.mail import pixel

KEY, OTHER = b"key", b"other"
UNIQUE = bytes(range(16))
PAGE = "<!doctype html><html><body><p>Hello</p></body></html>"
URL = pixel.pixel_url("https://t.example.com", pixel.token(UNIQUE, KEY))


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=1))
def test_a_token_is_read_with_the_key_that_made_it(unique: bytes, key: bytes) -> None:
    made = pixel.token(unique, key)

    assert len(made) == pixel.LENGTH
    assert pixel.read(made, [OTHER + key, key]) == unique.hex()


@given(st.integers(0, pixel.LENGTH - 1), st.sampled_from("Ab0_-"))
def test_a_token_with_one_other_character_is_none(at: int, character: str) -> None:
    made = pixel.token(UNIQUE, KEY)
    changed = made[:at] + character + made[at + 1 :]

    assert (pixel.read(changed, [KEY]) is None) == (changed != made)


@given(st.text(max_size=60))
def test_no_text_is_a_token_by_chance(text: str) -> None:
    assert pixel.read(text, [KEY, OTHER]) is None


def test_a_token_of_another_key_or_for_another_purpose_is_none() -> None:
    made = pixel.token(UNIQUE, KEY)

    assert pixel.read(made, [OTHER]) is None
    assert pixel.read(made, []) is None
    assert pixel.read(made, [KEY], "unsubscribe") is None
    assert pixel.read(pixel.token(UNIQUE, KEY, "unsubscribe"), [KEY]) is None


@pytest.mark.parametrize("text", ["A" * pixel.LENGTH, "A" * (pixel.LENGTH - 1), "A" * (pixel.LENGTH + 4), ""])
def test_the_stand_in_for_what_is_no_token_is_none_either(text: str) -> None:
    assert pixel.read(text, [KEY]) is None


def test_the_pixel_is_the_last_element_of_the_body() -> None:
    page = pixel.with_pixel(PAGE, URL)

    assert page.index("<img") > page.index("</p>")
    assert page.rpartition(">\n")[2] == "</body></html>"
    assert pixel.tokens_in(page) == [pixel.token(UNIQUE, KEY)]


@pytest.mark.parametrize(
    "page", [PAGE, "<p>no body", "", "<p>&lt;/body></p></BODY ></html>\r\n", "</body></body>"]
)
def test_a_page_without_its_pixel_is_what_it_was(page: str) -> None:
    assert pixel.without_pixel(pixel.with_pixel(page, URL)) == page


def test_pictures_that_are_not_ours_stay() -> None:
    page = '<img src="https://t.example.com/o/logo.gif"><img src="cid:logo">'

    assert pixel.without_pixel(page) == page


@pytest.mark.parametrize(
    "url",
    [
        "t.example.com",
        "ftp://t.example.com",
        "https://",
        "https://a@b/",
        "https://t.example.com/?a",
        'https://x/"',
    ],
)
def test_what_is_no_server_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="pixel server"):
        pixel.base(url)


def test_the_last_slash_does_not_matter() -> None:
    assert pixel.base("https://t.example.com/mail/") == "https://t.example.com/mail"
