"""The options of send."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click

from mailpipe.config import Settings
from mailpipe.record import Record, Transform
from mailpipe.send.units import Duration, Rate
from mailpipe.stage import stage
from mailpipe.stdio import Input

EXAMPLES = """
# Fill the template with each vehicle, and send through the default account
mailpipe render check.md < data.jsonl | mailpipe send
# Into a local folder, without any server
mailpipe render check.md < data.jsonl | mailpipe send --via maildir:out
# One message as it is: who gets it is read from From, To, Cc and Bcc
mailpipe render check.md --limit 1 --eml < data.jsonl | mailpipe send --via maildir:out
# What would go where, without sending anything
mailpipe render check.md < data.jsonl | mailpipe send --dry-run | jq -c .dryRun
# On a staging host: all of it to me; or only what goes to our own domain
mailpipe render check.md < data.jsonl | mailpipe send --redirect me@example.com
mailpipe render check.md --limit 1 < data.jsonl | mailpipe send --allow-domain example.net
# Many messages: four connections, at most 600 in a minute, a bar on the terminal
mailpipe render check.md < data.jsonl | mailpipe send --connections 4 --rate 600/min > sent.jsonl
# What is put off or held, and another try of what is due
mailpipe send --status > held.jsonl
mailpipe send --retry > retried.jsonl
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
@click.option("--unordered", is_flag=True, help="Write each result when it is there, not in input order.")
@click.option("--rate", type=Rate(), metavar="N/min", help="At most so many messages; also N/s and N/h.")
@click.option(
    "--wait",
    type=Duration(),
    default="0s",
    show_default=True,
    metavar="TIME",
    help="How long this run may wait, in all, to try again what was put off.",
)
@click.option(
    "--max-age",
    type=Duration(),
    default="5d",
    show_default=True,
    metavar="TIME",
    help="How long after its first try a message that is put off again is given up.",
)
@click.option("--dry-run", is_flag=True, help="Do everything but send: nobody is connected to.")
@click.option("--redirect", metavar="ADDRESS", help="Send everything to me; header fields stay as they are.")
@click.option(
    "--allow-domain",
    multiple=True,
    metavar="DOMAIN",
    help="Send to addresses of this domain only, or below .DOMAIN; may be given more than once.",
)
@click.option("--status", is_flag=True, help="Read nothing; list what is put off or of unknown fate.")
@click.option(
    "--retry",
    is_flag=False,
    flag_value="due",
    type=click.Choice(["due", "all"]),
    metavar="[all]",
    help="Read nothing; try again what this server has put off and what is due by now, or all of it.",
)
@click.option("--tls-ca", metavar="FILE", help="PEM file of the only authorities to trust.")
@click.option("--tls-pin", metavar="SHA256", help="Fingerprint of the only certificate to accept.")
@seconds("--connect-timeout", 30.0, "How long the server may take to be there.")
@seconds("--command-timeout", 300.0, "How long the server may take for one answer.")
@seconds("--dot-timeout", 600.0, "How long it may take for the last one, when it has the message.")
def command(
    settings: Settings, via: str | None, account: str | None, status: bool, **given: Any
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
    run sends nothing again and tells what it knows, with replayed: true. The same key with other content
    is an error. Where the connection broke when the server had the whole message, nobody knows: such a
    message is held. What was sent or refused is forgotten after 90 days.

    What a server puts off (4xx, or it is not there) is kept in the state directory. With --wait it is
    tried again by this run, after ten seconds at first, later and later, until the time is over. Without,
    or after that, `mailpipe send --retry` tries it, best from cron. What is put off for longer than
    --max-age is given up. When the server cannot be reached, what is in hand is put off and the stage ends.
    """
    from mailpipe.send import run

    return run.status() if status else run.transform(settings, via, account, *run.asked(given))
