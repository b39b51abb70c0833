"""The options that say what a message is made of: those of render and of preview."""

import gc
from collections.abc import Callable
from typing import Any

import click

from mailpipe.config import Settings
from mailpipe.record import Transform

_FLAGS = (
    click.argument("template", type=click.Path(dir_okay=False)),
    click.option("--account", metavar="NAME", help="Account whose From is used where the template has none."),
    click.option("--from", "from_", metavar="ADDRESS", help="Sender, instead of the template's."),
    click.option(
        "--to", multiple=True, metavar="ADDRESS", help="Recipient, instead of the template's to, cc and bcc."
    ),
    click.option("--subject", metavar="TEXT", help="Subject, instead of the template's."),
    click.option("--lang", metavar="TAG", help="Language tag, such as fr, instead of the template's."),
    click.option("--base", type=click.Path(dir_okay=False), help="HTML file around the content."),
    click.option(
        "--attach", multiple=True, metavar="PATH", help="File to attach, instead of the template's."
    ),
    click.option(
        "--attach-root", type=click.Path(file_okay=False), help="Folder below which files are attached."
    ),
    click.option(
        "--json-part",
        type=click.Choice(["alternative", "attachment", "none"]),
        help="Where the data go: between text and HTML, beside them, or nowhere.  [alternative]",
    ),
    click.option(
        "--sign/--no-sign",
        default=None,
        help="Sign with the account's certificate (S/MIME).  [the template's]",
    ),
    click.option(
        "--encrypt/--no-encrypt",
        default=None,
        help="Encrypt to the recipients' certificates (S/MIME).  [the template's]",
    ),
    click.option("--markdown", is_flag=True, help="Send the Markdown, too, as text/markdown."),
    click.option("--reply", is_flag=True, help="Answer parsed messages, which are read instead of data."),
)


def message_flags(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command; :func:`messages` takes their values."""
    for flag in reversed(_FLAGS):
        command = flag(command)
    return command


def overrides(
    from_: str | None = None,
    to: tuple[str, ...] = (),
    subject: str | None = None,
    lang: str | None = None,
    attach: tuple[str, ...] = (),
    json_part: str | None = None,
    markdown: bool = False,
    track: str | None = None,
    sign: bool | None = None,
    encrypt: bool | None = None,
) -> dict[str, list[str]]:
    """What is given by flag, by the key of the front matter that it replaces."""
    given = {"from": from_, "subject": subject, "lang": lang, "part": json_part, "track": track}
    given["markdown"] = "true" if markdown else None
    given |= {"sign": _word(sign), "encrypt": _word(encrypt)}
    found = {key: [value] for key, value in given.items() if value is not None}
    if attach:
        found["attachments"] = list(attach)
    return found | {"to": list(to), "cc": [], "bcc": []} if to else found


def _word(flag: bool | None) -> str | None:
    return None if flag is None else str(flag).lower()


def messages(
    settings: Settings,
    template: str,
    account: str | None,
    base: str | None,
    attach_root: str | None,
    reply: bool,
    limit: int | None = None,
    **given: Any,
) -> Transform:
    """What renders a record for each object; raises ConfigError or NoInputError for a bad template."""
    gc.disable()  # what is loaded now stays; looking through it for garbage takes a tenth of the time
    try:
        return _loaded(settings, template, account, base, attach_root, reply, limit, **given)
    finally:
        gc.freeze()
        gc.enable()


def _loaded(
    settings: Settings,
    template: str,
    account: str | None,
    base: str | None,
    attach_root: str | None,
    reply: bool,
    limit: int | None,
    **given: Any,
) -> Transform:
    from functools import partial

    from mailpipe.render import core, outside
    from mailpipe.render.files import load
    from mailpipe.render.template import Template

    filled = Template(load(template, base, attach_root), outside.secret(), overrides(**given))
    around = outside.outside()
    return partial(
        core.render,
        template=filled,
        sender=outside.sender(settings, account),
        outside=around,
        limit=limit,
        replies=reply,
        copier=outside.copier(settings, filled, around.unique),
        sealer=outside.sealer(settings, account, filled),
    )
