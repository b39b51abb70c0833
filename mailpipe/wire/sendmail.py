"""Hand messages to a program that speaks as sendmail does: arguments, a message on stdin, a status."""

import contextlib
import subprocess
from collections.abc import Sequence

from mailpipe.errors import UnavailableError
from mailpipe.mail.parcel import Events, Intent, Parcel, Receipt
from mailpipe.mail.reply import Fate, local_reply, refusal

SECONDS = 600.0  # as long as a server may take for its last answer
_SHOWN = 200  # characters of what the program said that a receipt repeats
_ARGUMENTS = 100_000  # octets of recipients in one call; ARG_MAX is 128 KiB at least

# sysexits(3), with which such programs end, as enhanced status codes (RFC 3463).
_STATUS = {
    64: "5.5.4",
    65: "5.6.0",
    67: "5.1.1",
    68: "5.1.2",
    69: "5.3.0",
    70: "5.3.0",
    71: "4.3.0",
    73: "5.2.0",
    74: "4.3.0",
    75: "4.3.0",
    76: "5.5.0",
    77: "5.7.1",
    78: "5.3.5",
}


class Sendmail:
    """A transport by a local program, which gets its recipients as arguments.

    Not ``sendmail -t``: that reads recipients out of the header, and only the envelope says who
    gets a message.  They come after ``--``, so that no address is an option (CVE-2016-10033), and
    lines end as local programs have them.  The end of its input is the act that cannot be taken
    back.  Raises UnavailableError when the program does not run.
    """

    def __init__(self, program: str, *, seconds: float = SECONDS) -> None:
        self._program = program
        self._seconds = seconds

    def __call__(self, parcels: Sequence[Parcel], /) -> Events:
        for parcel in parcels:
            yield from self._one(parcel)

    def close(self) -> None:
        """Nothing is kept open."""

    def _one(self, parcel: Parcel) -> Events:
        if sum(len(recipient) + 1 for recipient in parcel.recipients) > _ARGUMENTS:
            reply = local_reply(552, "5.5.3 too many recipients for one call of a program")
            yield Receipt(parcel, dict.fromkeys(parcel.recipients, refusal(reply)))
            return
        going = yield Intent([parcel])
        if parcel in (going or ()):
            fate = self._run(parcel)
            yield Receipt(parcel, dict.fromkeys(parcel.recipients, fate))

    def _run(self, parcel: Parcel) -> Fate:
        # -i: a line with a single dot does not end the message.
        command = [self._program, "-i", "-f", parcel.sender or "<>", "--", *parcel.recipients]
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
        except OSError as exc:
            raise UnavailableError(f"{self._program}: {exc.strerror}") from exc
        with process:
            try:
                said, _ = process.communicate(parcel.message.replace(b"\r\n", b"\n"), self._seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                with contextlib.suppress(OSError, ValueError):
                    process.communicate()
                return Fate(None, local_reply(451, f"4.4.7 {self._program} did not end in time"))
        return _fate(self._program, process.returncode, said)


def _fate(program: str, status: int, said: bytes) -> Fate:
    words = " ".join(said.decode("utf-8", "backslashreplace").split())[:_SHOWN]
    if status == 0:
        return Fate("relayed", local_reply(250, f"2.0.0 {words or f'taken by {program}'}"))
    if status < 0:
        return Fate(None, local_reply(451, f"4.3.0 {program} was ended by signal {-status}"))
    code = _STATUS.get(status, "5.0.0")
    text = f"{code} {program} ended with status {status}: {words or 'it said nothing'}"
    return refusal(local_reply(450 if code.startswith("4") else 550, text))
