"""Jinja as mailpipe runs it: sandboxed, strict about names, exact with numbers, bounded in size."""

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from difflib import get_close_matches
from functools import wraps
from itertools import islice
from typing import Any

from jinja2 import (
    BaseLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
    UndefinedError,
    nodes,
    pass_context,
)
from jinja2.compiler import CodeGenerator, Frame
from jinja2.environment import Template
from jinja2.exceptions import SecurityError, TemplateRuntimeError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from mailpipe.errors import ConfigError, RecordError
from mailpipe.render.locales import Speech, filters
from mailpipe.render.tokens import BLOCK, Authored, Encoded, Markdown, Tokens, shown

LIMIT = 2 * 1024 * 1024  # characters that one template may print, or build in one value
WIDTH = 10_000  # what a width, a count or an indent may be
DIGITS = 5_000  # decimal digits of the result of a power

_WIDTHS = re.compile(r"\d{5,}|[:%]\s*[*{]")
_GUARDED = ("batch", "center", "format", "indent", "replace", "round", "slice", "wordwrap", "truncate")
# What a template may raise by computing with data: the fault of the record, or of template and record.
FAULTS = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, MemoryError)


class Missing(StrictUndefined):
    """A name that is not there: an error wherever it is used, with the names that are."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint:
            return self._undefined_hint
        owner, name = self._undefined_obj, str(self._undefined_name)
        if owner is missing:
            return f"{name!r} is not in the data"
        if isinstance(owner, dict):
            close = get_close_matches(name, [str(key) for key in owner], 1, cutoff=0.5)
            there = (
                f"did you mean {close[0]!r}?"
                if close
                else f"it has: {', '.join(map(str, owner)) or 'nothing'}"
            )
            return f"there is no {name!r} in the object; {there[:200]}"
        return f"{_kind(owner)} has no {name!r}"


def _kind(value: object) -> str:
    return "null" if value is None else f"a {type(value).__name__}"


class _Generator(CodeGenerator):
    """Jinja's compiler, but ``~`` asks the environment, so that no chain of it grows without bound."""

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802
        self.write("environment.joined((")
        for arg in node.nodes:
            self.visit(arg, frame)
            self.write(", ")
        self.write("))")


