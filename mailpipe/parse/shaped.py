"""Holds data against a schema: what people typed is coerced, what machines wrote is only checked."""

from typing import Any

from mailpipe.mail.schema import Schema
from mailpipe.mail.vocabulary import Vocabulary
from mailpipe.parse import coerce
from mailpipe.parse.found import Found


def shape(found: Found, schema: Schema, vocabulary: Vocabulary | None) -> tuple[Found, dict[str, Any]]:
    """The data in the shape of the schema, and the member ``dataErrors``: a list, empty if all is well.

    A message without data has no such member: it says nothing wrong.
    """
    if found.data is None:
        return found, {}
    if found.source != "json":
        fitted = coerce.fit(found.data, schema, vocabulary)
        found = found._replace(data=fitted.data, evidence=_renamed(found.evidence, fitted.renamed))
    return found, {"dataErrors": [each.as_record() for each in schema.violations(found.data)]}


def _renamed(evidence: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    if not names:
        return evidence
    renamed = dict(evidence)
    if "fields" in evidence:
        renamed["fields"] = {
            names.get(field, field): {"key": field, **place} if field in names else place
            for field, place in evidence["fields"].items()
        }
    if "conflicts" in evidence:
        renamed["conflicts"] = [
            {**conflict, "field": names.get(conflict["field"], conflict["field"])}
            for conflict in evidence["conflicts"]
        ]
    return renamed
