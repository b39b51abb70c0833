"""Turn what became of each recipient into deliveryStatus, and into the error that a refusal is."""

from collections.abc import Mapping, Sequence
from typing import Any

from mailpipe.errors import RecordError, RetryableRecordError
from mailpipe.mail.reply import Fate, local_reply
from mailpipe.record import Record

STAGE = "send"
HOW_TO_RESOLVE = "it is held; see whether it arrived, and if not run again with --on-unknown resend"
HOW_TO_REPEAT = "run again with --on-refused resend once the cause is gone"

_WELL = ("relayed", "delivered")

Statuses = Mapping[str, Mapping[str, Any]]


def unknown() -> dict[str, Any]:
    """The deliveryStatus of a recipient for whom an earlier run left only its intent."""
    return Fate(
        None, local_reply(451, "4.4.2 the run that sent it ended before the answer")
    ).delivery_status()


def finished(record: Record, statuses: Statuses, *, replayed: bool, keep_raw: bool) -> Record:
    """The record with ``deliveryStatus``, and with ``error`` unless every recipient was accepted."""
    result: Record = {**record, "deliveryStatus": statuses}
    if not keep_raw:
        result.pop("raw", None)
    if replayed:
        result["replayed"] = True
    problem = error(statuses, replayed=replayed)
    if problem is not None:
        result["error"] = problem.as_record(STAGE)
    return result


def rehearsed(record: Record, told: Mapping[str, Any], barred: Statuses, *, keep_raw: bool) -> Record:
    """The record with what would be done in ``dryRun``, and who would be left out."""
    result: Record = {**record, "dryRun": dict(told)}
    if not keep_raw:
        result.pop("raw", None)
    if barred:
        result["deliveryStatus"] = barred
        refused = RecordError(_told(barred, list(barred)), slug="partly-refused")
        result["error"] = refused.as_record(STAGE)
    return result


def error(statuses: Statuses, *, replayed: bool) -> RecordError | None:
    """What a record's ``error`` says of its recipients; None when all were accepted."""
    if all(status["action"] in _WELL for status in statuses.values()):
        return None
    lost = _those(statuses, lambda status: status["delivered"] == "unknown")
    hard = _those(statuses, lambda status: status["action"] == "failed")
    soft = _those(statuses, lambda status: status["action"] == "delayed")
    if lost:
        return RecordError(f"nobody knows whether {_names(lost)} got it", slug="unknown", hint=HOW_TO_RESOLVE)
    kind = RetryableRecordError if soft else RecordError
    slug = "partly-refused" if len(hard) + len(soft) < len(statuses) else "refused" if hard else "deferred"
    hint = HOW_TO_REPEAT if replayed and hard else "run again later for those put off" if soft else ""
    return kind(_told(statuses, [*hard, *soft]), slug=slug, hint=hint)


def _those(statuses: Statuses, wanted: Any) -> list[str]:
    return [address for address, status in statuses.items() if wanted(status)]


def _told(statuses: Statuses, refused: Sequence[str]) -> str:
    first = refused[0]
    told = f"{first}: {statuses[first]['smtpReply']}"
    return told if len(refused) == 1 else f"{told} (and {len(refused) - 1} more refused)"


def _names(addresses: Sequence[str]) -> str:
    more = f" and {len(addresses) - 1} more" if len(addresses) > 1 else ""
    return f"{addresses[0]}{more}"
