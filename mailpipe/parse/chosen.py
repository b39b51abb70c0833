"""Turns the flags of the command line into the options of parse."""

from mailpipe.config import Settings
from mailpipe.parse import configured
from mailpipe.parse.attachments import Choice
from mailpipe.parse.core import Options
from mailpipe.parse.files import Folder


def options(
    settings: Settings,
    *,
    attachments: str | None,
    safe_html: bool,
    no_content: bool,
    only_type: tuple[str, ...],
    nested: bool,
    vocabulary: str | None,
    schema: str | None,
    account: str | None,
    keep_raw: bool,
    max_size: int,
) -> Options:
    """The options, with the files and accounts that they name; raises NoInputError or ConfigError."""
    return Options(
        keep_raw=keep_raw,
        safe_html=safe_html,
        nested=nested,
        files=Choice(
            content=not no_content,
            keep=Folder(attachments) if attachments else None,
            types=tuple(kind.lower() for kind in only_type),
        ),
        max_size=max_size,
        vocabulary=configured.vocabulary(settings, vocabulary),
        schema=configured.schema(schema),
        identity=configured.Identities(settings, account),
        trust=configured.Trusts(settings, account),
        smime=configured.Openers(settings, account),
    )
