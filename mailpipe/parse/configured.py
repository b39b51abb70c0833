"""Reads what parse is configured with: the vocabulary."""

from pathlib import Path

from mailpipe.config import Settings
from mailpipe.mail.vocabulary import Vocabulary, build
from mailpipe.wire import plainyaml


def vocabulary(settings: Settings, file: str | None) -> Vocabulary | None:
    """The vocabulary of a file, or of the configuration; None if there is none.

    Raises NoInputError or ConfigError.
    """
    path = file or settings.config.vocabulary
    return build(plainyaml.read(Path(path)), path) if path else None
