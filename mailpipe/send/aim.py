"""Aim messages elsewhere than their envelopes say: all to one address, or only to some domains."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mailpipe.errors import UsageError
from mailpipe.mail.reply import local_reply, refusal
from mailpipe.send.envelope import Envelope, checked


@dataclass(frozen=True, slots=True)
class Aim:
    """Where messages may go; header fields are never touched.

    ``redirect`` gets every message instead of its recipients.  Without it, only recipients in
    ``domains`` get theirs, if there are any; a domain with a leading dot stands for all below it.
    """

    redirect: str | None = None
    domains: Collection[str] = ()

    @property
    def scope(self) -> str:
        """What keeps redirected messages apart in the ledger: nobody else has got them."""
        return f" redirected to {self.redirect}" if self.redirect else ""

    def aimed(self, envelope: Envelope) -> tuple[Envelope, Mapping[str, Mapping[str, Any]]]:
        """The envelope of those who may get the message, and the deliveryStatus of the others."""
        if self.redirect is not None:
            here = {checked(self.redirect): self.redirect}
            own = {"": envelope.parameters[""]} if "" in envelope.parameters else {}
            return replace(envelope, recipients=tuple(here), given=here, parameters=own), {}
        if not self.domains:
            return envelope, {}
        kept = tuple(recipient for recipient in envelope.recipients if self._allowed(recipient))
        barred = {r: _barred(r) for r in envelope.recipients if r not in kept}
        return replace(envelope, recipients=kept), barred

    def _allowed(self, recipient: str) -> bool:
        domain = recipient.rpartition("@")[2].lower()
        return any(
            domain.endswith(allowed) if allowed.startswith(".") else domain == allowed
            for allowed in self.domains
        )


def aim(redirect: str | None, domains: Collection[str]) -> Aim:
    """The aim that options ask for; raises UsageError, and RecordError for an address that is none."""
    if redirect is not None and domains:
        raise UsageError("--redirect sends everything to one address; --allow-domain has no meaning with it")
    return Aim(checked(redirect) if redirect else None, tuple(domain.lower() for domain in domains))


def _barred(recipient: str) -> Mapping[str, Any]:
    domain = recipient.rpartition("@")[2]
    reply = local_reply(550, f"5.7.1 not sent: {domain} is not among the domains of --allow-domain")
    return refusal(reply).delivery_status()
