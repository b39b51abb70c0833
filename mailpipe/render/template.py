"""A template, compiled: front matter, body and base, ready to be filled with one record after another."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from jinja2 import BaseLoader

from mailpipe.errors import ConfigError, RecordError
from mailpipe.mail.mailbox import Mailbox
from mailpipe.render import attachments, environment, headers, markup
from mailpipe.render.attachments import Attachment, ReadFile
from mailpipe.render.environment import LIMIT, Environment
from mailpipe.render.fields import Field
from mailpipe.render.frontmatter import ADDRESSES, DATA_FORMATS, FrontMatter, Source
from mailpipe.render.layout import Layouts, base_values, check_base
from mailpipe.render.pictures import ReadPicture
from mailpipe.render.tokens import RESERVED, Tokens, shown


class Files(NamedTuple):
    """What a template is made of, read by somebody else."""

    name: str
    front: FrontMatter
    base_name: str
    base: str
    loader: BaseLoader
    picture: ReadPicture
    attach: ReadFile
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
    inline: tuple[bytes, ...]
    attachments: list[Attachment]


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
            values[key] = overriding(key, texts)
        self._addresses = {key: self._senders(key, values[key]) for key in ADDRESSES if values.get(key)}
        self._subject = self._field("subject", values.get("subject"))
        self._ref = self._field("ref", values.get("ref"))
        self._lang = self._field("lang", values.get("lang"))
        self._logo = constant("logo", values.get("logo"), self.name)
        self._attachments = self._list("attachments", values.get("attachments"))
        self._read_attachment = files.attach
        self._headers = self._custom(values.get("headers"))
        self.data_format, self.data_fields = data_option(values.get("data"), self.name)
        self._body = self._compiled(files.front.body, self.name, files.front.line)
        self._line = files.front.line
        check_base(files.base, files.base_name)
        # CSS has "{#" in it, so comments of a base are written {## ##}.
        engine = self._engine.overlay(comment_start_string="{##", comment_end_string="##}")
        self._base = environment.compiled(engine, files.base, files.base_name)
        self._layouts = Layouts(self._tokens, self.name, format_of(self.name), files.picture)

        self._variants = {tag: Template(each, secret, overrides) for tag, each in files.variants.items()}

    def variant(self, data: dict[str, Any]) -> "Template":
        """The template in the record's language, by its whole tag or by what comes before the hyphen."""
        if not self._variants or not self._lang:
            return self
        tag = self._lang.text(self._engine.names({"data": data, **data})).lower()
        return self._variants.get(tag) or self._variants.get(tag.partition("-")[0]) or self

    def fill(self, data: dict[str, Any]) -> Filled:
        """All that a message of this record says; raises :class:`RecordError`."""
        values = self._engine.names({"data": data, **data})
        addresses = {key: self._mailboxes(key, fields, values) for key, fields in self._addresses.items()}
        subject = self._subject.text(values) if self._subject else ""
        ref = self._reference(values)
        lang = self._lang.text(values) if self._lang else ""
        custom = [(name, field.text(values)) for name, field in self._headers]
        text, html, inline = self._texts(values, base_values(data, subject, ref, lang, self._logo))
        names = [path for field in self._attachments for path in attachments.paths(field.value(values))]
        attached = attachments.attached(names, self._read_attachment) if names else []
        return Filled(addresses, subject, ref, lang, custom, text, html, inline, attached)

    def _texts(self, values: dict[str, Any], outer: dict[str, Any]) -> tuple[str, str, tuple[bytes, ...]]:
        printed: list[Any] = []
        self._tokens.values = printed
        body = environment.expanded(self._body, values, self._line)
        base = environment.expanded(self._base, self._engine.names(outer))
        layout = self._layouts.get(body, base)
        texts = [value if type(value) is str else shown(value) for value in printed]
        if sum(map(len, texts)) > LIMIT:
            raise RecordError(f"the values to print have over {LIMIT} characters", slug="limit:output")
        return layout.text.fill(printed, texts), layout.html.fill(printed, texts), layout.parts

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
        return [(name, field) for name, field in named if field]


def overriding(key: str, texts: Sequence[str]) -> Any:
    """The value of a flag, in the shape that the front matter has."""
    sources = [Source(text, f"--{key}", 1) for text in texts]
    return sources if key in (*ADDRESSES, "attachments") else sources[0]


def format_of(name: str) -> Callable[[str, str], str]:
    """What turns a body into HTML, by the ending of the template's name; raises :class:`ConfigError`."""
    ending = name.rpartition(".")[2].lower()
    if ending not in markup.FORMATS:
        known = ", ".join(f".{each}" for each in markup.FORMATS)
        raise ConfigError(f"{name}: what a template is written in is told by its ending: {known}")
    return markup.FORMATS[ending]


def constant(key: str, value: Any, name: str) -> str:
    """A value that is not a template; raises :class:`ConfigError`."""
    if value is None:
        return ""
    if not isinstance(value, Source) or "{{" in value.text or "{%" in value.text:
        raise ConfigError(f"{name}: {key} is one text without templates in it")
    return value.text.strip()


def data_option(value: Any, name: str) -> tuple[str, tuple[str, ...] | None]:
    """How the data travel, and which members (None is all); raises :class:`ConfigError`."""
    options = value if isinstance(value, dict) else {"format": value}
    for key in options:
        if key not in ("format", "fields"):
            raise ConfigError(f"{name}: unknown key {key!r} in data", hint="the keys are format and fields")
    form = constant("data", options.get("format"), name) or "json"
    if form not in DATA_FORMATS:
        raise ConfigError(f"{name}: data is {form!r}", hint=f"it may be {', '.join(DATA_FORMATS)}")
    fields = options.get("fields")
    if fields is None:
        return form, None
    if not isinstance(fields, list):
        raise ConfigError(f"{name}: the fields of data are not a list of names")
    return form, tuple(constant("fields", item, name) for item in fields)
