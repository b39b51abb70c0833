"""Gives templates dates, numbers and plurals as people of the record's language write them."""

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import lru_cache, wraps
from importlib import import_module
from typing import Any

from jinja2 import Undefined, pass_context
from jinja2.runtime import Context

from mailpipe.errors import ConfigError, RecordError
from mailpipe.render.tokens import shown

FALLBACK = "en"  # where neither the template nor the data name a language
FORMS = ("zero", "one", "two", "few", "many", "other")


class Speech:
    """The language of the record in hand, as a tag (RFC 5646); empty for none."""

    lang = ""


def filters(speech: Speech) -> dict[str, Callable[..., str]]:
    """The filters by name.  Their first use loads Babel, or raises :class:`ConfigError` if it is missing."""
    made = (date_, time_, datetime_, number, percent, currency, plural)
    return {make.__name__.rstrip("_"): _spoken(make, speech) for make in made}


def _spoken(make: Callable[..., str], speech: Speech) -> Callable[..., str]:
    # Without the context Jinja would call it for constants, once, when it compiles.
    @pass_context
    @wraps(make)
    def spoken(_context: Context, value: Any, *args: Any, **kwargs: Any) -> str:
        for given in (value, *args, *kwargs.values()):
            if isinstance(given, Undefined):
                str(given)  # raises, with the name
        return make(locale(speech.lang), value, *args, **kwargs)

    return spoken


def _babel(name: str) -> Any:
    try:
        return import_module(f"babel.{name}")
    except ImportError as exc:
        raise ConfigError(
            "the filters date, time, datetime, number, percent, currency and plural need Babel",
            hint="install mailpipe with its extra: pip install 'mailpipe[i18n]'",
        ) from exc


@lru_cache(maxsize=64)
def locale(tag: str) -> Any:
    """What Babel knows of a language; of a region that it does not know, the language's."""
    core = _babel("core")
    parts = (tag or FALLBACK).split("-")
    while parts:
        try:
            return core.Locale.parse("-".join(parts), sep="-")
        except (core.UnknownLocaleError, ValueError):
            parts.pop()
    raise RecordError(f"there are no rules for the language {tag[:40]!r}", slug="bad-lang")


def date_(locale: Any, value: Any, form: str = "long") -> str:
    """``{{ due | date }}``; short, medium, long, full, or a pattern such as ``d MMMM``."""
    moment = _moment(value)
    return str(_babel("dates").format_date(moment, form, locale=locale))


def time_(locale: Any, value: Any, form: str = "short") -> str:
    """``{{ at | time }}``: the clock of the value's own offset."""
    moment = _moment(value)
    if not isinstance(moment, datetime):
        raise ValueError(f"{shown(value)[:40]!r} has no time of day")
    return str(
        _babel("dates").format_time(time(moment.hour, moment.minute, moment.second), form, locale=locale)
    )


def datetime_(locale: Any, value: Any, form: str = "medium") -> str:
    """``{{ at | datetime }}``: date and clock of the value's own offset."""
    moment = _moment(value)
    if not isinstance(moment, datetime):
        raise ValueError(f"{shown(value)[:40]!r} has no time of day")
    return str(_babel("dates").format_datetime(moment.replace(tzinfo=None), form, locale=locale))


def number(locale: Any, value: Any, form: str | None = None) -> str:
    """``{{ mileage | number }}``: every digit that was given; or a pattern such as ``#,##0.00``."""
    exact = _exact(value)
    numbers = _babel("numbers")
    # A pattern of our own to change; that of the locale is shared.
    pattern = numbers.parse_pattern(form or locale.decimal_formats[None].pattern)
    if form is None:
        exponent = exact.as_tuple().exponent
        places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
        pattern.frac_prec = (places, places)
    return str(pattern.apply(exact, locale))


def percent(locale: Any, value: Any, form: str | None = None) -> str:
    """``{{ 0.19 | percent }}``."""
    return str(_babel("numbers").format_percent(_exact(value), form, locale=locale))


def currency(locale: Any, value: Any, code: str) -> str:
    """``{{ price.amount | currency(price.currency) }}``; the code is that of ISO 4217."""
    if not isinstance(code, str) or not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise ValueError(f"{shown(code)[:40]!r} is not the code of a currency, such as EUR")
    return str(_babel("numbers").format_currency(_exact(value), code.upper(), locale=locale))


def plural(locale: Any, value: Any, **forms: str) -> str:
    """``{{ n | plural(one="# vehicle", other="# vehicles") }}``: ``#`` is the number.

    The forms are those of Unicode's rules for the language: zero, one, two, few, many, other.
    """
    for name in forms:
        if name not in FORMS:
            raise TypeError(f"plural has no form {name!r}, the forms are {', '.join(FORMS)}")
    if "other" not in forms:
        raise TypeError('plural needs the form other="..."')
    exact = _exact(value)
    chosen = forms.get(locale.plural_form(exact), forms["other"])
    return chosen.replace("#", number(locale, value)) if "#" in chosen else chosen


def _moment(value: Any) -> date | datetime:
    """A date, or a date and time, of ISO 8601."""
    text = shown(value).strip()
    try:
        if len(text) > 10:
            return datetime.fromisoformat(text)
        return date.fromisoformat(text)
    except ValueError as exc:
        raise ValueError(f"{text[:40]!r} is not a date such as 2026-11-27 (ISO 8601)") from exc


def _exact(value: Any) -> Decimal:
    try:
        if isinstance(value, bool):
            raise InvalidOperation
        exact = Decimal(shown(value).strip())
    except InvalidOperation as exc:
        raise ValueError(f"{shown(value)[:40]!r} is not a number") from exc
    if not exact.is_finite() or abs(exact.adjusted()) > 40:
        raise ValueError(f"{shown(value)[:40]!r} is not a number that can be written out")
    return exact
