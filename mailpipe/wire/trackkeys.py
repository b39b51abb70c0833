"""Read the keys of pixels: those of the configuration, else one that is made once in the state folder."""

import os
import secrets
from pathlib import Path

from mailpipe import config
from mailpipe.config import Secret, Settings
from mailpipe.errors import CannotCreateError, ConfigError
from mailpipe.mail.identity import keyring

NAME = "track.key"


def keys(settings: Settings) -> tuple[bytes, ...]:
    """The key ring, never empty: the first key signs, all of them verify.

    Raises ConfigError, CannotCreateError or NotPermittedError.
    """
    given = settings.config.track.key
    found = keyring((given or Secret(file=str(_own(config.state_dir())))).read())
    if not found:
        raise ConfigError("the key of track is empty", hint="put a line of random letters into it")
    return found


def _own(state_dir: Path) -> Path:
    """The file of the key that is ours alone; two processes that make it at once agree on one."""
    path = state_dir / NAME
    if path.exists():
        return path
    written = state_dir / f"{NAME}.{os.getpid()}"
    try:
        descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
        try:
            os.link(written, path)
        except FileExistsError:
            pass  # another process was first
        written.unlink()
    except OSError as exc:
        raise CannotCreateError(f"{path}: {exc.strerror}") from exc
    return path
