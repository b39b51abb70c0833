"""One JSON text to a value and back, exactly; imports nothing of ours.

Numbers are exact: integers of any size, decimals as :class:`decimal.Decimal` (``1.10`` stays
``1.10``).  NaN and Infinity are refused when read and never written.
"""

import json
from decimal import Decimal
from typing import Any

import msgspec

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


class NotJSON(ValueError):
    """Raised when a text is not one JSON value; ``cut`` says that it only lacks its end."""

    def __init__(self, detail: str, *, cut: bool = False) -> None:
        super().__init__(detail)
        self.cut = cut


def loads(text: bytes) -> Any:
    """The value of one JSON text; raises :class:`NotJSON`.

    A lone surrogate escape (``"\\ud83d"``), which msgspec refuses, becomes U+FFFD.
    """
    try:
        return _decoder.decode(text)
    except msgspec.ValidationError as exc:
        raise NotJSON(str(exc)) from exc
    except RecursionError as exc:
        raise NotJSON("nested too deeply") from exc
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        if b"\\u" in text:
            return _loads_surrogates(text, exc)
        raise NotJSON(str(exc), cut="truncated" in str(exc)) from exc


def _loads_surrogates(text: bytes, first: Exception) -> Any:
    try:
        return replaced(json.loads(text, parse_float=Decimal, parse_constant=refuse_constant))
    except (ValueError, RecursionError) as exc:
        raise NotJSON(str(first), cut="truncated" in str(first)) from exc


def refuse_constant(name: str) -> Any:
    """What json calls for NaN and Infinity: they are not JSON (RFC 8259 section 6)."""
    raise ValueError(f"{name} is not JSON")


def dumps(value: Any) -> bytes:
    """One JSON text without a line end; lone surrogates are replaced, NaN and Infinity become null."""
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        return _encoder.encode(replaced(value))


def replaced(value: Any) -> Any:
    """The same value with every lone surrogate replaced by U+FFFD."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {replaced(key): replaced(item) for key, item in value.items()}
    if isinstance(value, list):
        return [replaced(item) for item in value]
    return value
