"""A template, compiled: front matter, body and base, ready to be filled with one record after another."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from jinja2 import BaseLoader

from mailpipe.errors import ConfigError, RecordError
from mailpipe.mail.mailbox import Mailbox
from mailpipe.render import attachments, environment, headers, markup, sealing, tracking
from mailpipe.render.attachments import Attachment, ReadFile
from mailpipe.render.environment import LIMIT, Environment
from mailpipe.render.fields import Field
from mailpipe.render.frontmatter import ADDRESSES, FrontMatter, Source
from mailpipe.render.layout import Layout, Layouts, base_values, check_base
from mailpipe.render.options import constant, data_option, switch
from mailpipe.render.paths import Frame, Members
from mailpipe.render.pictures import ReadPicture
from mailpipe.render.tokens import RESERVED, Tokens, shown

LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")  # a language tag, RFC 5646 section 2.1

Check = Callable[[Any], None]


class Files(NamedTuple):
    """What a template is made of, read by somebody else."""

    name: str
    front: FrontMatter
    base_name: str
    base: str
    loader: BaseLoader
    picture: ReadPicture
    attach: ReadFile
    check: Check | None = None
    """Raises RecordError for data that the template's schema does not allow."""
    variants: Mapping[str, "Files"] = {}
    """The same in other languages, by lower-case language tag."""


class Filled(NamedTuple):
    """What a template makes of one record."""

    addresses: dict[str, list[Mailbox]]
    subject: str
    ref: str | None
    lang: str
    headers: list[tuple[str, str]]
    text: str
    html: str
    markdown: str | None
    inline: tuple[bytes, ...]
    attachments: list[Attachment]
    key: str
    """The idempotency key; empty for none."""
    seal: sealing.Wanted = sealing.Wanted()


