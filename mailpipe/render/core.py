"""render: each data object becomes a message, as a record with its octets and its envelope."""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice

from mailpipe.mail.smime import Sealer
from mailpipe.record import Record, each
from mailpipe.render.message import Outside, Sender, Writer
from mailpipe.render.template import Template
from mailpipe.render.tracking import Copier


def render(
    records: Iterable[Record],
    template: Template,
    sender: Sender,
    outside: Outside,
    limit: int | None = None,
    replies: bool = False,
    copier: Copier | None = None,
    sealer: Sealer | None = None,
) -> Iterator[Record]:
    """Yield one message for each data object, in order; at most ``limit``.

    With ``replies`` the records are parsed messages, and each is answered.  The object, or what was
    found in the message, is the record's ``data``; see mailpipe-record(5) for the other members.
    With ``copier`` each recipient of a tracked message gets a record; ``sealer`` signs and encrypts.
    """
    writer = Writer(sender, outside, replies=replies, sealer=sealer)
    step = partial(writer.record, template)
    wanted = records if limit is None else islice(records, limit)
    return copier.copies(wanted, step, writer.again) if copier else each("render", step)(wanted)
