"""The options of send."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click

from mailpipe.config import Settings
from mailpipe.record import Record, Transform
from mailpipe.stage import stage
from mailpipe.stdio import Input

EXAMPLES = """
# Fill the template with each vehicle, and send through the default account
mailpipe render check.md < data.jsonl | mailpipe send
# Into a local folder, without any server
mailpipe render check.md < data.jsonl | mailpipe send --via maildir:out
# One message as it is: who gets it is read from From, To, Cc and Bcc
mailpipe render check.md --limit 1 --eml < data.jsonl | mailpipe send --via maildir:out
# Who was not accepted, and why
mailpipe render check.md < data.jsonl | mailpipe send | jq -c 'select(.error) | .deliveryStatus'
"""

F = TypeVar("F", bound=Callable[..., Any])
LEAVE = ["hold", "resend"]


def read(stream: Input, name: str) -> Iterator[Record]:
    """Records, or one raw message."""
    from mailpipe.send import reader

    return reader.read(stream, name)


def seconds(name: str, default: float, text: str) -> Callable[[F], F]:
    """An option that takes a time in seconds."""
    kind = click.FloatRange(min=0.1)
    return click.option(name, type=kind, default=default, show_default=True, metavar="SECONDS", help=text)


@stage("send", examples=EXAMPLES, read=read, acts=True)
@click.option("--via", metavar="URL", help="Where to; without it, the smtp server of the account.")
@click.option("--account", metavar="NAME", help="An account of the configuration.  [the default one]")
@click.option("--keep-raw", is_flag=True, help="Keep the member raw, which `mailpipe sent` needs.")
@click.option(
    "--on-unknown",
    type=click.Choice(LEAVE),
    default="hold",
    show_default=True,
    help="What to do with a message of which an earlier run does not know whether it arrived.",
)
@click.option(
    "--on-refused",
    type=click.Choice(LEAVE),
    default="hold",
    show_default=True,
    help="What to do with a message that was refused for good by an earlier run.",
)
@click.option(
    "--connections",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    metavar="N",
    help="How many connections to the server are used at once.",
)
@click.option("--tls-ca", metavar="FILE", help="PEM file of the only authorities to trust.")
@click.option("--tls-pin", metavar="SHA256", help="Fingerprint of the only certificate to accept.")
@seconds("--connect-timeout", 30.0, "How long the server may take to be there.")
@seconds("--command-timeout", 300.0, "How long the server may take for one answer.")
@seconds("--dot-timeout", 600.0, "How long it may take for the last one, when it has the message.")
def command(
    settings: Settings,
    via: str | None,
    account: str | None,
    keep_raw: bool,
    on_unknown: str,
    on_refused: str,
    **network: Any,
) -> Transform:
    """Hand messages to a mail server, each at most once.

    Reads records with raw and envelope, as `mailpipe render` writes them, or one raw message, whose
    envelope is then read from From, To, Cc and Bcc. Who gets a message is what the envelope says, and
    nothing else; Bcc is never on the wire. A record gets deliveryStatus, with the verdict on each
    recipient, and an error if anybody was refused.

    Where to: smtp://USER@HOST:PORT, smtps://USER@HOST:PORT, lmtp://HOST:PORT, lmtp:///SOCKET, sendmail: or
    sendmail:/PROGRAM, maildir:DIR. TLS is verified, and required unless the server is this very host. The
    password is that of the account with this server, or the environment variable MAILPIPE_SMTP_PASSWORD.

    What was sent is kept on disk by Message-ID (or the member idempotencyKey) and recipient: a second
    run sends nothing again and tells what it knows, with replayed: true. Where the connection broke
    when the server had the whole message, nobody knows: such a message is held.
    """
    from mailpipe.send import run
    from mailpipe.send.transports import Wishes

    return run.transform(
        settings,
        via,
        account,
        Wishes(**network),
        keep_raw=keep_raw,
        resend_unknown=on_unknown == "resend",
        resend_refused=on_refused == "resend",
    )
