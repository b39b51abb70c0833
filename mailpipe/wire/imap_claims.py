"""Claim messages on the server itself, so that several hosts never hand out the same one (RFC 7162).

A claim is a keyword.  It is set on condition that the message has not changed since we looked, so of
two hosts that try, the server lets one.  A claim that has not changed for a whole lease is dead.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mailpipe.errors import TemporaryError, UnavailableError, WorldError
from mailpipe.wire.imap import Refused, Session
from mailpipe.wire.imap_folder import Selected
from mailpipe.wire.imap_link import Link
from mailpipe.wire.imap_message import number
from mailpipe.wire.imap_names import mailbox, uid_list, uid_sets
from mailpipe.wire.imap_syntax import Answer, pairs
from mailpipe.wire.leases import Leases, Refusal
from mailpipe.wire.sightings import Sightings

KEYWORD = "$MailpipeClaimed"
_ALONE = "let one host alone read this mailbox, without --claim"
_PREPARING = b"Subject: mailpipe makes its keyword known\r\n\r\nThis message can be deleted.\r\n"


class ImapClaims:
    """Leases of this host, and claims among hosts, of one store's folders.

    Has the methods of Leases that fetch needs.  ``link`` is a session of its own, beside the one
    that reads messages.  Every method may raise WorldError.
    """

    def __init__(
        self, leases: Leases, link: Link, sightings: Sightings, *, clock: Callable[[], float]
    ) -> None:
        self._leases = leases
        self._link = link
        self._sightings = sightings
        self._clock = clock
        self._modseqs: dict[tuple[str, str], int] = {}  # of our own claims

    def take(
        self, box: str, keys: Sequence[str], seconds: float, *, over: bool = False
    ) -> tuple[dict[str, int], Refusal]:
        """As Leases.take, of what no other host has."""
        attempts, refusal = self._leases.take(box, keys, seconds, over=over)
        try:
            ours = self._claimed(box, [int(key) for key in attempts], seconds, over=over)
        except Refused as exc:
            self._leases.give_back(box, list(attempts))
            raise exc.as_error() from exc
        except BaseException:
            self._leases.give_back(box, list(attempts))
            raise
        lost = [key for key in attempts if int(key) not in ours]
        if lost:
            self._leases.give_back(box, lost)
            refusal = refusal.plus(Refusal(len(lost), self._clock() + seconds))
        self._modseqs |= {(box, str(uid)): modseq for uid, modseq in ours.items()}
        return {key: count for key, count in attempts.items() if int(key) in ours}, refusal

    def renew(self, box: str, key: str, seconds: float) -> bool:
        """As Leases.renew; the claim is set anew, so that other hosts see that it lives."""
        if not self._leases.renew(box, key, seconds):
            return False
        self._enter(box)
        try:
            ours = self._again({int(key): self._modseqs.get((box, key), 0)})
        except Refused as exc:
            raise exc.as_error() from exc
        self._modseqs |= {(box, str(uid)): modseq for uid, modseq in ours.items()}
        return bool(ours)

    def give_back(self, box: str, keys: Sequence[str]) -> None:
        """As Leases.give_back, and for every host; what cannot be told to the server runs out there."""
        self._leases.give_back(box, keys)
        try:
            self._enter(box)
            unclaim(self._link.session(), [int(key) for key in keys])
        except (Refused, WorldError):
            self._link.close()

    def settled(self, box: str, keys: Sequence[str]) -> set[str]:
        """As Leases.settled."""
        return self._leases.settled(box, keys)

    def close(self) -> None:
        """Log out."""
        self._link.close()
        self._leases.close()

    def _enter(self, box: str) -> Selected:
        """Be in the folder that ``box`` names, with the keyword known there."""
        name, _, validity = box.removeprefix(f"{self._link.location.url}/").rpartition(";UIDVALIDITY=")
        folder = self._link.enter(name, read_only=False)
        if str(folder.uid_validity) != validity:
            raise TemporaryError(f"{self._link.location.url}: the folder {name!r} was replaced meanwhile")
        if KEYWORD.lower() not in folder.keywords:
            prepare(self._link.session(), folder)
            self._link.leave()
            folder = self._link.enter(name, read_only=False)
        if KEYWORD.lower() not in folder.keywords:
            raise UnavailableError(f"{self._link.location.url} does not keep {KEYWORD}", hint=_ALONE)
        return folder

    def _claimed(self, box: str, uids: list[int], seconds: float, *, over: bool) -> dict[int, int]:
        """Those that are ours now, each with its new state."""
        if not uids:
            return {}
        folder = self._enter(box)
        session = self._link.session()
        session.command("NOOP")  # so that messages which have just arrived are known
        before = _highest(session, folder.name)
        free, others = states(session, uids)
        # What has changed since ``before`` is set alone, on condition of the very state that we saw.
        together = [uid for uid, modseq in free.items() if modseq <= before]
        ours = store(session, together, before, "+FLAGS.SILENT")
        for uid, modseq in free.items():
            if modseq > before:
                ours |= store(session, [uid], modseq, "+FLAGS.SILENT")
        ages = self._sightings.since(box, others) if others else {}
        dead = {uid: others[uid] for uid, age in ages.items() if over or age >= seconds}
        ours |= self._again(dead)
        self._sightings.forget(box, list(ours))
        return ours

    def _again(self, modseqs: Mapping[int, int]) -> dict[int, int]:
        """Set claims anew: whoever comes in between makes the second condition fail."""
        session = self._link.session()
        ours: dict[int, int] = {}
        for uid, modseq in modseqs.items():
            for cleared, state in store(session, [uid], modseq, "-FLAGS.SILENT").items():
                ours |= store(session, [cleared], state, "+FLAGS.SILENT")
        return ours


def prepare(session: Session, folder: Selected) -> None:
    """Make the keyword known in a folder: its first use must not be the one that hosts compete for.

    It is given to a message of our own, which counts as deleted from the beginning.  Raises
    UnavailableError where a claim would not hold; may raise Refused.
    """
    if not session.offers("CONDSTORE") or not session.offers("UIDPLUS"):
        raise UnavailableError(
            f"{session.name} lacks CONDSTORE (RFC 7162) or UIDPLUS: hosts cannot exclude each other",
            hint=_ALONE,
        )
    if not folder.takes_keywords:
        raise UnavailableError(
            f"{session.name} stores no keywords in {folder.name!r}: hosts cannot exclude each other",
            hint=_ALONE,
        )
    done = session.command("APPEND", mailbox(folder.name), f"({KEYWORD} \\Deleted \\Seen)", _PREPARING)[-1]
    validity, _, uid = done.arguments.partition(" ")
    if done.code == "APPENDUID" and validity == str(folder.uid_validity) and uid.isdigit():
        session.command("NOOP")
        session.command("UID EXPUNGE", uid)


def states(session: Session, uids: Sequence[int]) -> tuple[dict[int, int], dict[int, int]]:
    """The states of messages by UID: of those that nobody has claimed, and of the others."""
    free: dict[int, int] = {}
    others: dict[int, int] = {}
    for part in uid_sets(uids):
        for answer in session.command("UID FETCH", part, "(UID FLAGS MODSEQ)"):
            items = _items(answer)
            uid, modseq = number(items.get("UID")), _modseq(items)
            if uid and modseq and isinstance(items.get("FLAGS"), list):
                flags = {str(flag).lower() for flag in items["FLAGS"]}
                (others if KEYWORD.lower() in flags else free)[uid] = modseq
    return free, others


def store(session: Session, uids: Sequence[int], unchanged: int, how: str) -> dict[int, int]:
    """Set or take away the keyword where nothing has changed; the new states of those that it was done to."""
    changed: dict[int, int] = {}
    for part in uid_sets(uids):
        answers = session.command("UID STORE", part, f"(UNCHANGEDSINCE {unchanged})", how, f"({KEYWORD})")
        refused = set(uid_list(answers[-1].arguments)) if answers[-1].code == "MODIFIED" else set()
        for answer in answers:
            items = _items(answer)
            uid, modseq = number(items.get("UID")), _modseq(items)
            if uid in uids and uid not in refused and modseq > unchanged:
                changed[uid] = modseq
    return changed


def unclaim(session: Session, uids: Sequence[int]) -> None:
    """Take the keyword away, whoever set it.  May raise Refused."""
    for part in uid_sets(uids):
        session.command("UID STORE", part, "-FLAGS.SILENT", f"({KEYWORD})")


def _highest(session: Session, name: str) -> int:
    for answer in session.command("STATUS", mailbox(name), "(HIGHESTMODSEQ)"):
        if answer.kind == "STATUS" and len(answer.values) >= 2:
            return number(pairs(answer.values[1]).get("HIGHESTMODSEQ"))
    return 0


def _items(answer: Answer) -> dict[str, Any]:
    return pairs(answer.values[0]) if answer.kind == "FETCH" and answer.values else {}


def _modseq(items: Mapping[str, Any]) -> int:
    found = items.get("MODSEQ")
    return number(found[0]) if isinstance(found, list) and found else 0
