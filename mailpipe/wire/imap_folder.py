"""Folders of an IMAP server: their real names, making them, entering one."""

from dataclasses import dataclass

from mailpipe.errors import CannotCreateError, NoInputError, NotPermittedError, ProtocolError, TemporaryError
from mailpipe.wire.imap import Refused, Session
from mailpipe.wire.imap_names import decode, mailbox
from mailpipe.wire.imap_syntax import Answer, pairs

INBOX = "INBOX"
_KNOWN_SENT = (
    "Sent",
    "Sent Items",
    "Sent Messages",
    "Sent Mail",
    "[Gmail]/Sent Mail",
    "[Google Mail]/Sent Mail",
)
_KNOWN_TRASH = ("[Gmail]/Trash", "[Gmail]/Bin", "[Google Mail]/Trash", "[Google Mail]/Bin", "Trash")


@dataclass(frozen=True, slots=True)
class Selected:
    """The folder that the session is in; ``uid_next`` is None where the server does not tell.

    ``keywords`` are those known there, in lower case; ``takes_keywords`` says that new ones can be set.
    """

    name: str
    uid_validity: int
    exists: int
    uid_next: int | None
    keywords: frozenset[str] = frozenset()
    takes_keywords: bool = False


@dataclass(frozen=True, slots=True)
class Folder:
    """One line of LIST; attributes are lower-case."""

    name: str
    attributes: frozenset[str]


def select(session: Session, name: str, *, read_only: bool) -> Selected:
    """Enter a folder by its exact name.

    Raises NoInputError when it does not exist, NotPermittedError when it cannot be changed but has to.
    """
    try:
        answers = session.command("EXAMINE" if read_only else "SELECT", mailbox(name))
    except Refused as exc:
        error = exc.as_error()
        if isinstance(error, ProtocolError | NotPermittedError | TemporaryError):
            raise error from exc
        raise NoInputError(f"{session.name} has no folder {name!r}: {exc.answer.text}") from exc
    codes = {answer.code: answer.arguments for answer in answers if answer.code}
    if "READ-ONLY" in codes and not read_only:
        raise NotPermittedError(f"{session.name}: the folder {name!r} can only be read")
    if not codes.get("UIDVALIDITY", "").isdigit():
        raise ProtocolError(f"{session.name} gives the folder {name!r} no UIDVALIDITY")
    uid_next = codes.get("UIDNEXT", "")
    flags = [answer.values[0] for answer in answers if answer.kind == "FLAGS" and answer.values]
    return Selected(
        name=name,
        uid_validity=int(codes["UIDVALIDITY"]),
        exists=session.exists,
        uid_next=int(uid_next) if uid_next.isdigit() else None,
        keywords=frozenset(str(flag).lower() for flag in (flags[-1] if flags else None) or ()),
        takes_keywords="\\*" in codes.get("PERMANENTFLAGS", ""),
    )


class Names:
    """The server's way to write folder names: its namespace prefix and delimiter (RFC 2342)."""

    def __init__(self, session: Session) -> None:
        self.prefix, self.delimiter = _personal(session)

    def real(self, name: str) -> str:
        """The server's name of a folder that a person wrote as ``processed`` or ``a/b``."""
        if name.upper() == INBOX:
            return INBOX
        if self.delimiter and self.delimiter not in name:
            name = name.replace("/", self.delimiter)
        return name if name.startswith(self.prefix) else self.prefix + name


def _personal(session: Session) -> tuple[str, str]:
    if session.offers("NAMESPACE"):
        for answer in session.command("NAMESPACE"):
            if answer.kind == "NAMESPACE" and answer.values and answer.values[0]:
                prefix, delimiter = answer.values[0][0][:2]
                return decode(_octets(prefix)), decode(_octets(delimiter))
    for answer in session.command("LIST", '""', '""'):
        if answer.kind == "LIST" and len(answer.values) >= 2:
            return "", decode(_octets(answer.values[1]))
    return "", "/"


def _octets(value: object) -> bytes:
    if value is None:
        return b""
    return value if isinstance(value, bytes) else str(value).encode()


def listed(session: Session) -> list[Folder]:
    """Every folder that can be entered, with its SPECIAL-USE attributes (RFC 6154) where offered."""
    special = session.offers("SPECIAL-USE") and session.offers("LIST-EXTENDED")
    answers = session.command("LIST", '""', '"*"', *(["RETURN (SPECIAL-USE)"] if special else []))
    found = [_folder(answer) for answer in answers if answer.kind == "LIST" and len(answer.values) >= 3]
    return [folder for folder in found if not folder.attributes & {"\\noselect", "\\nonexistent"}]


def _folder(answer: Answer) -> Folder:
    attributes = answer.values[0] if isinstance(answer.values[0], list) else []
    return Folder(decode(_octets(answer.values[2])), frozenset(str(one).lower() for one in attributes))


def make(session: Session, name: str) -> None:
    """Make a folder by its exact name unless it exists, and subscribe to it, so that people see it.

    Raises CannotCreateError.
    """
    try:
        # STATUS is no promise, but COPY into a folder that vanishes is refused with TRYCREATE anyway.
        session.command("STATUS", mailbox(name), "(UIDNEXT)")
        return
    except Refused:
        pass  # most likely it is missing; CREATE will tell
    try:
        session.command("CREATE", mailbox(name))
    except Refused as exc:
        if exc.code != "ALREADYEXISTS":
            raise CannotCreateError(
                f"{session.name} cannot make the folder {name!r}: {exc.answer.text}"
            ) from exc
    try:
        session.command("SUBSCRIBE", mailbox(name))
    except Refused:
        pass  # the folder works without


def status(session: Session, name: str) -> tuple[int | None, int | None]:
    """UIDNEXT and UIDVALIDITY of a folder, None where the server does not tell."""
    for answer in session.command("STATUS", mailbox(name), "(UIDNEXT UIDVALIDITY)"):
        if answer.kind == "STATUS" and len(answer.values) >= 2:
            items = pairs(answer.values[1])
            return _number(items.get("UIDNEXT")), _number(items.get("UIDVALIDITY"))
    return None, None


def _number(value: object) -> int | None:
    return int(value) if isinstance(value, str) and value.isdigit() else None


def sent(folders: list[Folder], names: Names) -> str | None:
    """The folder for sent copies: by its attribute, else by a name that providers give it."""
    for folder in folders:
        if "\\sent" in folder.attributes:
            return folder.name
    return next(iter(_known(_KNOWN_SENT, folders, names)), None)


def sent_like(folders: list[Folder], names: Names, named: str | None) -> list[str]:
    """Every folder in which copies of sent mail may lie: marked as such, named, or with a usual name."""
    marked = [folder.name for folder in folders if "\\sent" in folder.attributes]
    present = {folder.name for folder in folders}
    wanted = [names.real(named)] if named is not None and names.real(named) in present else []
    return list(dict.fromkeys([*marked, *wanted, *_known(_KNOWN_SENT, folders, names)]))


def trash(folders: list[Folder], names: Names) -> str | None:
    """The folder of what was deleted: by its attribute, else by a name that providers give it."""
    marked = [folder.name for folder in folders if "\\trash" in folder.attributes]
    return next(iter([*marked, *_known(_KNOWN_TRASH, folders, names)]), None)


def _known(wanted: tuple[str, ...], folders: list[Folder], names: Names) -> list[str]:
    """Those folders that have one of these names, in the order of the names; capitals do not matter."""
    present = {folder.name.lower(): folder.name for folder in folders}
    real = [names.real(name).lower() for name in wanted]
    return [present[name] for name in real if name in present]
