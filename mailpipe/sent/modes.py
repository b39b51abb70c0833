"""Name what may be done about copies of sent mail."""

from typing import Literal, get_args

Mode = Literal["auto", "append", "reconcile", "skip"]
MODES: tuple[Mode, ...] = get_args(Mode)
