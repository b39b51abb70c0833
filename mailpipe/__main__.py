"""``python -m mailpipe`` is ``mailpipe``."""

from mailpipe.cli import main

if __name__ == "__main__":
    main()
