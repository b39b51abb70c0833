"""Looks at the store that an account reads from: login, abilities, folders, a message in and out."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from mailpipe.check import clock, network
from mailpipe.check.core import Finding, Probe, fail, ok, warn
from mailpipe.config import Account
from mailpipe.errors import Exit
from mailpipe.wire import imap_claims, imap_folder
from mailpipe.wire.imap import Refused, Session
from mailpipe.wire.imap_folder import Names, Selected
from mailpipe.wire.imap_link import Link
from mailpipe.wire.imap_names import mailbox
from mailpipe.wire.location import Location, address, of_account

# What each extension is good for, and what is so without it.
_WANTED = {
    "UIDPLUS": "without it settle can only copy and flag messages: they stay in the mailbox as deleted",
    "CONDSTORE": "without it several hosts cannot share the mailbox: fetch --claim will not work",
    "IDLE": "without it new mail is noticed by asking again and again",
    "LITERAL+": "",
    "MOVE": "",
    "SPECIAL-USE": "",
    "SASL-IR": "",
}


def probes(account: Account, *, prepare: bool) -> list[Probe]:
    """What to look at; raises UsageError or ConfigError if there is no usable store."""
    location = of_account(account)
    if location.protocol != "imap" or location.server is None:
        return [Probe(location.protocol, lambda: _files(location))]
    server = location.server
    host = address(server.url).host
    return [
        Probe("imap: name", lambda: network.dns("imap: name", host, server.proxy)),
        Probe("imap", lambda: _imap(location, prepare=prepare)),
    ]


def _files(location: Location) -> Iterator[Finding]:
    path, topic = location.path, location.protocol
    there = path.is_dir() if topic == "maildir" else path.is_file()
    if not there:
        yield fail(topic, f"{path} is not there", "does anything deliver there?", Exit.NO_INPUT)
    elif topic == "maildir" and not all((path / part).is_dir() for part in ("cur", "new", "tmp")):
        yield fail(topic, f"{path} has no cur, new and tmp", f"mkdir -p {path}/cur {path}/new {path}/tmp")
    else:
        yield ok(topic, f"{path} is there")


def _imap(location: Location, *, prepare: bool) -> Iterator[Finding]:
    link = Link(location, time.monotonic)
    try:
        session = link.session()
        yield ok("imap: login", f"{location.url}: logged in")
        yield from network.tls("imap: tls", session.channel.link, datetime.now(UTC))
        yield from _abilities(session)
        yield from _folders(link, location, prepare=prepare)
    except Refused as exc:
        raise exc.as_error() from exc
    finally:
        link.close()


def _abilities(session: Session) -> Iterator[Finding]:
    there = [name for name in _WANTED if session.offers(name)]
    yield ok("imap: extensions", ", ".join(there) or "none")
    for name, why in _WANTED.items():
        if why and name not in there:
            yield warn("imap: extensions", f"the server has no {name}", why)


def _folders(link: Link, location: Location, *, prepare: bool) -> Iterator[Finding]:
    session, names, folders = link.session(), link.names(), location.folders
    there = {folder.name for folder in imap_folder.listed(session)}
    yield from _inbox(link, names.real(folders.inbox), prepare=prepare)
    for name in (folders.processed, folders.failed):
        real = names.real(name)
        if real in there:
            yield ok("imap: folders", f"{real} is there")
        elif prepare:
            imap_folder.make(session, real)
            yield ok("imap: folders", f"{real} is made")
        else:
            todo = "settle makes it; or check --prepare does now"
            yield Finding("imap: folders", "note", f"{real} is not there yet", todo)
    yield from _sent(session, names, folders.sent)
    if prepare:
        yield from _tried(link, names.real(folders.processed))
    else:
        yield from clock.by_newest(link, names.real(folders.inbox), datetime.now(UTC))


def _inbox(link: Link, inbox: str, *, prepare: bool) -> Iterator[Finding]:
    folder = link.enter(inbox, read_only=not prepare)
    yield ok("imap: folders", f"{inbox} has {folder.exists} messages")
    known = imap_claims.KEYWORD.lower() in folder.keywords
    if not known and prepare and link.session().offers("CONDSTORE") and link.session().offers("UIDPLUS"):
        imap_claims.prepare(link.session(), folder)
        yield ok("imap: claims", f"{inbox} is prepared for several hosts (fetch --claim)")
    elif known:
        yield ok("imap: claims", f"{inbox} is prepared for several hosts (fetch --claim)")
    else:
        todo = "only if several hosts share the mailbox: check --prepare"
        yield Finding("imap: claims", "note", f"{inbox} is not prepared for several hosts", todo)


def _sent(session: Session, names: Names, said: str) -> Iterator[Finding]:
    listed = imap_folder.listed(session)
    found = imap_folder.sent(listed, names) if said == "auto" else names.real(said)
    if found is None or found not in {folder.name for folder in listed}:
        todo = "sent makes it; or name another: folders: {sent: NAME}"
        yield Finding("imap: folders", "note", "there is no folder for sent mail yet", todo)
    else:
        yield ok("imap: folders", f"sent copies go to {found}")


_MAIL = b"Subject: mailpipe looks whether it can write here\r\n\r\nThis message can be deleted.\r\n"


def _tried(link: Link, name: str) -> Iterator[Finding]:
    """Put a message of our own into a folder, and take exactly it out again."""
    session = link.session()
    folder: Selected = link.enter(name, read_only=False)
    before = datetime.now(UTC)
    done = session.command("APPEND", mailbox(name), "(\\Deleted \\Seen)", _MAIL)[-1]
    validity, _, uid = done.arguments.partition(" ")
    if done.code != "APPENDUID" or not uid.isdigit() or validity != str(folder.uid_validity):
        todo = "look into the folder, and delete it there"
        yield warn("imap: write", f"a message could be put into {name}, but not be found again", todo)
        return
    try:
        yield from clock.by_own(session, int(uid), before)
    finally:
        session.command("UID EXPUNGE", str(int(uid)))
    yield ok("imap: write", f"a message could be put into {name} and taken out again")
