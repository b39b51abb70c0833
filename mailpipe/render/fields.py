"""Compiles and fills the values of the front matter: texts, values that keep their type, addresses."""

from functools import lru_cache
from typing import Any

from mailpipe.errors import ConfigError, RecordError
from mailpipe.mail import mailbox
from mailpipe.mail.mailbox import Mailbox
from mailpipe.render import environment
from mailpipe.render.environment import Environment
from mailpipe.render.frontmatter import Source
from mailpipe.render.paths import Members
from mailpipe.render.tokens import RESERVED, Tokens, shown

Values = dict[str, Any]


class Field:
    """One value of the front matter, which is a template of its own."""

    def __init__(self, source: Source, engine: Environment, tokens: Tokens) -> None:
        """Compile it; raises :class:`ConfigError` naming file and line."""
        if RESERVED.search(source.text):
            raise ConfigError(
                f"{source.name}, line {source.line}: a private-use character from U+E000 on is reserved"
            )
        self._name, self._line = source.name, source.line
        self._tokens = tokens
        text = source.text.strip()
        is_constant = not any(mark in text for mark in ("{{", "{%", "{#"))
        self.constant = " ".join(text.split()) if is_constant else None
        self._template = None if is_constant else environment.compiled(engine, text, source.name, source.line)
        self._members = None if is_constant or "\n" in text else Members.of(text, tokens)

    def skeleton(self, values: Values) -> str:
        """The author's text with tokens; the values are in the tokens until the next field is filled."""
        self._tokens.values = []
        if self._template is None:
            return self.constant or ""
        if self._members:
            quick = self._members.fill(values, self._tokens.values)
            if quick is not None:
                return quick
        text = environment.expanded(self._template, values, self._line)
        return " ".join(text.split()) if "\n" in text else text

    def text(self, values: Values) -> str:
        """The text that it prints."""
        return self.constant if self.constant is not None else self._tokens.filled(self.skeleton(values))

    def value(self, values: Values) -> Any:
        """The value itself, with its type, if it is exactly one ``{{ expression }}``; else the text."""
        if self.constant is not None:
            return self.constant
        skeleton = self.skeleton(values).strip()
        only = self._tokens.only(skeleton)
        return self._tokens.filled(skeleton) if only is None else self._tokens.values[only]

    def check_address(self) -> None:
        """Raise :class:`ConfigError` if it is always the same and not an address."""
        try:
            if self.constant:
                mailbox.parse(self.constant)
        except RecordError as exc:
            raise ConfigError(f"{self._name}, line {self._line}: {exc.detail}", hint=exc.hint) from exc

    def mailboxes(self, values: Values) -> list[Mailbox]:
        """The addresses that it stands for; raises :class:`RecordError` for what is not exactly that.

        A value is one address, a list of addresses, or null for none.  Where the author writes
        ``{{ name }} <{{ mail }}>`` the values fill the two places whatever characters they have.
        """
        if self.constant is not None:
            return [mailbox.parse(self.constant)] if self.constant else []
        skeleton = self.skeleton(values).strip()
        only = self._tokens.only(skeleton)
        if only is not None:
            return from_value(self._tokens.values[only])
        if not skeleton:
            return []
        name, email = _split(skeleton)
        filled = self._tokens.filled
        return [mailbox.named(filled(name) if name else None, filled(email).strip())]


@lru_cache(maxsize=64)
def _split(skeleton: str) -> tuple[str | None, str]:
    return mailbox.split(skeleton)


def from_value(value: Any) -> list[Mailbox]:
    """Addresses of a data value: a text, ``{name, email}``, a list of them, or null."""
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return [mailbox.parse(value)]
    if isinstance(value, list):
        return [each for item in value for each in from_value(item)]
    if isinstance(value, dict) and isinstance(value.get("email"), str) and value.keys() <= {"name", "email"}:
        name = value.get("name")
        if name is None or isinstance(name, str):
            return [mailbox.named(name, value["email"])]
    raise RecordError(
        f"{shown(value)[:120]} is not an address",
        slug="bad-address",
        hint='give a text, {"name": ..., "email": ...}, or a list of them',
    )
