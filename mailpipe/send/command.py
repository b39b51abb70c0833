"""The options of send."""

from collections.abc import Iterator

import click

from mailpipe.config import Settings
from mailpipe.record import Record, Transform
from mailpipe.stage import stage
from mailpipe.stdio import Input


def read(stream: Input, name: str) -> Iterator[Record]:
    """Records or one raw message."""
    from mailpipe.send import reader

    return reader.read(stream, name)


@stage("send", examples="", read=read, acts=True)
@click.option("--via", metavar="URL", help="Where to: smtp://, smtps://, lmtp://, sendmail: or maildir:DIR.")
@click.option("--account", metavar="NAME", help="An account of the configuration instead of --via.")
@click.option("--keep-raw", is_flag=True, help="Keep the member raw, for `mailpipe sent`.")
def command(settings: Settings, via: str | None, account: str | None, keep_raw: bool) -> Transform:
    """Hand messages to a mail server, each at most once."""
    import time
    import uuid
    from datetime import UTC, datetime
    from functools import partial
    from pathlib import Path

    from mailpipe import config
    from mailpipe.mail.compose import date
    from mailpipe.send import core
    from mailpipe.send.parcels import Packing
    from mailpipe.wire.ledger import Ledger
    from mailpipe.wire.maildir import Maildir

    path = Path((via or "").removeprefix("maildir:")).expanduser().absolute()
    return partial(
        core.send,
        deliver=Maildir(path),
        ledger=Ledger(config.state_dir(), scope=f"maildir:{path}", clock=time.time),
        pack=Packing(
            new_id=lambda sender: f"{uuid.uuid4()}@{sender.rpartition('@')[2] or 'localhost'}",
            date=lambda: date(datetime.now(UTC)),
        ).pack,
        options=core.Options(keep_raw=keep_raw, resolves=True),
    )