class Template:
    """Fills one template; keeps what all records share."""

    def __init__(
        self, files: Files, secret: str, overrides: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        """Compile it; raises :class:`ConfigError` naming file, line and key.

        ``secret`` is some digits that nobody else knows; ``overrides`` are values instead of those of
        the front matter.
        """
        self.name = files.name
        self._tokens = Tokens(secret)
        self._engine = Environment(self._tokens, files.loader)
        values = dict(files.front.values)
        for key, texts in (overrides or {}).items():
            override(values, key, texts)
        self._addresses = {key: self._senders(key, values[key]) for key in ADDRESSES if values.get(key)}
        self._subject = self._field("subject", values.get("subject"))
        self._ref = self._field("ref", values.get("ref"))
        self._lang = self._field("lang", values.get("lang"))
        self._key = self._field("idempotencyKey", values.get("idempotencyKey"))
        self._logo = constant("logo", values.get("logo"), self.name)
        self._attachments = self._list("attachments", values.get("attachments"))
        self._read_attachment = files.attach
        self._headers = self._custom(values.get("headers"))
        self._track = tracking.Option(values.get("track"), self._field, self.name)
        self._seal = sealing.Option(values.get("sign"), values.get("encrypt"), self._field, self.name)
        self.data = data_option(values.get("data"), self.name)
        self.check = files.check
        self._body = self._compiled(files.front.body, self.name, files.front.line)
        self._line = files.front.line
        self._members = Members.of(files.front.body, self._tokens)
        check_base(files.base, files.base_name)
        # CSS has "{#" in it, so comments of a base are written {## ##}.
        engine = self._engine.overlay(comment_start_string="{##", comment_end_string="##}")
        self._base = environment.compiled(engine, files.base, files.base_name)
        self._frame = Frame(files.base, self._tokens, partial(environment.expanded, self._base))
        to_html = format_of(self.name)
        wants_source = markdown_part(values.get("markdown"), to_html, self.name)
        self._layouts = Layouts(self._tokens, self.name, to_html, files.picture, wants_source)
        self._variants = {tag: Template(each, secret, overrides) for tag, each in files.variants.items()}

    def variant(self, data: dict[str, Any]) -> "Template":
        """The template in the record's language, by its whole tag or by what comes before the hyphen."""
        if not self._variants:
            return self
        tag = self._language(self._engine.names({"data": data, **data})).lower()
        return self._variants.get(tag) or self._variants.get(tag.partition("-")[0]) or self

    @property
    def seals(self) -> sealing.Wanted:
        """Whether any of its messages may be signed, and whether any may be encrypted."""
        found = [self._seal.possible, *(each.seals for each in self._variants.values())]
        return sealing.Wanted(any(each.sign for each in found), any(each.encrypt for each in found))

    @property
    def tracks(self) -> bool:
        """Whether opens of any of its messages may be recorded."""
        return self._track.active or any(each.tracks for each in self._variants.values())

    def tracked(self, data: dict[str, Any]) -> tracking.Wanted:
        """What is recorded of the opens of this record's message; raises :class:`RecordError`."""
        chosen = self.variant(data)
        return chosen._track.wanted(chosen._engine.names({"data": data, **data}))

    def fill(self, data: dict[str, Any]) -> Filled:
        """All that a message of this record says; raises :class:`RecordError`."""
        values = self._engine.names({"data": data, **data})
        self._engine.speech.lang = lang = self._language(values)
        addresses = {key: self._mailboxes(key, fields, values) for key, fields in self._addresses.items()}
        subject = self._subject.text(values) if self._subject else ""
        ref = self._reference(values)
        custom = [(name, field.text(values)) for name, field in self._headers]
        layout, printed, texts = self._content(values, data, base_values(subject, ref, lang, self._logo))
        names = [path for field in self._attachments for path in attachments.paths(field.value(values))]
        return Filled(
            addresses,
            subject,
            ref,
            lang,
            custom,
            layout.text.fill(printed, texts),
            layout.html.fill(printed, texts),
            layout.markdown.fill(printed, texts) if layout.markdown else None,
            layout.parts,
            attachments.attached(names, self._read_attachment) if names else [],
            self._key.text(values) if self._key else "",
            self._seal.wanted(values),
        )

    def _language(self, values: dict[str, Any]) -> str:
        """The language tag of front matter or flag, else the member ``lang`` of the data if it is one."""
        if self._lang:
            return self._lang.text(values)
        given = values.get("lang")
        return given if isinstance(given, str) and LANGUAGE.fullmatch(given) else ""

    def _content(
        self, values: dict[str, Any], data: dict[str, Any], own: dict[str, Any]
    ) -> tuple[Layout, list[Any], list[str]]:
        """The layout of this record, and the printed values: as they are, and as they are shown."""
        printed: list[Any] = []
        self._tokens.values = printed
        body = self._members.fill(values, printed) if self._members else None
        if body is None:
            body = environment.expanded(self._body, values, self._line)
        base = self._frame.fill(own, printed)
        if base is None:
            names = self._engine.names({**data, "data": data, **own})
            base = environment.expanded(self._base, names)
        layout = self._layouts.get(body, base)
        texts = [value if type(value) is str else shown(value) for value in printed]
        if sum(map(len, texts)) > LIMIT:
            raise RecordError(f"the values to print have over {LIMIT} characters", slug="limit:output")
        return layout, printed, texts

    def _mailboxes(self, key: str, fields: list[Field], values: dict[str, Any]) -> list[Mailbox]:
        try:
            return [each for field in fields for each in field.mailboxes(values)]
        except RecordError as exc:
            raise RecordError(f"{key}: {exc.detail}", slug=exc.case, hint=exc.hint) from exc

    def _reference(self, values: dict[str, Any]) -> str | None:
        value = self._ref.value(values) if self._ref else None
        if value is None:
            return None
        if isinstance(value, bool | list | dict):
            raise RecordError(f"ref: {shown(value)[:80]} is not a text or a number", slug="bad-ref")
        return shown(value)

    def _compiled(self, source: str, name: str, line: int) -> Any:
        if RESERVED.search(source):
            raise ConfigError(f"{name}: private-use characters from U+E000 on are reserved")
        return environment.compiled(self._engine, source, name, line)

    def _field(self, key: str, value: Any) -> Field | None:
        if value is None:
            return None
        if not isinstance(value, Source):
            raise ConfigError(f"{self.name}: {key} is not one text")
        return Field(value, self._engine, self._tokens)

    def _list(self, key: str, value: Any) -> list[Field]:
        if isinstance(value, dict):
            raise ConfigError(f"{self.name}: {key} is not a text or a list of them")
        fields = [self._field(key, item) for item in (value if isinstance(value, list) else [value])]
        return [field for field in fields if field]

    def _senders(self, key: str, value: Any) -> list[Field]:
        fields = self._list(key, value)
        for field in fields:
            field.check_address()
        return fields

    def _custom(self, value: Any) -> list[tuple[str, Field]]:
        if value is None:
            return []
        if not isinstance(value, dict):
            raise ConfigError(f"{self.name}: headers are not names and values")
        named = [(headers.name(key, self.name), self._field(key, item)) for key, item in value.items()]
        if len({name.lower() for name, _field in named}) < len(named):
            raise ConfigError(f"{self.name}: a header is there twice", hint="capitals make no difference")
        return [(name, field) for name, field in named if field]


def override(values: dict[str, Any], key: str, texts: Sequence[str]) -> None:
    """Put what a flag gives in the place of what the front matter has."""
    sources = [Source(text, f"--{key}", 1) for text in texts]
    if key == "part":
        given = values.get("data")
        values["data"] = {**(given if isinstance(given, dict) else {"format": given}), "part": sources[0]}
    elif key == "track":
        values[key] = tracking.with_url(values.get(key), sources[0])
    else:
        values[key] = sources if key in (*ADDRESSES, "attachments") else sources[0]


def markdown_part(value: Any, to_html: Callable[[str, str], str], name: str) -> bool:
    """Whether the message has a part in Markdown, too; raises :class:`ConfigError`."""
    wanted = switch("markdown", value, name)
    if wanted and to_html is not markup.from_markdown:
        raise ConfigError(f"{name}: only a template in Markdown makes a part in Markdown")
    return wanted


def format_of(name: str) -> Callable[[str, str], str]:
    """What turns a body into HTML, by the ending of the template's name; raises :class:`ConfigError`."""
    ending = name.rpartition(".")[2].lower()
    if ending not in markup.FORMATS:
        known = ", ".join(f".{each}" for each in markup.FORMATS)
        raise ConfigError(f"{name}: what a template is written in is told by its ending: {known}")
    return markup.FORMATS[ending]
