"""Reads JSON Schemas from files, in JSON or YAML, with the files beside them that they refer to."""

from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from mailpipe import exact
from mailpipe.config import read_yaml
from mailpipe.errors import ConfigError, NoInputError
from mailpipe.mail.schema import Schema

MAX_SIZE = 4 * 1024 * 1024  # octets


def load(path: Path) -> Schema:
    """The schema in a file; raises NoInputError, or ConfigError naming the file and what is wrong.

    ``$ref`` may name files below its folder.
    """
    folder = path.absolute().parent

    def retrieve(uri: str) -> Any:
        parts = urlsplit(uri)
        wanted = Path(unquote(parts.path))
        if parts.scheme != "file" or not wanted.resolve().is_relative_to(folder.resolve()):
            raise KeyError(uri)
        return _document(wanted) if wanted.is_file() else None

    return Schema(_document(path), path.name, path.absolute().as_uri(), retrieve)


def _document(path: Path) -> Any:
    if path.suffix.lower() in (".yaml", ".yml"):
        if not path.exists():
            raise NoInputError(f"there is no file {path}")
        return _exact(read_yaml(path))
    try:
        with path.open("rb") as file:
            text = file.read(MAX_SIZE + 1)
    except FileNotFoundError as exc:
        raise NoInputError(f"there is no file {path}") from exc
    except OSError as exc:
        raise NoInputError(f"{path}: {exc.strerror}") from exc
    if len(text) > MAX_SIZE:
        raise ConfigError(f"{path} has over {MAX_SIZE} octets")
    try:
        return exact.loads(text.removeprefix(b"\xef\xbb\xbf"))
    except exact.NotJSON as exc:
        raise ConfigError(f"{path} is not JSON: {exc}") from exc


def _exact(value: Any) -> Any:
    """The same value without binary fractions: 0.1 is a tenth."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, dict):
        return {str(key): _exact(item) for key, item in value.items()}
    return [_exact(item) for item in value] if isinstance(value, list) else value