class Environment(ImmutableSandboxedEnvironment):
    """The sandbox; ``{{ order.items }}`` is the member of that name before it is a method."""

    code_generator_class = _Generator
    intercepted_binops = frozenset(("+", "-", "*", "/", "//", "%", "**"))
    # What macros and blocks return is the author's, see tokens.Authored.
    concat = staticmethod(lambda parts: Authored("".join(parts)))

    def __init__(self, tokens: Tokens, loader: BaseLoader | None = None) -> None:
        super().__init__(
            undefined=Missing,
            finalize=_finalizer(tokens),
            loader=loader,
            autoescape=False,
            keep_trailing_newline=True,
        )
        self._stand_in = tokens.stand_in
        self.speech = Speech()
        self.filters.update(filters(self.speech))
        del self.globals["lipsum"]
        for name in ("safe", "escape", "e", "forceescape", "xmlattr", "urlize", "striptags"):
            del self.filters[name]  # they make or unmake HTML, which is done for every value
        for name in _GUARDED:
            self.filters[name] = _guarded(self.filters[name])
        self.filters["markdown"] = lambda value: Markdown(_text(value))
        self.filters["urlencode"] = _encoded(self.filters["urlencode"])

    def names(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What a template can use: the given values, and Jinja's functions under names that are free."""
        return {**self.globals, **values}

    def getattr(self, obj: Any, attribute: str) -> Any:
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        left, right = _exact(left, right)
        _bounded(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        owner = getattr(obj, "__self__", None)
        if isinstance(owner, str):
            _bounded_call(owner, obj.__name__, args)
        return super().call(context, obj, *args, **kwargs)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        wrapped = super().wrap_str_format(value)
        if wrapped is not None and _WIDTHS.search(getattr(value, "__self__", "")):
            raise SecurityError("a width in a format is not a number below 10000")
        return wrapped

    def joined(self, parts: Iterable[Any]) -> str:
        """``a ~ b``: the parts as text; the author's markup stays his."""
        pieces = list(parts)
        if any(type(part) is Authored for part in pieces):
            return Authored("".join([self._stand_in(part) for part in pieces]))
        texts = [part if isinstance(part, str) else _text(part) for part in pieces]
        if sum(map(len, texts)) > LIMIT:
            raise SecurityError(f"a value grows over {LIMIT} characters")
        return "".join(texts)


def _finalizer(tokens: Tokens) -> Callable[[Context, Any], str]:
    stand_in = tokens.stand_in

    # Without the context Jinja would call it for constants, once, when it compiles.
    @pass_context
    def finalize(_context: Context, value: Any) -> str:
        return stand_in(value)

    return finalize


def _text(value: Any) -> str:
    if type(value) is Authored:
        raise TemplateRuntimeError(BLOCK)
    return str(value) if isinstance(value, StrictUndefined) else shown(value)


def _exact(left: Any, right: Any) -> tuple[Any, Any]:
    """``price * 1.2`` is exact: a float in a template meets decimals as the decimal it was written as."""
    if isinstance(left, Decimal) and isinstance(right, float):
        return left, Decimal(repr(right))
    if isinstance(right, Decimal) and isinstance(left, float):
        return Decimal(repr(left)), right
    return left, right


def _bounded(operator: str, left: Any, right: Any) -> None:
    too_large = False
    if operator == "*":
        too_large = _size(left) * _count(right) > LIMIT or _size(right) * _count(left) > LIMIT
    elif operator == "+":
        too_large = _size(left) + _size(right) > LIMIT
    elif operator == "%" and isinstance(left, str):
        too_large = _WIDTHS.search(left) is not None
    elif operator == "**" and isinstance(right, int | Decimal | float):
        too_large = not -DIGITS < right < DIGITS or abs(int(right)) * len(str(left)[:WIDTH]) > DIGITS
    if too_large:
        raise SecurityError(f"the result of {operator!r} is too large")


def _size(value: Any) -> int:
    return len(value) if isinstance(value, str | list | tuple) else 0


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _bounded_call(owner: str, name: str, args: tuple[Any, ...]) -> None:
    if any(isinstance(arg, int) and arg > WIDTH for arg in args):
        raise SecurityError(f"{name}() with a number over {WIDTH}")
    if name == "replace" and len(args) > 1:
        _bounded_replace(owner, *args[:2])
    if name == "join" and args and isinstance(args[0], list | tuple):
        texts = [item for item in args[0] if isinstance(item, str)]
        if len(owner) * len(texts) + sum(map(len, texts)) > LIMIT:
            raise SecurityError("the result of join() is too large")


def _bounded_replace(text: str, old: Any, new: Any) -> None:
    if isinstance(old, str) and isinstance(new, str) and text.count(old) * len(new) > LIMIT:
        raise SecurityError("the result of replace() is too large")


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that takes no huge numbers, and replaces nothing by something huge."""

    @wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        numbers = [*args[1:], *kwargs.values()]
        if any(isinstance(number, int) and number > WIDTH for number in numbers):
            raise SecurityError(f"a filter with a number over {WIDTH}")
        texts = [arg for arg in args if isinstance(arg, str)]
        if function.__name__ == "do_replace" and len(texts) > 2:
            _bounded_replace(*texts[:3])
        if function.__name__ == "do_format" and texts and _WIDTHS.search(texts[0]):
            raise SecurityError("a width in a format is not a number below 10000")
        return function(*args, **kwargs)

    return guarded


def _encoded(function: Callable[..., str]) -> Callable[[Any], Encoded]:
    return lambda value: Encoded(function(_text(value) if isinstance(value, str) else value))


def compiled(environment: Environment, source: str, name: str, line: int = 1) -> Template:
    """The template in ``source``, whose first line is line ``line`` of the file ``name``.

    Raises :class:`ConfigError` naming file and line.
    """
    try:
        code = environment.compile(source, name, name)
    except TemplateSyntaxError as exc:
        where = exc.name if exc.name != name else name
        raise ConfigError(f"{where}, line {exc.lineno + line - 1}: {exc.message}") from exc
    except RecursionError as exc:
        raise ConfigError(f"{name}: nested too deeply") from exc
    return Template.from_code(environment, code, environment.make_globals(None))


def expanded(template: Template, values: dict[str, Any], line: int = 1) -> str:
    """The text that a template prints, with tokens; raises :class:`RecordError` naming file and line.

    ``values`` hold the globals of the environment too, see :meth:`Environment.names`.
    """
    context = Context(template.environment, values, template.name, template.blocks)
    out = ""
    try:
        pieces = template.root_render_func(context)
        # Tokens are short and blocks are bounded, so what some thousand pieces make is bounded too.
        while piece := "".join(islice(pieces, 4096)):
            out = f"{out}{piece}" if out else piece
            if len(out) > LIMIT:
                raise SecurityError(f"the template prints over {LIMIT} characters")
    except TemplateSyntaxError as exc:  # in a template that this one includes
        raise ConfigError(f"{exc.name}, line {exc.lineno}: {exc.message}") from exc
    except FAULTS as exc:
        raise RecordError(f"{_where(exc, template, line)}: {_why(exc)}", slug=_slug(exc)) from exc
    except RecursionError as exc:
        raise ConfigError(f"{template.name}: a macro or an include calls itself") from exc
    return out


def _where(exc: BaseException, template: Template, line: int) -> str:
    """File and line of the innermost template that was at work."""
    name, number = template.name, 0
    trace = exc.__traceback__
    while trace is not None:
        found = trace.tb_frame.f_globals.get("__jinja_template__")
        if isinstance(found, Template):
            name, number = found.name, found.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    shift = line - 1 if name == template.name else 0
    return f"{name}, line {number + shift}" if number else str(name)


def _why(exc: BaseException) -> str:
    if isinstance(exc, MemoryError):
        return "the result is too large"
    return str(exc) or type(exc).__name__


def _slug(exc: BaseException) -> str:
    if isinstance(exc, UndefinedError):
        return "undefined"
    return "template-refused" if isinstance(exc, SecurityError) else "template-failed"
