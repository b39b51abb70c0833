"""mailpipe: e-mail as an API, one pipe stage at a time."""

__version__ = "0.1.0"
