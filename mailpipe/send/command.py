"""The options of send."""

from collections.abc import Iterator

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

LEAVE = ["hold", "resend"]


def read(stream: Input, name: str) -> Iterator[Record]:
    """Records, or one raw message."""
    from mailpipe.send import reader

    return reader.read(stream, name)


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
@click.option("--tls-ca", type=click.Path(dir_okay=False), help="PEM file of the authorities to trust.")
@click.option("--tls-pin", metavar="SHA256", help="Fingerprint of the only certificate to accept.")
@click.option(
    "--connect-timeout",
    type=click.FloatRange(0.1),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a connection may take to be made.",
)
@click.option(
    "--command-timeout",
    type=click.FloatRange(0.1),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a server may take to answer a command.",
)
@click.option(
    "--dot-timeout",
    type=click.FloatRange(0.1),
    default=600.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a server may take to answer the final dot; RFC 5321 says ten minutes.",
)
def command(
    settings: Settings,
    via: str | None,
    account: str | None,
    keep_raw: bool,
    on_unknown: str,
    on_refused: str,
    connections: int,
    tls_ca: str | None,
    tls_pin: str | None,
    connect_timeout: float,
    command_timeout: float,
    dot_timeout: float,
) -> Transform:
    """Hand messages to a mail server, each at most once.

    Reads records with raw and envelope, as `mailpipe render` writes them, or one raw message.
    """
    from mailpipe.send import run
    from mailpipe.send.transports import Wishes

    wishes = Wishes(
        connections=connections,
        ca=tls_ca,
        pin=tls_pin,
        connect_timeout=connect_timeout,
        command_timeout=command_timeout,
        dot_timeout=dot_timeout,
    )
    return run.transform(
        settings,
        via,
        account,
        wishes,
        keep_raw=keep_raw,
        resend_unknown=on_unknown == "resend",
        resend_refused=on_refused == "resend",
    )
