"""Say what a transport is handed and what it answers: parcels, intents, receipts."""

from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from mailpipe.mail.reply import Fate

State = Literal["unknown", "sent", "deferred", "refused"]


@dataclass(slots=True, kw_only=True, eq=False)  # not frozen: that triples the time to make one
class Parcel:
    """One message on its way to some recipients; compared by identity.

    ``message`` has CRLF line ends throughout, no line over 998 octets and no Bcc.  ``key`` is the
    same whenever the same message is sent again.  ``sender`` is empty for the null sender.
    """

    key: str
    content: str  # a digest: the same key with other content is a mistake
    sender: str
    recipients: tuple[str, ...]
    message: bytes = field(repr=False)
    parameters: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    """ESMTP parameters by recipient, those of MAIL under the empty string."""
    eight_bit: bool = False
    utf8: bool = False  # SMTPUTF8 (RFC 6531): an address or a header field is not ASCII
    doubtful: bool = False  # an earlier run may have delivered it
    attempts: int = 0  # how often it was tried before
    first: float = 0.0  # when first, in seconds since the epoch


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger holds about one key and recipient.

    ``unknown`` means that the last thing known is the intent; ``busy`` that the run which had it
    is still there.  ``status`` is the deliveryStatus once it is known.
    """

    state: State
    content: str
    status: Mapping[str, Any] = field(default_factory=dict)
    busy: bool = False
    attempts: int = 1
    first: float = 0.0  # when it was first tried, in seconds since the epoch


class Intent(NamedTuple):
    """What a transport is about to do and cannot take back.

    ``ahead``: it will do so one after the other, and announce each by an :class:`Act`.
    """

    parcels: Sequence[Parcel]
    ahead: bool = False


class Act(NamedTuple):
    """Parcels, intended ahead and now done: what comes next cannot be taken back."""

    parcels: Sequence[Parcel]


class Receipt(NamedTuple):
    """What became of each recipient of one parcel."""

    parcel: Parcel
    fates: Mapping[str, Fate]


class Stop(Exception):
    """Thrown into a transport: give up what was only intended, finish what cannot be taken back."""


Event = Intent | Act | Receipt
Events = Generator[Event, Collection[Parcel] | None, None]


class Deliver(Protocol):
    """A transport: SMTP, LMTP, a sendmail program, a Maildir.

    It yields one receipt for each parcel as soon as it is known, in any order.  Before any act that
    cannot be undone it yields an :class:`Intent`; the caller makes it durable and sends back those
    parcels that may go, and the transport forgets the others.  An Intent without parcels says that
    there is time now to write receipts.  :class:`Stop` may be thrown in instead.  It raises
    WorldError when it cannot go on; receipts yielded before stay true.
    """

    def __call__(self, parcels: Sequence[Parcel], /) -> Events: ...
